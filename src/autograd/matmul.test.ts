import { describe, expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';
import { matmul } from './matmul.ts';

const backend = createReference();

describe('matmul', () => {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      for (const lead of [[], [2], [2, 3]]) {
        test(`batch [${lead}], transposes ${transposeA} ${transposeB}: gradients equal central differences`, async () => {
          const a = draw('a', [...lead, ...(transposeA ? [4, 3] : [3, 4])]);
          const b = draw('b', [...lead, ...(transposeB ? [5, 4] : [4, 5])]);
          const options = { transposeA, transposeB, alpha: 0.5 };
          expect(await gradientError(backend, [a, b], ([x, y]) => matmul(x, y, options))).toBeLessThan(1e-3);
        });
      }
    }
  }

  test.each([false, true])('one matrix for all batches, transposed %s', async (transposeB) => {
    const inputs = [draw('a', [2, 3, 4]), draw('b', transposeB ? [5, 4] : [4, 5])];
    expect(await gradientError(backend, inputs, ([x, y]) => matmul(x, y, { transposeB }))).toBeLessThan(1e-3);
  });

  test('values equal a loop', async () => {
    const inputs = [draw('a', [2, 3, 4]), draw('b', [2, 5, 4])];
    const { y, shape } = await tapeGradients(backend, inputs, ([p, q]) => matmul(p, q, { transposeB: true }));
    expect(shape).toEqual([2, 3, 5]);
    const [a, b] = inputs.map(({ data }) => data);
    for (let i = 0; i < 30; i++) {
      const [batch, row, column] = [Math.floor(i / 15), Math.floor(i / 5) % 3, i % 5];
      let expected = 0;
      for (let k = 0; k < 4; k++) expected += a[(batch * 3 + row) * 4 + k] * b[(batch * 5 + column) * 4 + k];
      expect(y[i]).toBeCloseTo(expected, 5);
    }
  });

  test('inner sizes that differ are named', async () => {
    const inputs = [draw('a', [3, 4]), draw('b', [5, 6])];
    await expect(tapeGradients(backend, inputs, ([x, y]) => matmul(x, y))).rejects.toThrow(
      '[3, 4] and [5, 6]',
    );
  });
});
