/**
 * The adder's fast forms (native/tile.h) hold their error bounds on any input, because tiles where they would not are
 * computed again in the plain form. With u = 2^-24 and k terms:
 *
 *   forward         sum |x - w| = 2 sum max(x, w) - sum x - sum w          error <= 12 k u sum |x - w|
 *   input gradient  sum clamp(w - x) g = sum clamp(w, x +- 1) g - x sum g    error <= 27 k u sum |g|
 */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import type { Backend } from './backend.ts';
import { availableBackends, openBackend } from './open.ts';

const U = 2 ** -24;
const TINY = 2 ** -149;

interface Input {
  readonly rows: number;
  readonly k: number;
  readonly columns: number;
  /** x [rows, k], w [k, columns], g [rows, columns]. */
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly g: Float32Array;
}

interface Drawn {
  readonly rows: number;
  readonly k: number;
  readonly columns: number;
  readonly seed: number;
  readonly offset: number;
  readonly scale: number;
  readonly special: number | null;
}

function draw({ rows, k, columns, seed, offset, scale, special }: Drawn): Input {
  const random = Random.fromSeed(seed);
  const values = (length: number, around: number, width: number) =>
    Float32Array.from({ length }, () => around + width * random.normal());
  const x = values(rows * k, offset, scale);
  const w = values(k * columns, offset, scale);
  if (special !== null) {
    x[random.integer(x.length)] = special;
    w[random.integer(w.length)] = special;
  }
  return { rows, k, columns, x, w, g: values(rows * columns, 0, 1) };
}

const drawn = fc.record({
  rows: fc.integer({ min: 1, max: 13 }),
  k: fc.integer({ min: 1, max: 150 }),
  columns: fc.integer({ min: 1, max: 40 }),
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  offset: fc.constantFrom(0, 0, 1, -3, 20, 1e3, -1e5, 1e7, 1e30),
  scale: fc.constantFrom(0, 1e-42, 1e-38, 1e-3, 1, 1, 5, 100, 1e36),
  special: fc.constantFrom(null, null, null, Infinity, -Infinity, NaN, 0, -0, 3e38, 1e-44),
});

/** The exact result, and what its error may be measured against. */
function forwardOf({ rows, k, columns, x, w }: Input): Float64Array {
  const sums = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let q = 0; q < k; q++) sums[i * columns + j] += Math.abs(x[i * k + q] - w[q * columns + j]);
  return sums;
}

function shapeOf({ rows, k, columns }: Input) {
  return { n: rows, h: 1, w: 1, c: k, r: 1, s: 1, m: columns, stride: 1, pad: 0, groups: 1, e: 1, f: 1 };
}

async function run(backend: Backend, input: Input): Promise<{ y: Float32Array; dx: Float32Array }> {
  const scope = backend.openScope();
  try {
    const of = (data: Float32Array) => {
      const buffer = backend.allocate(data.length);
      backend.write(buffer, data);
      return buffer;
    };
    const [x, w, g] = [of(input.x), of(input.w), of(input.g)];
    const y = backend.allocate(input.g.length);
    const dx = backend.allocate(input.x.length);
    backend.adderForward(x, w, y, shapeOf(input));
    backend.adderInputGradient(x, w, g, dx, shapeOf(input));
    return { y: (await backend.read(y)) as Float32Array, dx: (await backend.read(dx)) as Float32Array };
  } finally {
    scope.close();
  }
}

/** Where `found` leaves the bound: the first place, or undefined. */
function forwardBreach(input: Input, found: ArrayLike<number>): string | undefined {
  const sums = forwardOf(input);
  for (let i = 0; i < sums.length; i++) {
    const [sum, y] = [sums[i], -found[i]];
    if (Number.isNaN(sum) !== Number.isNaN(y)) return `${i}: ${y} for ${sum}`;
    if (Number.isNaN(sum)) continue;
    if (sum > 3.4e38) {
      if (!(y > 3.3e38)) return `${i}: ${y} for ${sum}`;
      continue;
    }
    if (Math.abs(y - sum) > 12 * (input.k + 1) * U * sum + 2 * input.k * TINY) return `${i}: ${y} for ${sum}`;
  }
  return undefined;
}

function gradientBreach({ rows, k, columns, x, w, g }: Input, found: ArrayLike<number>): string | undefined {
  for (let i = 0; i < rows; i++)
    for (let q = 0; q < k; q++) {
      let [sum, size] = [0, 0];
      for (let j = 0; j < columns; j++) {
        const distance = Math.fround(w[q * columns + j] - x[i * k + q]);
        sum += Math.max(-1, Math.min(1, distance)) * g[i * columns + j];
        size += Math.abs(g[i * columns + j]);
      }
      const dx = found[i * k + q];
      if (Number.isNaN(sum) !== Number.isNaN(dx)) return `${i}, ${q}: ${dx} for ${sum}`;
      if (Math.abs(dx - sum) > 27 * (columns + 1) * U * size + TINY) return `${i}, ${q}: ${dx} for ${sum}`;
    }
  return undefined;
}

const presences = await availableBackends();
for (const { name, present, reason } of presences) {
  if (name === 'webgpu') continue; // WGSL lets a GPU take denormals for 0
  describe.skipIf(!present)(`backend ${name} (${reason})`, async () => {
    const backend = await openBackend(present ? name : 'reference');
    afterAll(() => backend.dispose());

    test('common offsets, denormals, infinities, NaN: every result within its bound', async () => {
      await fc.assert(
        fc.asyncProperty(drawn, async (choice) => {
          const input = draw(choice);
          const { y, dx } = await run(backend, input);
          expect(forwardBreach(input, y), 'forward').toBeUndefined();
          expect(gradientBreach(input, dx), 'input gradient').toBeUndefined();
        }),
        { numRuns: 300, seed: 11 },
      );
    });
  });
}

describe('when the maximum form alone would not do', () => {
  /** The form without its check, in single precision. */
  function maximumForm({ rows, k, columns, x, w }: Input): Float32Array {
    const y = new Float32Array(rows * columns);
    const f = Math.fround;
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let [maxima, xs, ws] = [0, 0, 0];
        for (let q = 0; q < k; q++) {
          const [a, b] = [x[i * k + q], w[q * columns + j]];
          maxima = f(maxima + Math.max(a, b));
          xs = f(xs + a);
          ws = f(ws + b);
        }
        y[i * columns + j] = -f(f(f(2 * maxima) - xs) - ws);
      }
    return y;
  }
  const common = { rows: 6, k: 100, columns: 16, seed: 3, scale: 1, special: null };

  test('centred numbers are within the bound', () => {
    const input = draw({ ...common, offset: 0 });
    expect(forwardBreach(input, maximumForm(input))).toBeUndefined();
  });

  test.each([1e4, -1e6])('a common offset of %d is not', (offset) => {
    const input = draw({ ...common, offset });
    expect(forwardBreach(input, maximumForm(input))).toBeDefined();
  });

  test('an infinite sum would be NaN', () => {
    const input = draw({ ...common, offset: 0, special: Infinity });
    expect(forwardBreach(input, maximumForm(input))).toBeDefined();
  });
});
