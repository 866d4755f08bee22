/** The table of a quantised network against what the network itself computes with. */
import { expect, test } from 'vitest';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { effectiveWeight } from './effective.ts';
import { type LayerRecord, layerTable } from './layer-table.ts';
import { Network } from './network.ts';
import { type Quantisation, quantisedLayers } from './quantisation.ts';
import { operands } from './quantised.ts';
import { DEFAULT_SHARING } from './sharing.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from './toy.ts';

const backend = createReference();
const { images, count } = toyImages(8, Random.fromSeed('images'));
const PATH = toyPath('conv', 'add', 'shift', 'attention');
const QUANTISATION: Quantisation = {
  weightBits: 8,
  activationBits: 6,
  weightScales: 'channel',
  exceptions: [
    { layers: 'stem', weightBits: 32, activationBits: 32 },
    { layers: '*.conv.conv2', weightBits: 4 },
  ],
};

async function calibrated(quantisation?: Quantisation): Promise<Network> {
  const config = {
    ...{ space: TOY_SPACE, task: TOY_TASK, sharing: { ...DEFAULT_SHARING, families: [] } },
    ...{ genotype: PATH, quantisation },
  };
  const network = new Network(backend, config, Random.fromSeed(1));
  const graph = new Graph(backend, { training: true, recording: false });
  const x = graph.values(images, [count, 7, 7, 1]);
  network.forward(x, PATH, { mode: { kind: 'calibrate', batch: 0 } });
  graph.close();
  return network;
}

function expectWhole(values: Float32Array, step: (i: number) => number, lowest: number, highest: number) {
  for (const [i, value] of values.entries()) {
    const q = value / step(i);
    expect(Math.abs(q - Math.round(q))).toBeLessThan(1e-3);
    expect(Math.round(q)).toBeGreaterThanOrEqual(lowest);
    expect(Math.round(q)).toBeLessThanOrEqual(highest);
  }
}

test('inputs and weights of every layer are the whole numbers that it says, within its bounds', async () => {
  const network = await calibrated(QUANTISATION);
  const { store, config } = network;
  const table = new Map((await layerTable(network)).map((record) => [record.layer, record]));
  const layers = [...quantisedLayers(TOY_SPACE, TOY_TASK, PATH)];
  expect([...table.keys()]).toEqual(layers.map(({ name }) => name));
  let seen = 0;
  for (const { name, family, place, declaration } of layers) {
    if (place === undefined || declaration === undefined) continue;
    const { weight, input } = table.get(name) as LayerRecord;
    const graph = new Graph(backend, { training: false });
    const values = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i) * 6);
    const [x, w] = operands(
      graph.values(values, [60]),
      effectiveWeight(graph, store, config.sharing, place, family as 'conv', declaration),
      store,
      QUANTISATION,
      { layer: name, family, mode: { kind: 'evaluate' } },
    );
    expect(input?.bits).toBe(6);
    expectWhole(await graph.read(x), () => input!.step, input!.lowest, input!.highest);
    expect(input!.highest - input!.lowest).toBe(63);
    if (weight !== null && 'steps' in weight) {
      const { steps, lowest, highest, bits } = weight;
      expect(bits).toBe(name.endsWith('.conv.conv2') ? 4 : 8);
      expect([lowest, highest]).toEqual(bits === 4 ? [-7, 7] : [-127, 127]);
      expect(steps.length).toBe(family === 'add' ? 1 : declaration.shape[3]);
      expectWhole(await graph.read(w), (i) => steps[i % steps.length], lowest, highest);
      if (family === 'add') expect(steps[0]).toBe(input!.step);
      seen++;
    } else {
      expect(weight).toEqual({ bits: 5, lowestExponent: -15, highestExponent: 0 });
      expect(family).toBe('shift');
    }
    graph.close();
  }
  expect(seen).toBeGreaterThan(10);
  expect(table.get('stem')).toEqual({ layer: 'stem', family: 'stem', weight: null, input: null });
  const scores = table.get('layer3.stage1.attention.scores')!;
  expect(scores.weight).toBeNull();
  expect(scores.input).toMatchObject({ bits: 6, low: 0, lowest: 0, highest: 63 });
  expect(scores.input!.high).toBeLessThanOrEqual(1);
  network.dispose();
});

test('is empty for a network of real numbers', async () => {
  const network = await calibrated();
  expect(await layerTable(network)).toEqual([]);
  network.dispose();
});
