/** Clipping, averaging and distillation, against values computed by hand from their definitions. */

import { describe, expect, test } from 'vitest';
import { Graph, type Parameter, PLAIN } from '../autograd/graph.ts';
import { meanCrossEntropy } from '../autograd/loss.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { Network } from '../supernet/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from '../supernet/toy.ts';
import { decayAt, WeightAverage } from './average.ts';
import { clipGradients } from './clip.ts';
import { distilledLoss, networkTeacher, renormalisation } from './distillation.ts';
import { gradientsOf } from './gradients.ts';

const backend = createReference();

function parameter(name: string, values: readonly number[]): Parameter {
  const value = backend.allocate(values.length);
  backend.write(value, values);
  return { name, shape: [1, values.length], value, traits: PLAIN };
}

const TARGETS = [0.5, 0.25, 0.25];

/** Gradients of two logits tensors: softmax minus targets, each. */
async function gradients(limit?: number): Promise<number[]> {
  const weights = [parameter('a', [1, 0, -1]), parameter('b', [0, 3, 0])];
  const graph = new Graph(backend, { training: true });
  const [a, b] = weights.map((weight) => graph.parameter(weight));
  const targets = graph.values(TARGETS, [1, 3]);
  graph.backward(meanCrossEntropy(a, targets, meanCrossEntropy(b, targets)));
  if (limit !== undefined) clipGradients(graph.backend, gradientsOf(graph), limit);
  const found: number[] = [];
  for (const weight of weights) found.push(...(await backend.read(graph.gradient(weight)!)));
  graph.close();
  return found;
}

const norm = (values: readonly number[]) => Math.hypot(...values);

describe('clipping', () => {
  test('brings the norm of all gradients together to the limit and keeps their direction', async () => {
    const free = await gradients();
    const clipped = await gradients(0.25);
    expect(norm(free)).toBeGreaterThan(0.25);
    expect(norm(clipped)).toBeCloseTo(0.25, 5);
    clipped.forEach((value, i) => {
      expect(value).toBeCloseTo((free[i] * 0.25) / norm(free), 5);
    });
  });

  test('leaves shorter gradients as they are', async () => {
    expect(await gradients(100)).toEqual(await gradients());
  });

  test('a buffer that is the gradient of two weights counts twice and is scaled once', async () => {
    const [a, b] = [parameter('a', [1, 2]), parameter('b', [3, 4])];
    const graph = new Graph(backend, { training: true });
    const [x, y] = [graph.parameter(a), graph.parameter(b)];
    const shared = backend.allocate(2);
    backend.write(shared, [3, 4]);
    const sum = graph.record([], backend.allocate(1), [x, y], () => [shared, shared]);
    graph.backward(sum);
    expect(graph.gradient(a)).toBe(graph.gradient(b));
    clipGradients(graph.backend, gradientsOf(graph), 1);
    const found = await backend.read(graph.gradient(a)!);
    graph.close();
    expect(found[0]).toBeCloseTo(3 / Math.sqrt(50), 5);
    expect(found[1]).toBeCloseTo(4 / Math.sqrt(50), 5);
  });
});

describe('averaging', () => {
  test('decay starts at 0.1 and ends at what was asked for', () => {
    expect(decayAt(0.9, 0)).toBe(0.1);
    expect(decayAt(0.9, 10)).toBeCloseTo(0.55, 12);
    expect(decayAt(0.9, 1000)).toBe(0.9);
  });

  test('by hand over two steps, and swapping twice is no change', async () => {
    const weight = parameter('w', [1, 10]);
    const { used } = backend.memory();
    const average = new WeightAverage(backend, [weight], 0.15);
    const read = async (buffer = average.buffers.get('w')!) => [...(await backend.read(buffer))];
    backend.write(weight.value, [2, 20]);
    average.update(0); // 0.1 * [1, 10] + 0.9 * [2, 20]
    expect((await read())[0]).toBeCloseTo(1.9, 5);
    backend.write(weight.value, [4, 40]);
    average.update(1); // min(0.15, 2 / 11) = 0.15: 0.15 * 1.9 + 0.85 * 4
    expect((await read())[0]).toBeCloseTo(3.685, 5);
    const before = await read();
    average.swap();
    expect(await read(weight.value)).toEqual(before);
    expect(await read()).toEqual([4, 40]);
    average.swap();
    expect(await read(weight.value)).toEqual([4, 40]);
    expect(await read()).toEqual(before);
    average.dispose();
    expect(backend.memory().used).toBe(used);
  });
});

const softmax = (row: readonly number[], t = 1) => {
  const powers = row.map((v) => Math.exp(v / t));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((v) => v / sum);
};
const entropyOf = (wanted: readonly number[], logits: readonly number[], t = 1) =>
  -softmax(logits, t).reduce((sum, p, i) => sum + wanted[i] * Math.log(p), 0);

