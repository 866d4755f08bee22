import { describe, expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { add, divide, multiply, subtract } from './arithmetic.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';

const backend = createReference();
const a = [2, 3, 4];

describe('gradients equal central differences for every way to repeat', () => {
  const shapes = [[2, 3, 4], [4], [1, 1, 4], [3, 4], [2], [2, 3, 1], [1], []];
  for (const shape of shapes) {
    test.each([
      ['add', add],
      ['subtract', subtract],
      ['multiply', multiply],
      ['divide', divide],
    ] as const)(`%s [2, 3, 4] and [${shape}]`, async (name, operation) => {
      const inputs = [draw(`${name}a`, a), draw(`${name}b`, shape, 1, 2)];
      expect(await gradientError(backend, inputs, ([x, y]) => operation(x, y))).toBeLessThan(1e-3);
    });
  }
});

test('the smaller operand may stand first where the order does not matter', async () => {
  const inputs = [draw('bias', [4]), draw('a', a)];
  expect(await gradientError(backend, inputs, ([x, y]) => add(x, y))).toBeLessThan(1e-3);
  expect(await gradientError(backend, inputs, ([x, y]) => multiply(x, y))).toBeLessThan(1e-3);
  await expect(gradientError(backend, inputs, ([x, y]) => subtract(x, y))).rejects.toThrow(/repeats along/);
});

test('a tensor used twice collects both gradients', async () => {
  expect(
    await gradientError(backend, [draw('x', [5])], ([x]) => add(multiply(x, x), add(x, x))),
  ).toBeLessThan(1e-3);
});

test('rows and columns are told apart', async () => {
  const x = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };
  const row = await tapeGradients(backend, [x, { shape: [3], data: [10, 20, 30] }], ([s, t]) => add(s, t));
  const column = await tapeGradients(backend, [x, { shape: [2, 1], data: [10, 20] }], ([s, t]) => add(s, t));
  expect([...row.y]).toEqual([11, 22, 33, 14, 25, 36]);
  expect([...column.y]).toEqual([11, 12, 13, 24, 25, 26]);
});

test('shapes that do not meet are named', async () => {
  const inputs = [draw('x', [2, 3]), draw('y', [4])];
  await expect(tapeGradients(backend, inputs, ([x, y]) => add(x, y))).rejects.toThrow('[2, 3] and [4]');
});
