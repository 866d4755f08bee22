/** Convolution against central differences; the adder against its special gradients as explicit loops (spec 4.1). */
import { describe, expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { adder2d } from './adder.ts';
import { conv2d } from './convolution.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';

const backend = createReference();

const cases = [
  { name: '3x3', x: [2, 5, 4, 3], w: [3, 3, 3, 2], stride: 1, pad: 1, groups: 1 },
  { name: '3x3 stride 2', x: [2, 5, 7, 2], w: [3, 3, 2, 3], stride: 2, pad: 1, groups: 1 },
  { name: '3x3 stride 2, even map', x: [1, 6, 4, 2], w: [3, 3, 2, 3], stride: 2, pad: 1, groups: 1 },
  { name: '1x1', x: [2, 3, 3, 4], w: [1, 1, 4, 5], stride: 1, pad: 0, groups: 1 },
  { name: '1x1 stride 2', x: [2, 5, 3, 4], w: [1, 1, 4, 3], stride: 2, pad: 0, groups: 1 },
  { name: 'depthwise stride 2', x: [2, 5, 5, 3], w: [3, 3, 1, 3], stride: 2, pad: 1, groups: 3 },
  { name: 'two groups', x: [2, 4, 4, 4], w: [3, 3, 2, 6], stride: 1, pad: 1, groups: 2 },
  { name: '2x3 window, no padding', x: [1, 5, 6, 2], w: [2, 3, 2, 2], stride: 1, pad: 0, groups: 1 },
  { name: 'kernel = stride, no padding', x: [1, 7, 7, 2], w: [2, 2, 1, 2], stride: 2, pad: 0, groups: 2 },
] as const;

describe.each(cases)('$name', ({ x: xShape, w: wShape, ...options }) => {
  const x = draw('x', xShape, -2, 2);
  const w = draw('w', wShape, -2, 2);

  test('conv2d: gradients equal central differences', async () => {
    const error = await gradientError(backend, [x, w], ([a, b]) => conv2d(a, b, options));
    expect(error).toBeLessThan(1e-3);
  });

  test('adder2d: values and gradients equal the explicit loops', async () => {
    const { y, shape, dy, gradients } = await tapeGradients(backend, [x, w], ([a, b]) =>
      adder2d(a, b, options),
    );
    const [n, h, width, c] = xShape;
    const [r, s, perGroup, m] = wShape;
    const [, e, f] = shape;
    const { stride, pad, groups } = options;
    const expectedY = new Float64Array(y.length);
    const dx = new Float64Array(x.data.length);
    const dw = new Float64Array(w.data.length);
    for (let image = 0; image < n; image++) {
      for (let i = 0; i < e; i++) {
        for (let j = 0; j < f; j++) {
          for (let o = 0; o < m; o++) {
            const at = ((image * e + i) * f + j) * m + o;
            const group = Math.floor(o / (m / groups));
            for (let a = 0; a < r; a++) {
              for (let b = 0; b < s; b++) {
                for (let k = 0; k < perGroup; k++) {
                  const [row, column] = [i * stride - pad + a, j * stride - pad + b];
                  const inside = row >= 0 && row < h && column >= 0 && column < width;
                  const xAt = ((image * h + row) * width + column) * c + group * perGroup + k;
                  const wAt = ((a * s + b) * perGroup + k) * m + o;
                  const value = inside ? x.data[xAt] : 0;
                  expectedY[at] -= Math.abs(value - w.data[wAt]);
                  dw[wAt] += (value - w.data[wAt]) * dy[at];
                  if (inside) dx[xAt] += Math.min(1, Math.max(-1, w.data[wAt] - value)) * dy[at];
                }
              }
            }
          }
        }
      }
    }
    expectedY.forEach((value, i) => {
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

test('adder2d, stride 2: every row of the input gets its gradient, 1 2 1 2 1 2 1 1 of them (spec 4.1, 14.4)', async () => {
  // one column, weights far above x: each window adds exactly the gradient of its output, here made 1
  const x = { shape: [1, 8, 1, 1], data: new Float32Array(8) };
  const { dy, gradients } = await tapeGradients(backend, [x], ([t], graph) =>
    adder2d(t, graph.values([9, 9, 9, 9, 9, 9, 9, 9, 9], [3, 3, 1, 1]), { stride: 2, pad: 1 }),
  );
  // output i reads rows 2 i - 1, 2 i, 2 i + 1
  const expected = Array.from({ length: 8 }, (_, row) => {
    const readers = [0, 1, 2, 3].filter((i) => Math.abs(2 * i - row) <= 1);
    return { count: readers.length, gradient: readers.reduce((total, i) => total + dy[i], 0) };
  });
  expect(expected.map(({ count }) => count)).toEqual([1, 2, 1, 2, 1, 2, 1, 1]);
  expected.forEach(({ gradient }, row) => {
    expect(gradients[0]?.[row]).toBeCloseTo(gradient, 5);
  });
});

test('an image and a weight that do not fit are named', async () => {
  const inputs = [draw('x', [1, 4, 4, 3]), draw('w', [3, 3, 2, 2])];
  await expect(tapeGradients(backend, inputs, ([a, b]) => conv2d(a, b))).rejects.toThrow('[3, 3, 2, 2]');
  const small = [draw('x', [1, 2, 2, 3]), draw('w', [3, 3, 3, 2])];
  await expect(tapeGradients(backend, small, ([a, b]) => conv2d(a, b))).rejects.toThrow('padding 0');
});
