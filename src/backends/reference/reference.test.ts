/** The reference against formulas written out independently of it, and against numbers with a source. */
import { describe, expect, test } from 'vitest';
import { threefry } from '../../core/random.ts';
import type { Backend, Buffer, UnaryOp } from '../backend.ts';
import { windowShape } from '../conformance/windows.ts';
import { createReference } from './reference.ts';

const backend: Backend = createReference();

function from(data: ArrayLike<number>): Buffer {
  const buffer = backend.allocate(data.length);
  backend.write(buffer, data);
  return buffer;
}

async function numbers(buffer: Buffer): Promise<number[]> {
  return Array.from(await backend.read(buffer));
}

/** Every number is within half a unit of the given decimal of what is expected. */
function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, decimals: number): void {
  for (let i = 0; i < found.length; i++) expect(found[i]).toBeCloseTo(expected[i], decimals);
}

/** Small whole numbers that look irregular. */
function pattern(length: number, seed: number): number[] {
  return Array.from({ length }, (_, i) => ((i * 7 + seed * 5 + ((i * i) % 11)) % 9) - 4);
}

describe('adder', () => {
  const p = windowShape({ n: 2, h: 5, w: 4, c: 4, r: 3, s: 3, m: 6, stride: 2, pad: 1, groups: 2 });
  const x = pattern(p.n * p.h * p.w * p.c, 1);
  const w = pattern(p.r * p.s * 2 * p.m, 2).map((value) => value / 3);
  const dy = pattern(p.n * p.e * p.f * p.m, 3);

  /** x as the layer sees it: zero outside, which takes part. */
  function at(n: number, row: number, column: number, c: number): number {
    if (row < 0 || row >= p.h || column < 0 || column >= p.w) return 0;
    return x[((n * p.h + row) * p.w + column) * p.c + c];
  }

  /** Every (output, tap) pair: spec 4.1, sums written out one by one. */
  function* taps() {
    for (let n = 0; n < p.n; n++)
      for (let e = 0; e < p.e; e++)
        for (let f = 0; f < p.f; f++)
          for (let m = 0; m < p.m; m++)
            for (let r = 0; r < p.r; r++)
              for (let s = 0; s < p.s; s++)
                for (let i = 0; i < 2; i++) {
                  const c = Math.floor(m / 3) * 2 + i;
                  const [row, column] = [e * p.stride + r - p.pad, f * p.stride + s - p.pad];
                  yield {
                    y: ((n * p.e + e) * p.f + f) * p.m + m,
                    w: ((r * p.s + s) * 2 + i) * p.m + m,
                    x: ((n * p.h + row) * p.w + column) * p.c + c,
                    inside: row >= 0 && row < p.h && column >= 0 && column < p.w,
                    value: at(n, row, column, c),
                  };
                }
  }

  test('forward is -sum|x - w| and padding contributes -|w| (spec 4.1)', async () => {
    const expected = new Float64Array(dy.length);
    for (const tap of taps()) expected[tap.y] -= Math.abs(tap.value - w[tap.w]);
    const y = backend.allocate(dy.length);
    backend.adderForward(from(x), from(w), y, p);
    expectClose(await numbers(y), expected, 4);
  });

  test('a window wholly in padding gives -sum|w| (spec 4.1)', async () => {
    const shape = windowShape({ n: 1, h: 1, w: 1, c: 1, r: 1, s: 1, m: 1, stride: 1, pad: 1, groups: 1 });
    const y = backend.allocate(9);
    backend.adderForward(from([5]), from([-2]), y, shape);
    expect(await numbers(y)).toEqual([-2, -2, -2, -2, -7, -2, -2, -2, -2]);
  });

  test('input gradient is sum clamp(w - x, -1, 1) dy (spec 4.1)', async () => {
    const expected = new Float64Array(x.length);
    for (const tap of taps()) {
      if (tap.inside) expected[tap.x] += Math.min(1, Math.max(-1, w[tap.w] - tap.value)) * dy[tap.y];
    }
    const dx = backend.allocate(x.length);
    backend.adderInputGradient(from(x), from(w), from(dy), dx, p);
    expectClose(await numbers(dx), expected, 4);
  });

  test('weight gradient is sum (x - w) dy, padding with x = 0 (spec 4.1)', async () => {
    const expected = new Float64Array(w.length);
    for (const tap of taps()) expected[tap.w] += (tap.value - w[tap.w]) * dy[tap.y];
    const dw = backend.allocate(w.length);
    backend.adderWeightGradient(from(x), from(w), from(dy), dw, p);
    expectClose(await numbers(dw), expected, 3);
  });

  test('stride 2 reaches every row: contributions 1 2 1 2 1 2 1 1 (spec 4.1, H=8 K=3 stride 2 pad 1)', async () => {
    const wide = windowShape({ n: 1, h: 8, w: 8, c: 1, r: 3, s: 3, m: 1, stride: 2, pad: 1, groups: 1 });
    const all = from(new Float32Array(16).fill(1));
    const gradient = backend.allocate(64);
    const far = from(new Float32Array(9).fill(10)); // w - x > 1 everywhere: each contribution counts 1
    backend.adderInputGradient(from(new Float32Array(64)), far, all, gradient, wide);
    const counts = [1, 2, 1, 2, 1, 2, 1, 1];
    const found = await numbers(gradient);
    for (let row = 0; row < 8; row++) {
      for (let column = 0; column < 8; column++) {
        expect(found[row * 8 + column]).toBe(counts[row] * counts[column]);
      }
    }
  });
});

