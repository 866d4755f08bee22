import { expect, test } from 'vitest';
import { encode } from '../spaces/genotype.ts';
import { retrainedSpace } from '../spaces/retrained.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { TOY_SPACE, TOY_TASK, toyPath } from '../supernet/toy.ts';
import { checkedDescription } from './architecture-schema.ts';

const PATH = 'run/architecture.json';
const { c } = TOY_TASK.image;
const trained = {
  task: TOY_TASK,
  sharing: { ...DEFAULT_SHARING, families: [], gradient: 'plain' },
  classes: Array.from({ length: TOY_TASK.classes }, (_, i) => `class ${i}`),
  mean: Array<number>(c).fill(0.5),
  deviation: Array<number>(c).fill(0.25),
};
const form = { blocks: 'published', lastStride: 2, width: 1, taught: true } as const;
const ofSpace = {
  ...{ genotype: encode(toyPath('conv', 'add')), space: retrainedSpace(TOY_SPACE, form) },
  ...trained,
};
const quantisation = {
  ...{ weightBits: 4, activationBits: 8, weightScales: 'layer' },
  exceptions: [{ layers: 'stem', weightBits: 32 }],
};
const ofZoo = { zoo: 'resnet-20', ...trained, quantisation };

/** As it comes from the disk. */
const read = (value: object) => checkedDescription(JSON.parse(JSON.stringify(value)), PATH);

test('what is sound comes back whole, what this version does not know included', () => {
  expect(read(ofSpace)).toEqual(ofSpace);
  const more = { ...ofZoo, later: { more: 1 } };
  expect(read(more)).toEqual(more);
});

test.each<readonly [string, object, string]>([
  ['no task', { ...ofZoo, task: undefined }, 'task: this key is missing'],
  [
    'half an image',
    { ...ofZoo, task: { ...TOY_TASK, image: { h: 8, c } } },
    'task.image.w: this key is missing',
  ],
  [
    'a mean too many',
    { ...ofZoo, mean: [...trained.mean, 0.5] },
    `mean: must have a number for each of the ${c} channels of task.image, got [0.5,`,
  ],
  ['a mean that is none', { ...ofZoo, mean: ['0.5'] }, 'mean[0]: must be of type number, got "0.5"'],
  ['a deviation too few', { ...ofZoo, deviation: [] }, 'deviation: must have a number for each of the'],
  ['a deviation of 0', { ...ofZoo, deviation: Array(c).fill(0) }, 'deviation[0]: must be above 0, got 0'],
  [
    'a class too few',
    { ...ofZoo, classes: trained.classes.slice(1) },
    `classes: must have a name for each of the ${TOY_TASK.classes} classes of task`,
  ],
  ['no sharing', { ...ofZoo, sharing: undefined }, 'sharing: this key is missing'],
  [
    'an unknown word',
    { ...ofZoo, sharing: { ...trained.sharing, shift: 'q' } },
    'sharing.shift: must be one of Q, PS, PS-released, PS-released-v4, got "q"',
  ],
  [
    'bits that are none',
    { ...ofZoo, quantisation: { ...quantisation, weightBits: 0.5 } },
    'quantisation.weightBits: must be a whole number, got 0.5',
  ],
  ['no network', { ...ofSpace, genotype: undefined }, 'genotype: must name a network of the space, or zoo'],
  ['no space', { ...ofSpace, space: undefined }, 'run/architecture.json, space'],
  ['a genotype of another space', { ...ofSpace, genotype: '9:ccccccccc' }, 'run/architecture.json: '],
  ['a genotype that is no word', { ...ofSpace, genotype: 7 }, 'genotype: must be of type string, got 7'],
])('%s', (_, value, sentence) => {
  let error: unknown;
  try {
    read(value);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'run', fields: { path: PATH } });
  const { message } = error as Error;
  expect(message.startsWith(PATH)).toBe(true);
  expect(message).toContain(sentence);
  expect(message).toMatch(/; take the file as it was written, from a copy or from a new run$/);
});
