/**
 * Half precision in plain code (units: matrix-unit.test.ts): operands are rounded to binary16 as IEEE 754 says, sums are float32, gradients are not rounded. Skipped
 * with the reason where nothing plays a GPU.
 */
import { afterAll, describe, expect, test, vi } from 'vitest';
import { Random } from '../../core/random.ts';
import type { Backend, Buffer, MatmulShape } from '../backend.ts';
import { type WindowSizes, windowShape } from '../conformance/windows.ts';
import { openBackend } from '../open.ts';
import { createReference } from '../reference/reference.ts';
import { testGpu } from '../testing/gpu.ts';
import { createWebGpu } from './webgpu.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Every finite number of 16 bits that is not negative, in their order (IEEE 754, table 3.5). */
const HALVES = Array.from({ length: 0x7c00 }, (_, bits) => {
  const [exponent, digits] = [bits >> 10, bits & 1023];
  return exponent === 0 ? digits * 2 ** -24 : (1024 + digits) * 2 ** (exponent - 25);
});

/** The nearest of them, the even one of two that are equally near; infinity from half a step beyond the largest. */
function toHalf(x: number): number {
  const size = Math.abs(x);
  if (!(size < 65520)) return x - x === 0 ? Math.sign(x) * Number.POSITIVE_INFINITY : x;
  let [low, high] = [0, HALVES.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (HALVES[middle] <= size) low = middle;
    else high = middle;
  }
  const [below, above] = [HALVES[low], HALVES[low + 1] ?? 65536];
  const up = size - below > above - size || (size - below === above - size && low % 2 === 1);
  return Math.sign(x) * (up ? above : below);
}

const gpu = await testGpu();

test('only a GPU has it', async () => {
  for (const name of ['native', 'wasm', 'reference'] as const) {
    await expect(openBackend(name, { precision: 'half' })).rejects.toMatchObject({ code: 'usage' });
  }
});

describe.skipIf(!gpu.present)(gpu.reason, async () => {
  const device = gpu.device === undefined ? {} : { device: gpu.device };
  const backend = gpu.present
    ? await createWebGpu({ ...device, precision: 'half', units: false })
    : createReference();
  const reference = createReference();
  afterAll(() => backend.dispose());
  const random = Random.fromSeed('half');
  const normal = (length: number, by = 1): Float32Array =>
    Float32Array.from({ length }, () => by * random.normal());
  const on = (where: Backend, data: Float32Array): Buffer => {
    const buffer = where.allocate(data.length);
    where.write(buffer, data);
    return buffer;
  };
  const column = (m: number): MatmulShape => ({
    ...{ batch: 1, m, n: 1, k: 1, transposeA: false, transposeB: false, alpha: 1, accumulate: false },
  });

  test('it says so', () => {
    expect(backend.description).toContain('operands in half precision');
  });

  test('rounds to the nearest, ties to even, at every size', async () => {
    const ties = [2049, 2051, 4098, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65504, 65519, 65520, 1e9];
    const small = [2 ** -14, 2 ** -14 - 2 ** -25, 0.3, -0.1, 0, -3.25, 100_000];
    const drawn = Array.from({ length: 3000 }, () => random.normal() * 2 ** (random.integer(29) - 14));
    const given = Float32Array.from([...ties, ...small, ...ties.map((v) => -v), ...drawn]);
    const y = backend.allocate(given.length);
    backend.matmul(on(backend, given), on(backend, Float32Array.of(1)), y, column(given.length));
    const found = await backend.read(y);
    for (const [i, x] of given.entries()) {
      // what is subnormal in 16 bits may become 0
      if (Math.abs(x) < 2 ** -14 && found[i] === 0) continue;
      expect(found[i], `${x}`).toBe(toHalf(x));
    }
  });

  test('NaN stays one', async () => {
    const y = backend.allocate(1);
    const one = on(backend, Float32Array.of(1));
    backend.matmul(on(backend, Float32Array.of(Number.NaN)), one, y, column(1));
    expect((await backend.read(y))[0]).toBeNaN();
  });

  test('an operand that is a gradient is not rounded, however small', async () => {
    const small = 1.2345e-12;
    for (const gradient of ['a', 'b'] as const) {
      const [y, dy] = [backend.allocate(1), on(backend, Float32Array.of(small))];
      const x = on(backend, Float32Array.of(2));
      const [a, b] = gradient === 'a' ? [dy, x] : [x, dy];
      backend.matmul(a, b, y, { ...column(1), gradient });
      expect((await backend.read(y))[0] / (2 * small)).toBeCloseTo(1, 6);
    }
  });

  const SIZES: WindowSizes = { n: 2, h: 9, w: 7, c: 6, r: 3, s: 3, m: 20, stride: 1, pad: 1, groups: 1 };
  const shape = windowShape(SIZES);
  const [X, W] = [normal(2 * 9 * 7 * 6), normal(3 * 3 * 6 * 20)];
  const DY = normal(2 * 9 * 7 * 20, 1e-9);
  const rounded = (data: Float32Array): Float32Array => data.map(toHalf);
  type Launch = (where: Backend, x: Float32Array, w: Float32Array, y: Buffer) => void;
  const KERNELS: readonly (readonly [string, number, Launch])[] = [
    ['convForward', DY.length, (b, x, w, y) => b.convForward(on(b, x), on(b, w), y, shape)],
    ['adderForward', DY.length, (b, x, w, y) => b.adderForward(on(b, x), on(b, w), y, shape)],
    ['convInputGradient', X.length, (b, _, w, y) => b.convInputGradient(on(b, DY), on(b, w), y, shape)],
    ['convWeightGradient', W.length, (b, x, _, y) => b.convWeightGradient(on(b, x), on(b, DY), y, shape)],
  ];
  test.each(KERNELS)('%s is the reference of what was rounded', async (_, length, launch) => {
    const run = async (where: Backend, x: Float32Array, w: Float32Array) => {
      const y = where.allocate(length);
      launch(where, x, w, y);
      return where.read(y);
    };
    const found = await run(backend, X, W);
    const [expected, exact] = [await run(reference, rounded(X), rounded(W)), await run(reference, X, W)];
    const largest = Math.max(...exact.map(Math.abs));
    const error = (other: ArrayLike<number>) =>
      Math.max(...Array.from(found, (v, i) => Math.abs(v - other[i]))) / largest;
    expect(error(expected)).toBeLessThan(1e-6);
    expect(error(exact)).toBeGreaterThan(1e-5);
    expect(error(exact)).toBeLessThan(2e-3);
  });
});