describe('convolution', () => {
  test('forward and gradients are one bilinear form: <dy, conv(x, w)> = <dx, x> = <dw, w>', async () => {
    const p = windowShape({ n: 2, h: 6, w: 5, c: 4, r: 3, s: 2, m: 6, stride: 2, pad: 1, groups: 2 });
    const x = pattern(p.n * p.h * p.w * p.c, 4);
    const w = pattern(p.r * p.s * 2 * p.m, 5);
    const dy = pattern(p.n * p.e * p.f * p.m, 6);
    const [y, dx, dw] = [dy, x, w].map((like) => backend.allocate(like.length));
    backend.convForward(from(x), from(w), y, p);
    backend.convInputGradient(from(dy), from(w), dx, p);
    backend.convWeightGradient(from(x), from(dy), dw, p);
    const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
    const form = dot(await numbers(y), dy);
    expect(form).not.toBe(0);
    expect(dot(await numbers(dx), x)).toBe(form);
    expect(dot(await numbers(dw), w)).toBe(form);
  });

  test('a worked example: 3x3 ones over 1..9 with padding', async () => {
    const p = windowShape({ n: 1, h: 3, w: 3, c: 1, r: 3, s: 3, m: 1, stride: 1, pad: 1, groups: 1 });
    const y = backend.allocate(9);
    backend.convForward(from([1, 2, 3, 4, 5, 6, 7, 8, 9]), from(new Float32Array(9).fill(1)), y, p);
    expect(await numbers(y)).toEqual([12, 21, 16, 27, 45, 33, 24, 39, 28]);
  });
});

async function apply(op: UnaryOp, values: number[], p = 0, q = 0): Promise<number[]> {
  const y = backend.allocate(values.length);
  backend.unary(op, from(values), y, values.length, p, q);
  return numbers(y);
}

