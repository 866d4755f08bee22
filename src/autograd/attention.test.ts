/** Attention against central differences and against the operations it is made of. */
import { describe, expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { attention } from './attention.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';
import { Graph, type Tensor } from './graph.ts';
import { matmul } from './matmul.ts';
import { permute } from './permute.ts';
import { reshape } from './reshape.ts';
import { softmax } from './softmax.ts';

const backend = createReference();
const [q, k, v] = [draw('q', [3, 4, 6], -2, 2), draw('k', [3, 5, 6], -2, 2), draw('v', [3, 5, 6])];
const lengths = backend.allocate(3, 'int32');
backend.write(lengths, [5, 3, 0]);

describe.each([false, true])('causal %s', (causal) => {
  describe.each([false, true])('padded %s', (padded) => {
    test.each([0, 0.4])('gradients equal central differences, dropped %s', async (drop) => {
      const options = { heads: 2, causal, drop, key: [3, 4], ...(padded ? { lengths } : {}) } as const;
      const error = await gradientError(backend, [q, k, v], ([a, b, c]) => attention(a, b, c, options));
      expect(error).toBeLessThan(2e-3);
    });
  });
});

/** [n, t, heads * width] to [n, heads, t, width]. */
function parted(x: Tensor, heads: number): Tensor {
  const [n, t, c] = x.shape;
  return permute(reshape(x, [n, t, heads, c / heads]), [0, 2, 1, 3]);
}

test('is softmax between two products, under a mask', async () => {
  const seen = [5, 3, 0];
  const mask = new Float32Array(3 * 2 * 4 * 5);
  for (let i = 0; i < mask.length; i++) {
    const [sentence, query, key] = [Math.floor(i / 40), Math.floor(i / 5) % 4, i % 5];
    // query i of 4 sees keys up to 5 - 4 + i
    if (key > 1 + query || key >= seen[sentence]) mask[i] = Number.NEGATIVE_INFINITY;
  }
  const composed = await tapeGradients(backend, [q, k, v], ([a, b, c], graph) => {
    const scores = matmul(parted(a, 2), parted(b, 2), { transposeB: true });
    const options = { scale: 1 / Math.sqrt(3), mask: graph.values(mask, [3, 2, 4, 5]) };
    const y = matmul(softmax(scores, options), parted(c, 2));
    return reshape(permute(y, [0, 2, 1, 3]), [3, 4, 6]);
  });
  const whole = await tapeGradients(backend, [q, k, v], ([a, b, c]) =>
    attention(a, b, c, { heads: 2, causal: true, lengths }),
  );
  composed.y.forEach((value, i) => {
    expect(whole.y[i]).toBeCloseTo(value, 5);
  });
  composed.gradients.forEach((gradient, i) => {
    gradient?.forEach((value, j) => {
      expect(whole.gradients[i]?.[j]).toBeCloseTo(value, 4);
    });
  });
});

test('keeps weights in expectation, drops the same ones for a key, and none in evaluation', async () => {
  const ones = { shape: [4, 50, 8], data: new Float32Array(1600).fill(1) };
  const run = (key: readonly [number, number]) =>
    tapeGradients(backend, [ones, ones, ones], ([a, b, c]) =>
      attention(a, b, c, { heads: 4, drop: 0.2, key }),
    );
  const [first, again, other] = [await run([1, 2]), await run([1, 2]), await run([1, 3])];
  expect(again.y).toEqual(first.y);
  expect(other.y).not.toEqual(first.y);
  // each output is the mean of 50 factors, which are 0 or 1.25; 800 outputs, two channels a head alike
  const mean = first.y.reduce((a, b) => a + b) / first.y.length;
  expect(mean).toBeGreaterThan(0.98);
  expect(mean).toBeLessThan(1.02);
  expect(new Set(first.y).size).toBeGreaterThan(10);

  const graph = new Graph(backend, { training: false });
  const x = graph.values(ones.data, ones.shape);
  for (const value of await graph.read(attention(x, x, x, { heads: 4, drop: 0.2 }))) {
    expect(value).toBeCloseTo(1, 6);
  }
  graph.close();
});

test('rows of a cache beyond the keys are not looked at, and a step sees what the whole sentence saw', async () => {
  const graph = new Graph(backend, { training: false });
  const x = draw('sentence', [2, 7, 6], -2, 2);
  const sentence = graph.values(x.data, x.shape);
  const whole = await graph.read(attention(sentence, sentence, sentence, { heads: 3, causal: true }));
  const cache = new Float32Array(2 * 10 * 6).fill(Number.NaN);
  for (let s = 0; s < 2; s++) {
    cache.set((x.data as Float32Array).subarray(s * 42, s * 42 + 5 * 6), s * 60);
  }
  const last = Float32Array.from([0, 1].flatMap((s) => [...cache.subarray(s * 60 + 24, s * 60 + 30)]));
  const rows = graph.values(cache, [2, 10, 6]);
  const step = await graph.read(
    attention(graph.values(last, [2, 1, 6]), rows, rows, { heads: 3, causal: true, keys: 5 }),
  );
  step.forEach((value, i) => {
    expect(value).toBeCloseTo(whole[Math.floor(i / 6) * 42 + 24 + (i % 6)], 5);
  });
  graph.close();
});

test('sizes that do not fit, a missing key, and lengths beyond the keys are named', async () => {
  const graph = new Graph(backend, { training: true });
  const [a, b] = [graph.values(q.data, q.shape), graph.values(k.data, k.shape)];
  expect(() => attention(a, b, b, { heads: 4 })).toThrow('4 heads');
  expect(() => attention(a, b, a, { heads: 2 })).toThrow('[3, 4, 6]');
  expect(() => attention(a, b, b, { heads: 2, drop: 0.1 })).toThrow('need a key');
  const long = backend.allocate(3, 'int32');
  backend.write(long, [5, 6, 1]);
  expect(() => attention(a, b, b, { heads: 2, lengths: long })).toThrow(
    'length 1 must be from 0 to the 5 keys',
  );
  expect(() => attention(a, b, b, { heads: 2, keys: 6 })).toThrow('keys must be at most 5');
  graph.close();
});