describe('distillation', () => {
  const student = [0.5, -1, 2];
  const teacher = [1, 3, -2];

  async function loss(kind: 'soft' | 'hard', share: number, temperature: number, taught = teacher) {
    const weight = parameter('logits', student);
    const graph = new Graph(backend, { training: true });
    const logits = graph.parameter(weight);
    const targets = graph.values(TARGETS, [1, 3]);
    const heads = { labels: logits, teacher: logits };
    const found = distilledLoss(heads, targets, graph.values(taught, [1, 3]), { kind, share, temperature });
    graph.backward(found);
    const value = (await graph.read(found))[0];
    const gradient = [...(await backend.read(graph.gradient(weight)!))];
    graph.close();
    return { value, gradient };
  }

  test('soft: its value, and a gradient of share * t * (softmax(s / t) - softmax(z / t)) from the teacher', async () => {
    const { value, gradient } = await loss('soft', 0.3, 4);
    const wanted = softmax(teacher, 4);
    const own = entropyOf(TARGETS, student);
    expect(value).toBeCloseTo(0.7 * own + 0.3 * 16 * entropyOf(wanted, student, 4), 4);
    gradient.forEach((g, i) => {
      const fromLabels = 0.7 * (softmax(student)[i] - TARGETS[i]);
      expect(g).toBeCloseTo(fromLabels + 0.3 * 4 * (softmax(student, 4)[i] - wanted[i]), 4);
    });
  });

  test('hard: the class the teacher would choose is a label; equal ones share it', async () => {
    const { value } = await loss('hard', 0.5, 7);
    const own = 0.5 * entropyOf(TARGETS, student);
    expect(value).toBeCloseTo(own + 0.5 * entropyOf([0, 1, 0], student), 5);
    const tied = await loss('hard', 0.5, 7, [3, -1, 3]);
    expect(tied.value).toBeCloseTo(own + 0.5 * entropyOf([0.5, 0, 0.5], student), 5);
  });

  test.each(['soft', 'hard'] as const)(
    '%s: of two heads one learns from labels alone, one from the teacher alone',
    async (kind) => {
      const weights = [parameter('labels', student), parameter('teacher', [-1, 0.5, 0])];
      const graph = new Graph(backend, { training: true });
      const [labels, other] = weights.map((weight) => graph.parameter(weight));
      const targets = graph.values(TARGETS, [1, 3]);
      const how = { kind, share: 0.5, temperature: 1 };
      graph.backward(distilledLoss({ labels, teacher: other }, targets, graph.values(teacher, [1, 3]), how));
      const wanted = [TARGETS, kind === 'soft' ? softmax(teacher) : [0, 1, 0]];
      for (const [i, weight] of weights.entries()) {
        const logits = i === 0 ? student : [-1, 0.5, 0];
        [...(await backend.read(graph.gradient(weight)!))].forEach((g, j) => {
          expect(g).toBeCloseTo(0.5 * (softmax(logits)[j] - wanted[i][j]), 5);
        });
      }
      graph.close();
    },
  );

  test('a share of 0 is the loss of the labels alone', async () => {
    expect((await loss('soft', 0, 3)).value).toBeCloseTo(entropyOf(TARGETS, student), 5);
  });

  test('a network teaches what it says in evaluation, of images normalised as it knows them', async () => {
    const path = toyPath('conv', 'add');
    const config = { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING };
    const network = new Network(backend, config, Random.fromSeed('teacher'));
    const { images, count } = toyImages(4, Random.fromSeed('images'));
    const shape = [count, 7, 7, 1];
    const { used } = backend.memory();
    const expected = await (async () => {
      const graph = new Graph(backend, { training: false });
      const logits = network.forward(graph.values(images, shape), path, { mode: { kind: 'evaluate' } });
      const values = [...(await graph.read(logits))];
      graph.close();
      return values;
    })();
    const [own, other] = [
      { mean: [0.5], deviation: [0.25] },
      { mean: [0.4], deviation: [0.5] },
    ];
    expect(renormalisation(own, own)).toBeUndefined();
    // what `own` shows of the pixels that `other` shows as `images`
    const shown = images.map((v) => (v * 0.5 + 0.4 - 0.5) / 0.25);
    const graph = new Graph(backend, { training: true });
    const plain = networkTeacher(network, path)(graph.values(images, shape));
    const adapted = networkTeacher(network, path, renormalisation(own, other))(graph.values(shown, shape));
    expect([...(await graph.read(plain))]).toEqual(expected);
    (await graph.read(adapted)).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 3);
    });
    graph.close();
    expect(backend.memory().used).toBe(used);
    network.dispose();
  });
});