describe('element-wise', () => {
  test('a power of two is a power of two, the nearest in the logarithm, and stays itself (spec 4.2)', async () => {
    const values = [0, 1, -1, 0.75, 0.7, -0.3, 1e-9, -40, 2 ** -15, 0.36, 0.35];
    const once = await apply('powerOfTwo', values, -15, 0);
    expect(once).toEqual([0, 1, -1, 1, 0.5, -0.25, 2 ** -15, -1, 2 ** -15, 0.5, 0.25]);
    expect(await apply('powerOfTwo', once, -15, 0)).toEqual(once);
  });

  test('halves round away from zero', async () => {
    expect(await apply('round', [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49])).toEqual([-3, -2, -1, 1, 2, 3, 0]);
  });

  test('fixed point floors to 2^-p within q integer bits, sign included', async () => {
    const found = await apply('fixedPoint', [0.3, -0.3, 5, -5, 1.75], 2, 3);
    expect(found).toEqual([0.25, -0.5, 3.75, -4, 1.75]);
  });

  test('ternary keeps the sign beyond its threshold', async () => {
    expect(await apply('ternary', [-1, -0.5, 0, 0.5, 0.6], 0.5)).toEqual([-1, 0, 0, 0, 1]);
  });

  test('NaN goes through relu and clamp', async () => {
    expect(await apply('relu', [Number.NaN, -1, 2])).toEqual([Number.NaN, 0, 2]);
    expect(await apply('clamp', [Number.NaN, -9, 9], -1, 1)).toEqual([Number.NaN, -1, 1]);
  });

  const smooth: UnaryOp[] = ['silu', 'gelu', 'sigmoid', 'tanh', 'exp', 'log', 'sqrt', 'square', 'reciprocal'];
  test.each([...smooth, 'exp2', 'affine', 'negate', 'copy', 'abs'] as UnaryOp[])(
    'the derivative of %s is its difference quotient',
    async (op) => {
      const values = [0.2, 0.7, 1.3, 2.1];
      const step = 1 / 512;
      const high = await apply(
        op,
        values.map((v) => v + step),
        1.5,
        0.5,
      );
      const low = await apply(
        op,
        values.map((v) => v - step),
        1.5,
        0.5,
      );
      const y = await apply(op, values, 1.5, 0.5);
      const dx = backend.allocate(4);
      backend.unaryGradient(op, from(values), from(y), from([1, 1, 1, 1]), dx, 4, 1.5, 0.5);
      (await numbers(dx)).forEach((slope, i) => {
        expect(Math.abs(slope - (high[i] - low[i]) / (2 * step))).toBeLessThan(2e-3 * (1 + Math.abs(slope)));
      });
    },
  );

  test.each(['round', 'floor', 'ternary', 'powerOfTwo', 'fixedPoint'] as UnaryOp[])(
    '%s passes its gradient straight through',
    async (op) => {
      const dx = backend.allocate(3);
      const x = from([-0.3, 0, 1.7]);
      backend.unaryGradient(op, x, x, from([1, -2, 3]), dx, 3, 0, 0);
      expect(await numbers(dx)).toEqual([1, -2, 3]);
    },
  );

  test('clamp passes its gradient inside, borders included; relu above zero only', async () => {
    const dx = backend.allocate(5);
    const x = from([-2, -1, 0, 1, 2]);
    const ones = from([1, 1, 1, 1, 1]);
    backend.unaryGradient('clamp', x, x, ones, dx, 5, -1, 1);
    expect(await numbers(dx)).toEqual([0, 1, 1, 1, 0]);
    backend.unaryGradient('relu', x, x, ones, dx, 5);
    expect(await numbers(dx)).toEqual([0, 0, 0, 1, 1]);
  });
});

describe('pooling', () => {
  const p = windowShape({ n: 1, h: 3, w: 3, c: 1, r: 2, s: 2, m: 1, stride: 2, pad: 1, groups: 1 });
  const x = [1, 2, 3, 4, 5, 6, 7, 8, 8];

  test('the average counts no padding', async () => {
    const y = backend.allocate(4);
    backend.poolForward('average', from(x), y, null, p);
    expect(await numbers(y)).toEqual([1, 2.5, 5.5, 6.75]);
    const dx = backend.allocate(9);
    backend.poolBackward('average', from([1, 2, 4, 8]), null, dx, p);
    expect(await numbers(dx)).toEqual([1, 1, 1, 2, 2, 2, 2, 2, 2]);
  });

  test('the first maximum wins', async () => {
    const y = backend.allocate(4);
    const index = backend.allocate(4, 'int32');
    backend.poolForward('max', from(x), y, index, p);
    expect(await numbers(y)).toEqual([1, 3, 7, 8]);
    expect(await numbers(index)).toEqual([0, 2, 6, 7]);
    const dx = backend.allocate(9);
    backend.poolBackward('max', from([1, 2, 4, 8]), index, dx, p);
    expect(await numbers(dx)).toEqual([1, 0, 2, 0, 0, 0, 4, 8, 0]);
  });
});

describe('piecewise transformation (spec 5.3)', () => {
  test('a slope for each bin of the range; the open maximum is lost, as released', async () => {
    const x = from([0, 0.5, 1, 2.5, 4]);
    const y = backend.allocate(5);
    backend.piecewiseForward(x, from([10, 20, 30, 40]), y, 5, 4, false);
    expect(await numbers(y)).toEqual([0, 5, 20, 75, 0]);
    backend.piecewiseForward(x, from([10, 20, 30, 40]), y, 5, 4, true);
    expect(await numbers(y)).toEqual([0, 5, 20, 75, 160]);
    const [dx, dslopes] = [backend.allocate(5), backend.allocate(4)];
    backend.piecewiseBackward(x, from([10, 20, 30, 40]), from([1, 1, 1, 2, 1]), dx, dslopes, 5, 4, true);
    expect(await numbers(dx)).toEqual([10, 10, 20, 60, 40]);
    expect(await numbers(dslopes)).toEqual([0.5, 1, 5, 4]);
  });
});

