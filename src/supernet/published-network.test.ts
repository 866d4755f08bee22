/** A whole network in the published form: its heads, its parameters, its first weights, and its gradients. */
import { describe, expect, test } from 'vitest';
import { Graph, type Tensor } from '../autograd/graph.ts';
import { meanCrossEntropy } from '../autograd/loss.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import { released } from '../hardware/accelerators/index.ts';
import { Pricer } from '../hardware/pricer.ts';
import { fanOut } from '../layers/initialisers.ts';
import { ArchitecturePricer } from '../spaces/pricing.ts';
import { type Retraining, retrainedSpace } from '../spaces/retrained.ts';
import { countParameters, declarations } from './declarations.ts';
import { Network } from './network.ts';
import type { NormMode } from './norm.ts';
import { DEFAULT_SHARING } from './sharing.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from './toy.ts';

const backend = createReference();
const { images, targets, count } = toyImages(6, Random.fromSeed('images'));
const SHAPE = [count, 7, 7, 1];
const ALONE = { ...DEFAULT_SHARING, families: [] };
const PATHS = [toyPath('conv', 'conv'), toyPath('add', 'shift'), toyPath('shift', 'add', 'attention')];

function networkOf(genotype: (typeof PATHS)[number], retraining: Partial<Retraining> = {}): Network {
  const form: Retraining = { blocks: 'published', lastStride: 2, width: 1, taught: false, ...retraining };
  const space = retrainedSpace(TOY_SPACE, form);
  const network = new Network(
    backend,
    { space, task: TOY_TASK, sharing: ALONE, genotype },
    Random.fromSeed(3),
  );
  for (const { name, value } of network.store.parameters()) {
    if (name.endsWith('norm3.gamma')) backend.fill(value, 0.7);
  }
  return network;
}

const TRAIN = { mode: { kind: 'train' } } as const;

describe.each([
  { lastStride: 2, width: 1, taught: false },
  { lastStride: 1, width: 2, taught: true },
] as const)('last stride $lastStride, width $width, with a teacher: $taught', (retraining) => {
  test.each(PATHS)(
    '$operators: gradients reach every parameter, which are those that are priced',
    async (genotype) => {
      const network = networkOf(genotype, retraining);
      const graph = new Graph(backend, { training: true });
      const logits = network.forward(graph.values(images, SHAPE), genotype, TRAIN);
      expect(logits.shape).toEqual([count, TOY_TASK.classes]);
      graph.backward(meanCrossEntropy(logits, graph.values(targets, [count, TOY_TASK.classes])));
      for (const parameter of network.store.parameters()) {
        const gradient = graph.gradient(parameter);
        const values = gradient === undefined ? [] : await backend.read(gradient);
        expect(
          [...values].some((value) => value !== 0),
          parameter.name,
        ).toBe(true);
      }
      graph.close();
      // an adder's scale and offset are how it is trained, not weights that are computed with
      const own = [...network.store.parameters()].filter(({ name }) => !/\.(scale|offset)$/.test(name));
      const { space } = network.config;
      const price = new ArchitecturePricer(space, TOY_TASK, new Pricer(released)).price(genotype);
      expect(countParameters(own)).toBe(price.params);
      network.dispose();
    },
  );
});

test('drop path leaves out branches that end in squeeze-excite, while training alone', async () => {
  const genotype = toyPath('conv', 'shift');
  const network = networkOf(genotype);
  const logits = async (rate: number, mode: NormMode) => {
    const graph = new Graph(backend, { training: mode.kind === 'train', recording: false });
    const dropPath = { rate, random: Random.fromSeed('drop') };
    const y = network.forward(graph.values(images, SHAPE), genotype, { mode, dropPath });
    const values = [...(await graph.read(y))];
    graph.close();
    return values;
  };
  expect(await logits(0.9, TRAIN.mode)).not.toEqual(await logits(0, TRAIN.mode));
  expect(await logits(0.9, { kind: 'evaluate' })).toEqual(await logits(0, { kind: 'evaluate' }));
  network.dispose();
});

test('two heads: the logits are their mean, and each is shown', async () => {
  const genotype = toyPath('conv', 'add');
  const network = networkOf(genotype, { taught: true });
  const graph = new Graph(backend, { training: true });
  const shown: Tensor[] = [];
  const logits = network.forward(graph.values(images, SHAPE), genotype, {
    ...TRAIN,
    onHeads: (labels, teacher) => shown.push(labels, teacher),
  });
  const [mean, labels, teacher] = await Promise.all(
    [logits, ...shown].map(async (one) => [...(await graph.read(one))]),
  );
  expect(labels).not.toEqual(teacher);
  mean.forEach((value, i) => {
    expect(value).toBeCloseTo((labels[i] + teacher[i]) / 2, 6);
  });
  graph.close();
  const single = networkOf(genotype);
  const alone = new Graph(backend, { training: true });
  single.forward(alone.values(images, SHAPE), genotype, { ...TRAIN, onHeads: () => expect.fail('one head') });
  alone.close();
});

test('spec 3.5: weights that multiply start from Kaiming by fan-out, biases at 0, shift and add as in the supernet', () => {
  const space = retrainedSpace(
    { ...TOY_SPACE, stages: TOY_SPACE.stages.map((stage) => ({ ...stage, channels: 128 })) },
    {
      blocks: 'published',
      lastStride: 2,
      width: 1,
      taught: false,
    },
  );
  const declared = declarations(space, TOY_TASK, ALONE, toyPath('conv', 'shift', 'attention'));
  const deviation = (name: string) => {
    const found = declared.find((one) => one.name === name) ?? expect.fail(name);
    const values = new Float32Array(sizeOf(found.shape));
    found.initialise(values, Random.fromSeed(name));
    return { shape: found.shape, deviation: Math.hypot(...values) / Math.sqrt(values.length) };
  };
  for (const name of [
    'layer0.stage0.conv.conv3',
    'layer2.stage1.attention.qkv',
    'layer1.stage0.shift.excite',
    'layer0.stage0.conv.conv2',
  ]) {
    const found = deviation(name);
    expect(found.deviation * Math.sqrt(fanOut(found.shape) / 2), name).toBeGreaterThan(0.92);
    expect(found.deviation * Math.sqrt(fanOut(found.shape) / 2), name).toBeLessThan(1.08);
  }
  expect(deviation('layer1.stage0.shift.squeeze-bias').deviation).toBe(0);
  // 1x1 from 128 to 32 channels: fan-in 128, fan-out 32
  expect(deviation('layer1.stage0.shift.conv1').deviation).toBeCloseTo(Math.sqrt(2 / 128), 2);
});
