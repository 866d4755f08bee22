import { describe, expect, test } from 'vitest';
import type { UnaryOp } from '../backends/backend.ts';
import { createReference } from '../backends/reference/reference.ts';
import { draw, gradientError, tapeGradients } from './gradcheck.ts';
import { clamp, scale, unary } from './unary.ts';

const backend = createReference();

describe('unary gradients equal central differences', () => {
  const smooth: readonly UnaryOp[] = ['negate', 'silu', 'gelu', 'sigmoid', 'tanh', 'exp', 'exp2', 'square'];
  test.each(smooth)('%s', async (op) => {
    expect(await gradientError(backend, [draw(op, [3, 5], -2, 2)], ([x]) => unary(op, x))).toBeLessThan(1e-3);
  });

  const positive: readonly UnaryOp[] = ['log', 'sqrt', 'reciprocal', 'relu', 'abs'];
  test.each(positive)('%s of positive values', async (op) => {
    expect(await gradientError(backend, [draw(op, [3, 5], 0.5, 2)], ([x]) => unary(op, x))).toBeLessThan(
      1e-3,
    );
  });

  const kinked: readonly UnaryOp[] = ['relu', 'abs'];
  test.each(kinked)('%s of negative values', async (op) => {
    expect(await gradientError(backend, [draw(op, [3, 5], -2, -0.5)], ([x]) => unary(op, x))).toBeLessThan(
      1e-3,
    );
  });

  test('scale and clamp, away from the corners of clamp', async () => {
    const x = { shape: [4], data: [-2, -0.5, 0.5, 2] };
    expect(await gradientError(backend, [x], ([t]) => scale(t, -3, 7))).toBeLessThan(1e-3);
    expect(await gradientError(backend, [x], ([t]) => clamp(t, -1, 1))).toBeLessThan(1e-3);
  });
});

test('no gradient is computed for a constant', async () => {
  const x = draw('constant', [4]);
  const { gradients } = await tapeGradients(backend, [x], (_, graph) =>
    unary('exp', graph.values(x.data, [4])),
  );
  expect(gradients).toEqual([null]);
});
