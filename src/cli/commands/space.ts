/** `space`: describe a search space, count it exactly, sample it, draw its picture, check a genotype. */
import { writeFileAtomic } from '../../core/atomic.ts';
import { Random } from '../../core/random.ts';
import type { Option } from '../../runs/options.ts';
import { countSpace } from '../../spaces/count.ts';
import { decode, encode, OPERATOR_LETTERS } from '../../spaces/genotype.ts';
import { loadSpace } from '../../spaces/load.ts';
import { drawSpace } from '../../spaces/picture.ts';
import { showRules } from '../../spaces/rules.ts';
import { SAMPLE_MODES, type SampleMode, sample } from '../../spaces/sample.ts';
import { type Command, given } from '../command.ts';
import { table } from '../text.ts';

const options = {
  space: { kind: 'text', help: 'a preset name or a JSON file', placeholder: 'name|file', initial: 'cifar' },
  sample: { kind: 'integer', help: 'draw so many architectures at random', placeholder: 'n', minimum: 1 },
  paths: {
    kind: 'choice',
    help: 'what --sample draws uniformly: architectures, or tuples of stage lengths and then architectures of one',
    choices: SAMPLE_MODES,
    placeholder: SAMPLE_MODES.join('|'),
    initial: 'architectures',
  },
  seed: { kind: 'integer', help: 'seed of --sample', placeholder: 'n', minimum: 0, initial: 0 },
  check: { kind: 'text', help: 'check a genotype of this space', placeholder: 'genotype' },
  draw: { kind: 'text', help: 'draw the space as a picture', placeholder: 'file.svg' },
} as const satisfies Record<string, Option>;

export const space: Command = {
  name: 'space',
  summary: 'describe, count and sample a search space',
  options,
  examples: [
    'shiftaddnas space --space hytra',
    'shiftaddnas space --space cifar --sample 3 --seed 7',
    'shiftaddnas space --space cifar --check "3-2-2:ccs|da|ss"',
    'shiftaddnas space --space hytra --sample 3 --paths tuples --draw hytra.svg',
  ],
  async run(context) {
    const chosen = loadSpace(given<string>(context, 'space') ?? options.space.initial);
    const total = countSpace(chosen).toString();
    const text = given<string>(context, 'check');
    const checked = text === undefined ? undefined : encode(decode(chosen, text));
    const random = Random.fromSeed(given<number>(context, 'seed') ?? 0);
    const mode = given<SampleMode>(context, 'paths') ?? options.paths.initial;
    const drawn = Array.from({ length: given<number>(context, 'sample') ?? 0 }, () =>
      encode(sample(chosen, random, mode)),
    );
    const picture = given<string>(context, 'draw');
    if (picture !== undefined) writeFileAtomic(picture, drawSpace(chosen));
    context.print(`${chosen.name}: ${BigInt(total).toLocaleString('en')} architectures`);
    const rows = chosen.stages.map(({ channels, scale, operators }, i) => [
      String(i),
      `1/${scale}`,
      String(channels),
      operators.map((operator) => `${operator} (${OPERATOR_LETTERS[operator]})`).join(', '),
    ]);
    context.print(table(['stage', 'scale', 'channels', 'operators'], rows));
    const shown = chosen.stageLengths.slice(0, 30).map((lengths) => lengths.join('-'));
    const more = chosen.stageLengths.length - shown.length;
    context.print(`layers a stage: ${shown.join(' ')}${more > 0 ? ` and ${more} more` : ''}`);
    for (const sentence of showRules(chosen)) context.print(`rule: ${sentence}`);
    for (const genotype of drawn) context.print(genotype);
    if (checked !== undefined) context.print(`${checked} is a network of this space`);
    if (picture !== undefined) context.print(`picture: ${picture}`);
    return {
      space: chosen,
      count: total,
      ...(drawn.length > 0 ? { samples: drawn } : {}),
      ...(checked === undefined ? {} : { valid: checked }),
      ...(picture === undefined ? {} : { picture }),
    };
  },
};
