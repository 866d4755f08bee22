/** What AdamW does with a tensor that operators share, from the raw gradients of a network: written out by hand. */

import { expect, test } from 'vitest';
import { Graph } from '../autograd/graph.ts';
import { meanCrossEntropy } from '../autograd/loss.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import { makeBatch } from '../data/text/batches.ts';
import { Network } from '../supernet/network.ts';
import { DEFAULT_SHARING, type SharingConfig } from '../supernet/sharing.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from '../supernet/toy.ts';
import { extentOf } from '../supernet/translator/extent.ts';
import { TOY_SHARING, toyNetwork, toyTranslator } from '../supernet/translator/toy.ts';
import { AdamW, DEFAULT_ADAMW } from './adamw.ts';
import { gradientsOf } from './gradients.ts';
import { lossOf } from './translation-loss.ts';

const backend = createReference();
const { images, targets, count } = toyImages(6, Random.fromSeed('images'));
const NAME = 'layer0.stage0.conv2';
const RATE = 0.01;
const STEPS = ['conv', 'add', 'shift', 'add', 'conv'] as const;

/** Trains some steps; the tensor before, after, and the raw gradient of every step. */
async function train(sharing: SharingConfig) {
  const network = new Network(backend, { space: TOY_SPACE, task: TOY_TASK, sharing }, Random.fromSeed(3));
  for (const { name, value } of network.store.parameters()) {
    if (name.endsWith('.gamma')) backend.fill(value, 1);
  }
  const optimiser = new AdamW(backend, network.store.parameters(), {
    ...DEFAULT_ADAMW,
    families: sharing.families,
  });
  const parameter = network.store.parameter(NAME);
  const n = sizeOf(parameter.shape);
  const read = async () => Array.from((await backend.read(parameter.value)).subarray(0, n));
  const before = await read();
  const gradients: number[][] = [];
  const { h, w, c } = TOY_TASK.image;
  for (const operator of STEPS) {
    const graph = new Graph(backend, { training: true });
    const x = graph.values(images, [count, h, w, c]);
    const logits = network.forward(x, toyPath(operator, operator), { mode: { kind: 'train' } });
    graph.backward(meanCrossEntropy(logits, graph.values(targets, [count, TOY_TASK.classes])));
    gradients.push(Array.from((await backend.read(graph.gradient(parameter)!)).subarray(0, n)));
    optimiser.step(gradientsOf(graph), RATE);
    graph.close();
  }
  const after = await read();
  const moments = [...optimiser.moments().keys()].filter((name) => name.startsWith(`${NAME}/`)).sort();
  optimiser.dispose();
  network.dispose();
  return { before, after, gradients, moments };
}

/** The same steps by the formulas of AdamW and of the evidence, section 6. */
function byHand(
  gradient: SharingConfig['gradient'],
  { before, gradients }: Awaited<ReturnType<typeof train>>,
  keys: readonly string[] = STEPS,
) {
  const { beta1, beta2, epsilon, decay } = DEFAULT_ADAMW;
  const w = [...before];
  const m = w.map(() => 0);
  const second = new Map<string, { v: number[]; t: number }>();
  for (const [step, raw] of gradients.entries()) {
    const key = gradient === 'moments' ? keys[step] : 'all';
    const held = second.get(key) ?? { v: w.map(() => 0), t: 0 };
    second.set(key, held);
    held.t++;
    const rms = Math.hypot(...raw) / Math.sqrt(raw.length);
    for (let i = 0; i < w.length; i++) {
      const g = gradient === 'normalised' ? raw[i] / rms : raw[i];
      held.v[i] = beta2 * held.v[i] + (1 - beta2) * g * g;
      const size = Math.sqrt(held.v[i] / (1 - beta2 ** held.t)) + epsilon;
      const u = gradient === 'moments' ? g / size : g;
      m[i] = beta1 * m[i] + (1 - beta1) * u;
      const direction = m[i] / (1 - beta1 ** (step + 1)) / (gradient === 'moments' ? 1 : size);
      w[i] -= RATE * decay * w[i] + RATE * direction;
    }
  }
  return w;
}

test.each(['plain', 'normalised', 'moments'] as const)('%s', async (gradient) => {
  const trained = await train({ ...DEFAULT_SHARING, gradient });
  const expected = byHand(gradient, trained);
  for (const [i, value] of trained.after.entries()) expect(value).toBeCloseTo(expected[i], 4);
  const kinds =
    gradient === 'moments' ? ['add', 'conv', 'shift'].map((one) => `/second/${one}`) : ['/second'];
  expect(trained.moments).toEqual(['/first', ...kinds].map((kind) => NAME + kind));
  expect(trained.after).not.toEqual(trained.before);
});

test('moments are the default, and the three ways end in three places', async () => {
  const ends: number[][] = [];
  for (const gradient of ['plain', 'normalised', 'moments', undefined] as const) {
    const sharing = gradient === undefined ? DEFAULT_SHARING : { ...DEFAULT_SHARING, gradient };
    ends.push((await train(sharing)).after);
  }
  const [plain, normalised, moments, absent] = ends;
  expect(absent).toEqual(moments);
  expect(plain).not.toEqual(moments);
  expect(normalised).not.toEqual(plain);
  expect(normalised).not.toEqual(moments);
});

const FILTER = 'encoder.layer0.lightweight.filter';

/** The same of the tensor that the filters of a translator's layer share: those of D and S are both adders. */
async function trainTranslator(sharing: SharingConfig) {
  const blocks = ['C', 'D', 'S', 'D', 'C'] as const;
  const networks = blocks.map((block) => toyNetwork([block], ['A'], { standardised: true }));
  const extent = extentOf(networks[0]);
  const [layer] = extent.encoderLayers;
  const all = { ...extent, encoderLayers: [{ ...layer, blocks: ['C', 'D', 'S'] as const }] };
  const translator = toyTranslator(backend, networks[0], { extent: all, sharing });
  const { families } = sharing;
  const optimiser = new AdamW(backend, translator.store.parameters(), { ...DEFAULT_ADAMW, families });
  const parameter = translator.store.parameter(FILTER);
  const read = async () => Array.from(await backend.read(parameter.value));
  const before = await read();
  const gradients: number[][] = [];
  const pairs = { from: [Int32Array.of(4, 5, 6)], to: [Int32Array.of(7, 8)] };
  for (const network of networks) {
    const graph = new Graph(backend, { training: true });
    graph.backward(lossOf(graph, translator, network, makeBatch(pairs, [0]), {}, 0.1).loss);
    gradients.push(Array.from(await backend.read(graph.gradient(parameter)!)));
    optimiser.step(gradientsOf(graph), RATE);
    graph.close();
  }
  const after = await read();
  const moments = [...optimiser.moments().keys()].filter((name) => name.startsWith(`${FILTER}/`)).sort();
  optimiser.dispose();
  translator.dispose();
  return { before, after, gradients, moments };
}

test.each(['plain', 'normalised', 'moments'] as const)('filters of a translator: %s', async (gradient) => {
  const trained = await trainTranslator({ ...TOY_SHARING, gradient });
  const expected = byHand(gradient, trained, ['conv', 'add', 'add', 'add', 'conv']);
  for (const [i, value] of trained.after.entries()) expect(value).toBeCloseTo(expected[i], 4);
  if (gradient === 'moments') expect(trained.moments).toContain(`${FILTER}/second/add`);
  else expect(trained.moments).toEqual([`${FILTER}/first`, `${FILTER}/second`]);
  expect(trained.after).not.toEqual(trained.before);
});
