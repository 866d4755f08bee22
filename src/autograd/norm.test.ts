import { describe, expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { batchNorm } from './batch-norm.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';
import { layerNorm } from './layer-norm.ts';
import { softmax } from './softmax.ts';
import { standardise } from './standardise.ts';

const backend = createReference();
const x = draw('x', [3, 2, 2, 3], -2, 2);
const gamma = draw('gamma', [3], 0.5, 1.5);
const beta = draw('beta', [3]);
const residual = draw('residual', [3, 2, 2, 3]);

describe('batch norm', () => {
  test('training: gradients through the statistics', async () => {
    const error = await gradientError(backend, [x, gamma, beta], ([t, g, b]) => batchNorm(t, g, b));
    expect(error).toBeLessThan(2e-3);
  });

  test('with residual', async () => {
    const build = ([t, g, b, r]: Parameters<typeof softmax>[0][]) => batchNorm(t, g, b, { residual: r });
    expect(await gradientError(backend, [x, gamma, beta, residual], build)).toBeLessThan(2e-3);
  });

  test('with ReLU and residual, no output near the corner', async () => {
    // outputs at least 1 away from 0: half of the channels on, half off
    const offset = { shape: [3], data: [8, -8, 8] };
    const build = ([t, g, b, r]: Parameters<typeof softmax>[0][]) =>
      batchNorm(t, g, b, { residual: r, activation: 'relu' });
    expect(await gradientError(backend, [x, gamma, offset, residual], build)).toBeLessThan(2e-3);
  });

  test('evaluation: given statistics are constants', async () => {
    const error = await gradientError(backend, [x, gamma, beta, residual], ([t, g, b, r], graph) => {
      const mean = graph.values([0.1, -0.2, 0.3], [3]).buffer;
      const variance = graph.values([1, 2, 0.5], [3]).buffer;
      return batchNorm(t, g, b, { statistics: { mean, variance }, residual: r });
    });
    expect(error).toBeLessThan(1e-3);
  });

  test('shows the statistics of the batch', async () => {
    let reading: Promise<ArrayLike<number>[]> = Promise.resolve([]);
    await tapeGradients(backend, [x, gamma, beta], ([t, g, b]) =>
      batchNorm(t, g, b, {
        measured: (mean, variance) => {
          reading = Promise.all([backend.read(mean), backend.read(variance)]);
        },
      }),
    );
    const [mean, variance] = await reading;
    for (let c = 0; c < 3; c++) {
      const values = [...(x.data as Float32Array)].filter((_, i) => i % 3 === c);
      const centre = values.reduce((a, b) => a + b) / 12;
      expect(mean[c]).toBeCloseTo(centre, 5);
      expect(variance[c]).toBeCloseTo(values.reduce((a, v) => a + (v - centre) ** 2, 0) / 12, 5);
    }
  });

  test('a residual of another shape is named', async () => {
    const inputs = [x, gamma, beta, draw('r', [3, 3])];
    const build = ([t, g, b, r]: Parameters<typeof softmax>[0][]) => batchNorm(t, g, b, { residual: r });
    await expect(tapeGradients(backend, inputs, build)).rejects.toThrow('[3, 3]');
  });
});

test('layer norm: gradients equal central differences', async () => {
  const inputs = [draw('rows', [2, 3, 5], -2, 2), draw('g', [5]), draw('b', [5])];
  expect(await gradientError(backend, inputs, ([t, g, b]) => layerNorm(t, g, b))).toBeLessThan(2e-3);
});

describe('softmax', () => {
  test('with scale and a repeated mask', async () => {
    const scores = draw('scores', [2, 2, 3, 4], -3, 3);
    const mask = [0, -1, 0, 0, 0, 0, -2, 0, -1e9, 0, 0, 0];
    const error = await gradientError(backend, [scores], ([t], graph) =>
      softmax(t, { scale: 0.7, mask: graph.values(mask, [3, 4]) }),
    );
    expect(error).toBeLessThan(1e-3);
    const { y } = await tapeGradients(backend, [scores], ([t], graph) =>
      softmax(t, { mask: graph.values(mask, [3, 4]) }),
    );
    for (let row = 0; row < 12; row++) {
      const values = y.subarray(row * 4, row * 4 + 4);
      expect(values.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      if (row % 3 === 2) expect(values[0]).toBe(0);
    }
  });

  test('a mask that does not fit is named', async () => {
    const build = ([t]: Parameters<typeof softmax>[0][]) =>
      softmax(t, { mask: t.graph.values([0, 0, 0], [1, 3]) });
    await expect(tapeGradients(backend, [draw('x', [2, 4])], build)).rejects.toThrow('[1, 3]');
  });
});

describe('standardise', () => {
  test('mean 0 and deviation 1, with n - 1', async () => {
    const { y } = await tapeGradients(backend, [draw('w', [3, 3, 2, 4], -3, 5)], ([w]) => standardise(w));
    const mean = y.reduce((a, b) => a + b) / y.length;
    const variance = y.reduce((a, z) => a + (z - mean) ** 2, 0) / (y.length - 1);
    expect(mean).toBeCloseTo(0, 5);
    expect(variance).toBeCloseTo(1, 5);
  });

  test('full derivative, through mean and deviation (evidence, section 6)', async () => {
    const w = draw('w', [2, 3, 4], -3, 5);
    expect(await gradientError(backend, [w], ([t]) => standardise(t))).toBeLessThan(1e-3);
  });

  test('scale and offset of its input change nothing, and their gradients vanish', async () => {
    const w = draw('w', [2, 3, 4]);
    const moved = { shape: w.shape, data: Float32Array.from(w.data, (v) => 5 * v + 3) };
    const a = await tapeGradients(backend, [w], ([t]) => standardise(t));
    const b = await tapeGradients(backend, [moved], ([t]) => standardise(t));
    for (let i = 0; i < a.y.length; i++) expect(b.y[i]).toBeCloseTo(a.y[i], 4);
    const dw = a.gradients[0]!;
    expect(dw.reduce((total, g) => total + g, 0)).toBeCloseTo(0, 4);
    expect(dw.reduce((total, g, i) => total + g * w.data[i], 0)).toBeCloseTo(0, 4);
  });

  test('full derivative with a learned scale and offset; a constant tensor gives the offset', async () => {
    const inputs = [draw('w', [2, 3, 4], -3, 5), draw('s', [1], 1, 2), draw('b', [1])];
    expect(await gradientError(backend, inputs, ([w, s, b]) => standardise(w, s, b))).toBeLessThan(1e-3);
    const flat = { shape: [2, 3], data: new Float32Array(6).fill(7) };
    const { y } = await tapeGradients(backend, [flat], ([w]) => standardise(w, 4, 0.2));
    for (const value of y) expect(value).toBeCloseTo(0.2, 6);
  });
});
