/** Filters along sentences: convolution against central differences, the adder against its own gradients as loops. */
import { describe, expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { filter1d } from './filter.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';

const backend = createReference();

const CASES = [
  { name: 'centred', x: [2, 6, 6], w: [3, 3], left: 1, rows: 6 },
  { name: 'causal', x: [2, 5, 4], w: [2, 4], left: 3, rows: 5 },
  { name: 'a window longer than the sentence', x: [1, 3, 4], w: [1, 7], left: 3, rows: 3 },
  { name: 'one row over a cache', x: [3, 7, 4], w: [4, 5], left: -1, rows: 1 },
  { name: 'an even window', x: [2, 6, 2], w: [2, 4], left: 1, rows: 6 },
] as const;

describe.each(CASES)('$name', ({ x: xShape, w: wShape, left, rows }) => {
  const x = draw('x', xShape, -2, 2);
  const w = draw('w', wShape, -2, 2);
  const options = { heads: wShape[0], left, rows };
  const [n, t, c] = xShape;
  const [heads, k] = wShape;

  /** Every element of y and every tap it reads; value 0 outside. */
  function forEachTap(visit: (yAt: number, wAt: number, xAt: number, value: number) => void): void {
    for (let s = 0; s < n; s++)
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < c; j++)
          for (let r = 0; r < k; r++) {
            const row = i - left + r;
            const xAt = row < 0 || row >= t ? -1 : (s * t + row) * c + j;
            const wAt = Math.floor(j / (c / heads)) * k + r;
            visit((s * rows + i) * c + j, wAt, xAt, xAt < 0 ? 0 : x.data[xAt]);
          }
  }

  test('conv: values are sums of products, gradients equal central differences', async () => {
    const { y, shape } = await tapeGradients(backend, [x, w], ([a, b]) => filter1d('conv', a, b, options));
    expect(shape).toEqual([n, rows, c]);
    const expected = new Float64Array(y.length);
    forEachTap((yAt, wAt, _, value) => {
      expected[yAt] += value * w.data[wAt];
    });
    expected.forEach((value, i) => {
      expect(y[i]).toBeCloseTo(value, 5);
    });
    const error = await gradientError(backend, [x, w], ([a, b]) => filter1d('conv', a, b, options));
    expect(error).toBeLessThan(1e-3);
  });

  test('add: values and gradients equal the explicit loops, rows outside included (spec 4.1)', async () => {
    const { y, dy, gradients } = await tapeGradients(backend, [x, w], ([a, b]) =>
      filter1d('add', a, b, options),
    );
    const expected = new Float64Array(y.length);
    const dx = new Float64Array(x.data.length);
    const dw = new Float64Array(w.data.length);
    let clipped = 0;
    forEachTap((yAt, wAt, xAt, value) => {
      expected[yAt] -= Math.abs(value - w.data[wAt]);
      dw[wAt] += (value - w.data[wAt]) * dy[yAt];
      if (xAt < 0) return;
      if (Math.abs(w.data[wAt] - value) > 1) clipped++;
      dx[xAt] += Math.min(1, Math.max(-1, w.data[wAt] - value)) * dy[yAt];
    });
    expect(clipped).toBeGreaterThan(0);
    expected.forEach((value, i) => {
      expect(y[i]).toBeCloseTo(value, 4);
    });
    dx.forEach((value, i) => {
      expect(gradients[0]?.[i]).toBeCloseTo(value, 4);
    });
    dw.forEach((value, i) => {
      expect(gradients[1]?.[i]).toBeCloseTo(value, 4);
    });
  });
});

test('add: where x and w are apart, the derivative by central differences is the sign that the clipped one tends to', async () => {
  // x in [2, 4], w in [-1, 0]: all distances lie between 2 and 5, none near the corner
  const [x, w] = [draw('x', [2, 5, 4], 2, 4), draw('w', [2, 1], -1, 0)];
  const build = ([a, b]: Parameters<typeof filter1d>[1][]) => filter1d('add', a, b, { heads: 2, left: 0 });
  const { dy, gradients } = await tapeGradients(backend, [x, w], build);
  // forward: y = -(x - w), so dy / dx = -1 = clamp(w - x, -1, 1)
  gradients[0]?.forEach((value, i) => {
    expect(value).toBeCloseTo(-dy[i], 6);
  });
  const onlyX = ([a]: Parameters<typeof filter1d>[1][]) =>
    filter1d('add', a, a.graph.values(w.data, w.shape), { heads: 2, left: 0 });
  expect(await gradientError(backend, [x], onlyX)).toBeLessThan(1e-3);
});

test('filters and channels that do not fit are named', async () => {
  const inputs = [draw('x', [1, 4, 6]), draw('w', [4, 3])];
  const build = (heads: number) =>
    tapeGradients(backend, inputs, ([a, b]) => filter1d('conv', a, b, { heads, left: 1 }));
  await expect(build(4)).rejects.toThrow('[1, 4, 6] and [4, 3]');
  await expect(build(3)).rejects.toThrow('3 heads');
});
