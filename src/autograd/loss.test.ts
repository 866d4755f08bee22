import { expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { dropout, dropPath } from './dropout.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';
import { Graph } from './graph.ts';
import { crossEntropy, meanCrossEntropy } from './loss.ts';
import { piecewise } from './piecewise.ts';
import { averagePool, globalAveragePool, maxPool } from './pool.ts';
import { mean } from './reduce.ts';
import { square } from './unary.ts';

const backend = createReference();

test('cross-entropy with soft targets: values and gradients', async () => {
  const logits = draw('logits', [3, 4], -2, 2);
  const targets = [1, 0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0, 0, 0, 0];
  const { y } = await tapeGradients(backend, [logits], ([t], graph) =>
    crossEntropy(t, graph.values(targets, [3, 4])),
  );
  for (let row = 0; row < 3; row++) {
    const values = Array.from({ length: 4 }, (_, j) => logits.data[row * 4 + j]);
    const total = Math.log(values.reduce((a, v) => a + Math.exp(v), 0));
    expect(y[row]).toBeCloseTo(-values.reduce((a, v, j) => a + targets[row * 4 + j] * (v - total), 0), 5);
  }
  const error = await gradientError(backend, [logits], ([t], graph) =>
    meanCrossEntropy(t, graph.values(targets, [3, 4]), mean(square(t))),
  );
  expect(error).toBeLessThan(1e-3);
});

test('cross-entropy names shapes that differ', async () => {
  const build = ([t]: Parameters<typeof square>[0][]) => crossEntropy(t, t.graph.values([1, 0], [1, 2]));
  await expect(tapeGradients(backend, [draw('l', [3, 2])], build)).rejects.toThrow('[3, 2] and [1, 2]');
});

test.each([[{ kernel: 2 }], [{ kernel: 3, stride: 2, pad: 1 }], [{ kernel: 3, stride: 1, pad: 0 }]])(
  'pools %j: gradients equal central differences',
  async (options) => {
    const x = draw('image', [2, 5, 7, 2]);
    expect(await gradientError(backend, [x], ([t]) => averagePool(t, options))).toBeLessThan(1e-3);
    // a shuffled ramp: no two values within the reach of the step
    const ramp = { shape: x.shape, data: Float32Array.from(x.data, (_, i) => ((i * 37) % 140) / 10) };
    expect(await gradientError(backend, [ramp], ([t]) => maxPool(t, options))).toBeLessThan(1e-3);
  },
);

test('global average pool', async () => {
  const x = draw('image', [2, 3, 5, 4]);
  const { shape } = await tapeGradients(backend, [x], ([t]) => globalAveragePool(t));
  expect(shape).toEqual([2, 4]);
  expect(await gradientError(backend, [x], ([t]) => square(globalAveragePool(t)))).toBeLessThan(1e-3);
});

test.each([true, false])(
  'piecewise (released T, spec 5.3), closed %s: gradients of elements and slopes',
  async (closed) => {
    // values in the middle of the bins; the outermost two are constants, for moving them moves every border
    const inner = { shape: [8], data: [-0.9, -0.7, -0.3, -0.1, 0.1, 0.3, 0.5, 0.9] };
    const slopes = draw('slopes', [10], -2, 2);
    const { y } = await tapeGradients(backend, [{ shape: [3], data: [-1, 0.05, 1] }, slopes], ([t, s]) =>
      piecewise(t, s, { closed }),
    );
    expect(y[2]).toBe(closed ? slopes.data[9] : 0);
    const { dy, gradients } = await tapeGradients(backend, [inner, slopes], ([t, s]) =>
      piecewise(t, s, { closed }),
    );
    const [low, high] = [inner.data[0], inner.data[7]];
    const expected = new Array(10).fill(0);
    inner.data.forEach((value, i) => {
      const bin =
        value === high ? (closed ? 9 : -1) : Math.floor(Math.fround((value - low) / (high - low)) * 10);
      if (bin >= 0) expected[bin] += value * dy[i];
      expect(gradients[0]?.[i]).toBeCloseTo(bin < 0 ? 0 : slopes.data[bin] * dy[i], 5);
    });
    expected.forEach((value, bin) => {
      expect(gradients[1]?.[bin]).toBeCloseTo(value, 5);
    });
  },
);

test('dropout keeps the expectation, repeats for a key, and is off in evaluation', async () => {
  const ones = { shape: [100, 40], data: new Float32Array(4000).fill(1) };
  const first = await tapeGradients(backend, [ones], ([t]) => dropout(t, 0.25, [1, 2]));
  const again = await tapeGradients(backend, [ones], ([t]) => dropout(t, 0.25, [1, 2]));
  const other = await tapeGradients(backend, [ones], ([t]) => dropout(t, 0.25, [1, 3]));
  expect(again.y).toEqual(first.y);
  expect(other.y).not.toEqual(first.y);
  const kept = first.y.filter((v) => v !== 0);
  expect(kept.every((v) => Math.abs(v - 4 / 3) < 1e-6)).toBe(true);
  expect(kept.length / 4000).toBeGreaterThan(0.72);
  expect(kept.length / 4000).toBeLessThan(0.78);
  first.y.forEach((factor, i) => {
    expect(first.gradients[0]?.[i]).toBeCloseTo(factor * first.dy[i], 6);
  });

  const path = await tapeGradients(backend, [ones], ([t]) => dropPath(t, 0.25, [1, 2]));
  for (let row = 0; row < 100; row++) expect(new Set(path.y.subarray(row * 40, row * 40 + 40)).size).toBe(1);

  const graph = new Graph(backend, { training: false });
  const x = graph.values(ones.data, ones.shape);
  expect(dropout(x, 0.5, [1, 2])).toBe(x);
  graph.close();
});

test('dropout draws element i as the uniform draw i under the key', async () => {
  const x = draw('x', [7, 9]);
  const { y } = await tapeGradients(backend, [x], ([t]) => dropout(t, 0.3, [8, 9]));
  const draws = backend.allocate(63);
  backend.random('uniform', draws, [8, 9]);
  const uniform = await backend.read(draws);
  const factor = Math.fround(1 / (1 - 0.3));
  y.forEach((value, i) => {
    expect(value).toBe(uniform[i] > 0.3 ? Math.fround(x.data[i] * factor) : x.data[i] * 0);
  });
});
