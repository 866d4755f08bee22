/** Rounded networks as they are trained: gradients by explicit loops, and programs on the grids that they were trained on. */
import { afterAll, expect, test } from 'vitest';
import { Graph } from '../../../autograd/graph.ts';
import { sum } from '../../../autograd/reduce.ts';
import { openBackend } from '../../../backends/open.ts';
import { Random } from '../../../core/random.ts';
import { normalise } from '../../../data/batches.ts';
import { type TestNetwork, toyNetwork, zooNetwork } from '../../testing/networks.ts';
import { traceNetwork } from '../../trace.ts';
import { interpret } from '../reference/interpret.ts';
import { type Conversion, converted } from './convert.ts';
import { fold } from './fold.ts';
import type { Folded } from './folded.ts';
import { FoldedNetwork } from './folded-network.ts';
import type { Grid } from './grids.ts';
import { tuned } from './tuned.ts';

const backend = await openBackend('auto', { threads: 1 });
afterAll(() => backend.dispose());

const values = (data: readonly number[]) => Float32Array.from(data);
const window = { r: 1, s: 1, stride: 1, pad: 0, groups: 1 };

/** One layer that reads two channels of a pixel and writes two. */
function oneLayer(arithmetic: 'conv' | 'shift', weight: readonly number[], bias: readonly number[]): Folded {
  const affine = { gain: values([2, -1]), bias: values(bias), low: -Infinity, high: Infinity };
  const layer = {
    kind: 'window',
    name: 'one',
    arithmetic,
    x: 0,
    weight: values(weight),
    window,
    ...affine,
  } as const;
  return {
    layers: [layer],
    shapes: [
      [1, 1, 2],
      [1, 1, 2],
    ],
  };
}

const grid = (step: number): Grid => ({ bits: 8, step, zero: 0, most: 128 });

/** Gradients of the sum of both outputs, by the names of parameters. */
async function gradients(network: FoldedNetwork, x: readonly number[]) {
  const graph = new Graph(backend, { training: true });
  graph.backward(sum(network.forward(graph.values(x, [x.length / 2, 1, 1, 2]))));
  const found = new Map<string, number[]>();
  for (const [{ name, shape }, gradient] of graph.trained()) {
    const size = shape.reduce((a, b) => a * b, 1);
    found.set(name, Array.from((await backend.read(gradient)).subarray(0, size)));
  }
  graph.close();
  return found;
}

test.each(['conv', 'shift'] as const)(
  'gradients of a rounded %s: from rounded inputs and weights, and none where the output is cut off',
  async (arithmetic) => {
    // x on steps of 1/4, weights of 127 steps or powers of two, y on steps of 1/2 and at most 63.5
    const weight = arithmetic === 'conv' ? [1.27, 0.5, 0.013, -1.27] : [1, 0.5, 0.25, -1];
    const network = new FoldedNetwork(backend, oneLayer(arithmetic, weight, [0.3, 0]), {
      ...{ grids: [grid(0.25), grid(0.5)], shiftBits: 5 },
    });
    const x = [1.1, -0.4, 40, 3];
    const q = [1, -0.5, 31.75, 3];
    const stored = arithmetic === 'conv' ? [1.27, 0.5, 0.01, -1.27] : weight;
    // 2 * (1.27 * 31.75 + ...) is beyond the grid of what is written: the first output of the second image
    const dy = [1, 1, 0, 1];
    const expected = { weight: [0, 0, 0, 0], gain: [0, 0], bias: [0, 0] };
    for (let image = 0; image < 2; image++) {
      for (let o = 0; o < 2; o++) {
        const d = dy[2 * image + o];
        let computed = 0;
        for (let c = 0; c < 2; c++) {
          computed += q[2 * image + c] * stored[2 * c + o];
          expected.weight[2 * c + o] += d * [2, -1][o] * q[2 * image + c];
        }
        expected.gain[o] += d * computed;
        expected.bias[o] += d;
      }
    }
    const found = await gradients(network, x);
    for (const [part, own] of Object.entries(expected)) {
      found.get(`0.${part}`)!.forEach((value, i) => {
        expect(value).toBeCloseTo(own[i], 4);
      });
    }
    network.dispose();
  },
);

function noise({ image: { h, w, c } }: TestNetwork, count: number, seed: number): Uint8Array {
  const random = Random.fromSeed(seed);
  return Uint8Array.from({ length: count * h * w * c }, () =>
    Math.max(0, Math.min(255, Math.round(128 + 64 * random.normal()))),
  );
}

test.each([
  ['adder-resnet-20@0.125', 8, 5],
  ['shift-ps-resnet-20@0.125', 8, 3],
  ['resnet-20@0.125', 16, 5],
  ['toy', 8, 5],
] as const)(
  '%s of %d bits, shift weights of %d: the program of a network that was moved computes as the network did',
  async (name, bits, shiftBits) => {
    const made = name === 'toy' ? toyNetwork(backend, ['shift', 'attention']) : zooNetwork(backend, name, 10);
    const { network, path, image, classes } = made;
    const all = (value: number) => new Array<number>(image.c).fill(value);
    const [mean, deviation] = [all(128 / 255), all(64 / 255)];
    const images = normalise(noise(made, 64, 1), { mean, deviation });
    const names = Array.from({ length: classes }, (_, i) => String(i));
    const conversion: Conversion = { image, images, mean, deviation, name, classes: names, bits, shiftBits };
    const before = await converted(backend, fold(await traceNetwork(network, path, image)), conversion);
    const pixels = noise(made, 12, 2);
    let simulated = new Float32Array();
    const after = await tuned(backend, before, conversion, async (folded) => {
      // every weight by up to a tenth
      for (const { name: parameter, value } of folded.store.parameters()) {
        const random = Random.fromSeed(3).split(parameter);
        const own = await backend.read(value);
        backend.write(
          value,
          Float32Array.from(own, (w) => w * random.uniform(0.9, 1.1)),
        );
      }
      const graph = new Graph(backend, { training: false });
      const x = graph.values(normalise(pixels, { mean, deviation }), [12, image.h, image.w, image.c]);
      simulated = Float32Array.from(await graph.read(folded.forward(x)));
      graph.close();
    });
    expect(after.program.values).toEqual(before.program.values);
    const size = image.h * image.w * image.c;
    const { step } = after.program.values.at(-1)!;
    const most = Math.max(...simulated.map(Math.abs));
    let [near, far] = [0, 0];
    for (let i = 0; i < 12; i++) {
      const logits = interpret(after.program, pixels.subarray(i * size, (i + 1) * size));
      const old = interpret(before.program, pixels.subarray(i * size, (i + 1) * size));
      logits.forEach((q, c) => {
        near += Math.abs(q * step - simulated[i * classes + c]);
        far += Math.abs(old[c] * step - simulated[i * classes + c]);
      });
    }
    // a factor of signed digits is right to 0.2 %, and now and then a number is rounded to the other side
    expect(near / (12 * classes)).toBeLessThan(0.03 * most);
    expect(near).toBeLessThan(far / 3);
  },
);