describe('random', () => {
  test('Threefry-2x32-20 known answers (Random123 kat_vectors)', () => {
    const ones = 0xffffffff;
    expect(threefry(0, 0, 0, 0)).toEqual([0x6b200159, 0x99ba4efe]);
    expect(threefry(ones, ones, ones, ones)).toEqual([0x1cb996fc, 0xbb002be7]);
    expect(threefry(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toEqual([0xc4923a9c, 0x483df7a0]);
  });

  test('the first draw of key 0 is the upper 24 bits of the known answer (Random123 kat_vectors)', async () => {
    const y = backend.allocate(1);
    backend.random('uniform', y, [0, 0]);
    expect(await numbers(y)).toEqual([0x6b2001 / 2 ** 24]);
    backend.random('normal', y, [0, 0]);
    const radius = Math.sqrt(-2 * Math.log((0x6b2001 + 1) / 2 ** 24));
    expect((await numbers(y))[0]).toBe(Math.fround(radius * Math.cos((2 * Math.PI * 0x99ba4e) / 2 ** 24)));
  });

  test('draws have the moments they should', async () => {
    const y = backend.allocate(100_000);
    backend.random('uniform', y, [3, 4]);
    const uniform = await numbers(y);
    expect(uniform.reduce((a, b) => a + b) / 1e5).toBeCloseTo(0.5, 2);
    expect(Math.max(...uniform.slice(0, 5e4))).toBeLessThan(1);
    backend.random('normal', y, [3, 4]);
    const normal = await numbers(y);
    expect(normal.reduce((a, b) => a + b) / 1e5).toBeCloseTo(0, 1);
    expect(normal.reduce((a, b) => a + b * b, 0) / 1e5).toBeCloseTo(1, 1);
  });
});

describe('optimisers', () => {
  test('two steps of SGD with momentum and decay, by hand', async () => {
    const [w, g, velocity] = [from([1]), from([0.5]), from([0])];
    const shape = { rate: 0.1, momentum: 0.5, nesterov: false, decay: 0.5 };
    backend.sgdStep(w, g, velocity, 1, shape); // g' = 1, v = 1, w = 0.9
    backend.sgdStep(w, g, velocity, 1, shape); // g' = 0.95, v = 1.45, w = 0.755
    expect((await numbers(velocity))[0]).toBeCloseTo(1.45, 6);
    expect((await numbers(w))[0]).toBeCloseTo(0.755, 6);
    backend.sgdStep(w, g, velocity, 1, { ...shape, nesterov: true });
    // g' = 0.8775, v = 1.6025, w = 0.755 - 0.1 (0.8775 + 0.80125)
    expect((await numbers(w))[0]).toBeCloseTo(0.587125, 6);
  });

  test('two steps of AdamW, by hand', async () => {
    const [w, g, first, second] = [from([1]), from([2]), from([0]), from([0])];
    const shape = { rate: 0.1, beta1: 0.5, beta2: 0.5, epsilon: 0, decay: 0.1, normalised: false };
    backend.adamStep(w, g, first, second, 1, { ...shape, step1: 1, step2: 1 });
    // m = 1, v = 2, mhat = 2, vhat = 4: w = 0.99 - 0.1
    expect((await numbers(w))[0]).toBeCloseTo(0.89, 6);
    backend.write(g, [-1]);
    backend.adamStep(w, g, first, second, 1, { ...shape, step1: 2, step2: 2 });
    // m = 0, v = 1.5: w = 0.89 * 0.99
    expect(await numbers(first)).toEqual([0]);
    expect(await numbers(second)).toEqual([1.5]);
    expect((await numbers(w))[0]).toBeCloseTo(0.8811, 6);
  });

  test('normalised: the first moment averages steps, each with its own second moment (evidence 6)', async () => {
    const [w, g, first] = [from([1]), from([2]), from([0])];
    const [ofConv, ofAdd] = [from([0]), from([0])];
    const shape = { rate: 0.1, beta1: 0.5, beta2: 0.5, epsilon: 0, decay: 0, normalised: true };
    backend.adamStep(w, g, first, ofConv, 1, { ...shape, step1: 1, step2: 1 });
    // v = 2, vhat = 4, u = 1, m = 0.5, mhat = 1
    expect((await numbers(w))[0]).toBeCloseTo(0.9, 6);
    backend.write(g, [-300]);
    backend.adamStep(w, g, first, ofAdd, 1, { ...shape, step1: 2, step2: 1 });
    // u = -1 although the gradient is large, m = -0.25, mhat = -1/3
    expect((await numbers(first))[0]).toBeCloseTo(-0.25, 6);
    expect((await numbers(w))[0]).toBeCloseTo(0.9 + 0.1 / 3, 6);
  });
});

describe('normalisation, softmax and loss', () => {
  test('batch normalisation through its statistics: gradients are difference quotients', async () => {
    const [rows, channels] = [6, 2];
    const x = pattern(12, 7).map((value) => value / 2);
    const weights = pattern(12, 8);
    const [gamma, beta] = [from([1.5, -0.5]), from([0.1, 0.2])];
    const shape = { rows, channels, epsilon: 1e-3, activation: 'none' } as const;
    const [mean, variance, y] = [backend.allocate(2), backend.allocate(2), backend.allocate(12)];
    const value = async (data: number[]): Promise<number> => {
      const input = from(data);
      backend.batchStatistics(input, mean, variance, rows, channels);
      backend.batchNormForward(input, mean, variance, gamma, beta, null, y, shape);
      return (await numbers(y)).reduce((sum, out, i) => sum + out * weights[i], 0);
    };
    await value(x);
    const [dx, dgamma, dbeta] = [backend.allocate(12), backend.allocate(2), backend.allocate(2)];
    const through = { ...shape, throughStatistics: true };
    const dy = from(weights);
    backend.batchNormBackward(from(x), mean, variance, gamma, beta, y, dy, dx, dgamma, dbeta, null, through);
    const found = await numbers(dx);
    for (let i = 0; i < 12; i++) {
      const moved = (by: number): number[] => x.map((v, k) => (k === i ? v + by : v));
      const quotient = ((await value(moved(1 / 64))) - (await value(moved(-1 / 64)))) * 32;
      expect(found[i]).toBeCloseTo(quotient, 1);
    }
    expect((await numbers(dbeta))[0]).toBeCloseTo(
      weights.filter((_, i) => i % 2 === 0).reduce((a, b) => a + b),
      5,
    );
  });

  test('layer normalisation has mean 0 and deviation 1 and its gradient is orthogonal to both', async () => {
    const [rows, columns] = [3, 8];
    const x = from(pattern(24, 9));
    const [gamma, beta] = [from(new Float32Array(8).fill(1)), from(new Float32Array(8))];
    const [y, mean, inverse] = [backend.allocate(24), backend.allocate(3), backend.allocate(3)];
    backend.layerNormForward(x, gamma, beta, y, mean, inverse, rows, columns, 0);
    const [dx, dgamma, dbeta] = [backend.allocate(24), backend.allocate(8), backend.allocate(8)];
    const dy = from(pattern(24, 10));
    backend.layerNormBackward(x, gamma, mean, inverse, dy, dx, dgamma, dbeta, rows, columns);
    const [out, gradient] = [await numbers(y), await numbers(dx)];
    for (let i = 0; i < rows; i++) {
      const row = out.slice(i * 8, i * 8 + 8);
      const slope = gradient.slice(i * 8, i * 8 + 8);
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(0, 5);
      expect(row.reduce((a, b) => a + b * b, 0)).toBeCloseTo(8, 4);
      expect(slope.reduce((a, b) => a + b)).toBeCloseTo(0, 5);
      expect(slope.reduce((a, b, k) => a + b * row[k], 0)).toBeCloseTo(0, 4);
    }
  });

  test('softmax of logarithms is their share; a row masked altogether is zero', async () => {
    const y = backend.allocate(6);
    const x = from([Math.log(1), Math.log(2), Math.log(5), 1, 2, 3]);
    const never = Number.NEGATIVE_INFINITY;
    backend.softmaxForward(x, from([0, 0, 0, never, never, never]), y, 2, 3, 2, 1);
    const found = await numbers(y);
    expectClose(found, [0.125, 0.25, 0.625, 0, 0, 0], 6);
  });

  test('cross-entropy of uniform logits is log of the classes, whatever the target', async () => {
    const [losses, dlogits] = [backend.allocate(1), backend.allocate(4)];
    backend.crossEntropy(from([3, 3, 3, 3]), from([0.1, 0.2, 0.7, 0]), losses, dlogits, 1, 4);
    expect((await numbers(losses))[0]).toBeCloseTo(Math.log(4), 6);
    const found = await numbers(dlogits);
    expectClose(found, [0.15, 0.05, -0.45, 0.25], 6);
  });
});

describe('memory', () => {
  test('unwritten memory reads as NaN, so that relying on it shows', async () => {
    const scope = backend.openScope();
    backend.write(backend.allocate(5), [1, 2, 3, 4, 5]);
    scope.close();
    expect(await numbers(backend.allocate(5))).toEqual(Array(5).fill(Number.NaN));
  });

  test('write at an offset, read a copy', async () => {
    const buffer = from([1, 2, 3]);
    const before = await backend.read(buffer);
    backend.write(buffer, [9], 1);
    expect(Array.from(before)).toEqual([1, 2, 3]);
    expect(await numbers(buffer)).toEqual([1, 9, 3]);
  });
});
