/** Gradients of several ranks, played one after the other in this process: what each gave is added by hand. */
import { expect, test } from 'vitest';
import { Graph } from '../autograd/graph.ts';
import { meanCrossEntropy } from '../autograd/loss.ts';
import type { Buffer } from '../backends/backend.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import type { Genotype } from '../spaces/space.ts';
import { Network } from '../supernet/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from '../supernet/toy.ts';
import { AdamW, DEFAULT_ADAMW } from './adamw.ts';
import { type Gradient, gradientsOf } from './gradients.ts';
import { imageLoss } from './image-loss.ts';
import { rankBatches } from './rank-batches.ts';
import { RankedGradients } from './ranks.ts';
import { type Given, PlayedRank } from './testing/played-ranks.ts';
import { trainStep } from './trainer.ts';

const backend = createReference();
const { families } = DEFAULT_SHARING;
const { h, w, c } = TOY_TASK.image;
const PATHS = [toyPath('conv', 'add'), toyPath('shift', 'add')];

function toyNetwork(): Network {
  const network = new Network(
    backend,
    { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING },
    Random.fromSeed(3),
  );
  for (const { name, value } of network.store.parameters()) {
    if (name.endsWith('.gamma')) backend.fill(value, 1);
  }
  return network;
}

/** The gradients of a path by name and family, and its loss, after `combine` has changed them. */
async function gradients(
  path: Genotype,
  seed: string,
  combine: (graph: Graph, loss: Buffer, network: Network) => { gradients: Gradient[]; loss: Buffer },
): Promise<Map<string, number[]>> {
  const network = toyNetwork();
  const graph = new Graph(backend, { training: true });
  const { images, targets, count } = toyImages(6, Random.fromSeed(seed));
  try {
    const x = graph.values(images, [count, h, w, c]);
    const logits = network.forward(x, path, { mode: { kind: 'train' } });
    const loss = meanCrossEntropy(logits, graph.values(targets, [count, TOY_TASK.classes]));
    graph.backward(loss);
    const combined = combine(graph, loss.buffer, network);
    const found = new Map<string, number[]>();
    for (const { parameter, family = '', value } of combined.gradients) {
      const values = (await backend.read(value)).subarray(0, sizeOf(parameter.shape));
      found.set(`${parameter.name}/${family}`, Array.from(values));
    }
    return found.set('loss', Array.from((await backend.read(combined.loss)).subarray(0, 1)));
  } finally {
    graph.close();
    network.dispose();
  }
}

const plain = (graph: Graph, loss: Buffer) => ({ gradients: gradientsOf(graph), loss });

/** Plays a rank with what the other gave. */
async function play(path: Genotype, seed: string, size: number, other: Partial<Given> = {}) {
  const ranks = new PlayedRank(size, other);
  const found = await gradients(path, seed, (graph, loss, network) =>
    new RankedGradients(ranks, network.store.parameters(), families).combine(graph, loss),
  );
  return { found, given: await ranks.given() };
}

test('ranks with different paths take the means of both, a shared tensor once for each family', async () => {
  const [a, b] = [await gradients(PATHS[0], 'a', plain), await gradients(PATHS[1], 'b', plain)];
  expect([...a.keys()]).not.toEqual([...b.keys()]);
  const first = (await play(PATHS[0], 'a', 2)).given;
  const second = (await play(PATHS[1], 'b', 2, { numbers: first.numbers })).given;
  const { found } = await play(PATHS[0], 'a', 2, second);
  expect([...found.keys()].sort()).toEqual([...new Set([...a.keys(), ...b.keys()])].sort());
  const sharedBy = [...found.keys()].filter((key) => key.startsWith('layer0.stage0.conv2/')).sort();
  expect(sharedBy).toEqual(['layer0.stage0.conv2/conv', 'layer0.stage0.conv2/shift']);
  for (const [key, values] of found) {
    const [ofA, ofB] = [a.get(key), b.get(key)];
    const mean = values.map((_, i) => ((ofA?.[i] ?? 0) + (ofB?.[i] ?? 0)) / 2);
    values.forEach((value, i) => {
      expect(value, key).toBeCloseTo(mean[i], 6);
    });
  }
});

test('one rank alone takes the steps of plain training, bit for bit', async () => {
  const trained = async (several: boolean) => {
    const network = toyNetwork();
    const optimiser = new AdamW(backend, network.store.parameters(), { ...DEFAULT_ADAMW, families });
    const ranks = new RankedGradients(new PlayedRank(1), network.store.parameters(), families);
    const { images, targets, count } = toyImages(6, Random.fromSeed('images'));
    const batch = () => ({ images, targets, count });
    const job = {
      ...{ backend, optimiser },
      schedule: { kind: 'constant', rate: 0.01, steps: 4, warmupSteps: 0, floor: 0 } as const,
      loss: imageLoss({
        batches: { stepsPerEpoch: 4, shape: [h, w, c] as const, classes: TOY_TASK.classes, batch },
        forward: (x, step) => ({
          logits: network.forward(x, PATHS[step % 2], { mode: { kind: 'train' } }),
        }),
      }),
      ...(several ? { ranks } : {}),
    };
    for (let step = 0; step < 4; step++) trainStep(job, step);
    const weights: number[][] = [];
    for (const { value } of network.store.parameters()) weights.push(Array.from(await backend.read(value)));
    optimiser.dispose();
    network.dispose();
    return weights;
  };
  expect(await trained(true)).toEqual(await trained(false));
});

test('the parts of a batch, in the order of the ranks, are the batch', () => {
  const { images, targets, count } = toyImages(6, Random.fromSeed('images'));
  const source = {
    stepsPerEpoch: 1,
    shape: [h, w, c] as const,
    classes: 3,
    batch: () => ({ images, targets, count }),
  };
  const parts = [0, 1, 2].map((rank) => rankBatches(source, { rank, size: 3 }, 6).batch(0));
  expect(parts.map((part) => part.count)).toEqual([2, 2, 2]);
  expect(parts.flatMap((part) => Array.from(part.images))).toEqual(Array.from(images));
  expect(parts.flatMap((part) => Array.from(part.targets))).toEqual(Array.from(targets));
  expect(() => rankBatches(source, { rank: 0, size: 4 }, 6)).toThrow(
    /each of 4 ranks .* has 6 images; choose/,
  );
});
