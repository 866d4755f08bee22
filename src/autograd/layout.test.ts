import { describe, expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { add, multiply } from './arithmetic.ts';
import { concatenate } from './concatenate.ts';
import { gather } from './gather.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';
import { permute } from './permute.ts';
import { mean, sum } from './reduce.ts';
import { reshape } from './reshape.ts';
import { slice, split } from './slice.ts';
import { square } from './unary.ts';

const backend = createReference();
const x = draw('x', [2, 3, 4]);

describe('moving elements', () => {
  test('reshape', async () => {
    expect(await gradientError(backend, [x], ([t]) => square(reshape(t, [6, 4])))).toBeLessThan(1e-3);
    await expect(tapeGradients(backend, [x], ([t]) => reshape(t, [5]))).rejects.toThrow('[2, 3, 4] to [5]');
  });

  test.each([[[0, 1, 2]], [[2, 0, 1]], [[1, 2, 0]], [[0, 2, 1]]])('permute %j', async (axes) => {
    const { y, shape } = await tapeGradients(backend, [x], ([t]) => permute(t, axes));
    expect(shape).toEqual(axes.map((axis) => x.shape[axis]));
    for (let i = 0; i < y.length; i++) {
      const place = [0, 0, 0];
      let rest = i;
      for (let k = 2; k >= 0; k--) {
        place[axes[k]] = rest % shape[k];
        rest = Math.floor(rest / shape[k]);
      }
      expect(y[i]).toBe(x.data[(place[0] * 3 + place[1]) * 4 + place[2]]);
    }
    expect(await gradientError(backend, [x], ([t]) => square(permute(t, axes)))).toBeLessThan(1e-3);
  });

  test('permute wants every axis once', async () => {
    await expect(tapeGradients(backend, [x], ([t]) => permute(t, [0, 0, 1]))).rejects.toThrow(/every axis/);
  });

  test.each([0, 1, 2])('slice and concatenate along axis %i undo each other', async (axis) => {
    const length = x.shape[axis];
    const { y } = await tapeGradients(backend, [x], ([t]) =>
      concatenate([slice(t, axis, 0, 1), slice(t, axis, 1, length - 1)], axis),
    );
    expect([...y]).toEqual([...(x.data as Float32Array)]);
    const build = ([t]: Parameters<typeof square>[0][]) =>
      concatenate([square(slice(t, axis, 1, length - 1)), t, slice(t, axis, 0, 1)], axis);
    expect(await gradientError(backend, [x], build)).toBeLessThan(1e-3);
  });

  test.each([1, 2])('split along axis %i, its input used elsewhere too', async (axis) => {
    const lengths = axis === 1 ? [1, 2] : [1, 2, 1];
    const error = await gradientError(backend, [x], ([t]) => {
      const parts = split(t, axis, lengths);
      return add(multiply(concatenate(parts.map(square), axis), t), t);
    });
    expect(error).toBeLessThan(1e-3);
  });

  test('a part of a split that nobody uses leaves a gradient of 0', async () => {
    const { gradients } = await tapeGradients(backend, [x], ([t]) => split(t, 0, [1, 1])[1]);
    expect([...gradients[0]!.subarray(0, 12)]).toEqual(new Array(12).fill(0));
    expect(gradients[0]!.subarray(12).every((g) => g !== 0)).toBe(true);
  });

  test('gather adds up the gradients of repeated rows', async () => {
    const error = await gradientError(backend, [draw('table', [5, 3])], ([table], graph) => {
      const index = graph.backend.allocate(4, 'int32');
      graph.backend.write(index, [4, 1, 4, 0]);
      return square(gather(table, index, 4));
    });
    expect(error).toBeLessThan(1e-3);
  });
});

describe('sums and means', () => {
  test.each([[[0]], [[1]], [[2]], [[0, 1]], [[1, 2]], [[0, 2]], [[0, 1, 2]]])(
    'over axes %j',
    async (axes) => {
      const { y, shape } = await tapeGradients(backend, [x], ([t]) => sum(t, axes));
      expect(shape).toEqual(x.shape.filter((_, axis) => !axes.includes(axis)));
      const expected = new Array(y.length).fill(0);
      for (let i = 0; i < 24; i++) {
        const place = [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4];
        let at = 0;
        for (let axis = 0; axis < 3; axis++) if (!axes.includes(axis)) at = at * x.shape[axis] + place[axis];
        expected[at] += x.data[i];
      }
      for (let i = 0; i < y.length; i++) expect(y[i]).toBeCloseTo(expected[i], 5);
      expect(await gradientError(backend, [x], ([t]) => mean(square(t), axes))).toBeLessThan(1e-3);
    },
  );

  test('an axis that is not there is named', async () => {
    await expect(tapeGradients(backend, [x], ([t]) => sum(t, [3]))).rejects.toThrow('[3]');
  });
});
