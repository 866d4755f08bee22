import { expect, test } from 'vitest';
import { draw, gradientError, tapeGradients } from '../autograd/gradcheck.ts';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { attentionOverPositions, headsFor, SelfAttention2d } from './attention.ts';

const backend = createReference();

/** softmax(q k' / sqrt(d)) v per head, one position after another. qkv: [n, positions, 3 c]. */
function naive(qkv: ArrayLike<number>, n: number, positions: number, c: number, heads: number): number[] {
  const d = c / heads;
  const at = (image: number, position: number, part: number, head: number, i: number) =>
    qkv[(image * positions + position) * 3 * c + part * c + head * d + i];
  const y: number[] = [];
  for (let image = 0; image < n; image++) {
    for (let p = 0; p < positions; p++) {
      for (let head = 0; head < heads; head++) {
        const weights: number[] = [];
        for (let o = 0; o < positions; o++) {
          let score = 0;
          for (let i = 0; i < d; i++) score += at(image, p, 0, head, i) * at(image, o, 1, head, i);
          weights.push(Math.exp(score / Math.sqrt(d)));
        }
        const total = weights.reduce((a, b) => a + b);
        for (let i = 0; i < d; i++) {
          y.push(weights.reduce((a, weight, o) => a + (weight / total) * at(image, o, 2, head, i), 0));
        }
      }
    }
  }
  return y;
}

test.each([1, 2, 3])('%i heads: equals the loop', async (heads) => {
  const qkv = draw('qkv', [2, 3, 5, 18], -2, 2);
  const { y, shape } = await tapeGradients(backend, [qkv], ([x]) => attentionOverPositions(x, heads));
  expect(shape).toEqual([2, 3, 5, 6]);
  naive(qkv.data, 2, 15, 6, heads).forEach((value, i) => {
    expect(y[i]).toBeCloseTo(value, 4);
  });
});

test('gradients equal central differences', async () => {
  const qkv = draw('qkv', [2, 2, 3, 12], -2, 2);
  expect(await gradientError(backend, [qkv], ([x]) => attentionOverPositions(x, 2))).toBeLessThan(2e-3);
});

test('heads that do not divide the channels are named', async () => {
  const build = ([x]: Parameters<typeof attentionOverPositions>[0][]) => attentionOverPositions(x, 4);
  await expect(tapeGradients(backend, [draw('x', [1, 2, 2, 18])], build)).rejects.toThrow('4 heads');
});

test('the layer projects, then attends; narrow maps have one head', async () => {
  expect([headsFor(64, 64), headsFor(256, 64), headsFor(16, 64)]).toEqual([1, 4, 1]);
  const layer = new SelfAttention2d({ backend, random: Random.fromSeed(1) }, 'a', {
    channels: 4,
    headWidth: 2,
  });
  const x = draw('x', [2, 2, 3, 4]);
  const graph = new Graph(backend, { training: false });
  const y = await graph.read(layer.forward(graph.values(x.data, x.shape)));
  const weight = await backend.read(layer.parameters()[0].value);
  const qkv: number[] = [];
  for (let row = 0; row < 12; row++) {
    for (let o = 0; o < 12; o++) {
      let value = 0;
      for (let k = 0; k < 4; k++) value += x.data[row * 4 + k] * weight[k * 12 + o];
      qkv.push(value);
    }
  }
  naive(qkv, 2, 6, 4, 2).forEach((value, i) => {
    expect(y[i]).toBeCloseTo(value, 4);
  });
  graph.close();
});
