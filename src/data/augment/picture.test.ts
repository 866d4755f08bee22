/** The passes in Wasm against those in plain code, byte for byte, at drawn sizes and settings. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalisingTable } from '../batches.ts';
import type { Matrix, Picture } from './picture.ts';
import { PlainPicture } from './plain-picture.ts';
import { WasmPicture } from './wasm-picture.ts';

const sizes = fc.record({
  height: fc.integer({ min: 1, max: 12 }),
  width: fc.integer({ min: 1, max: 12 }),
  channels: fc.constantFrom(1, 3, 3, 4),
  seed: fc.integer(),
});

/** Bytes that depend on a seed: all values, with runs of equal ones. */
function bytes(count: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => Math.imul((i >> 1) + seed, 2654435761) >>> 24);
}

type Size = Parameters<Parameters<typeof sizes.map>[0]>[0];

/** The same picture twice, holding an image of the set. */
function twice({ height, width, channels, seed }: Size): Picture[] {
  const fast = WasmPicture.make(height, width, channels);
  if (fast === undefined) throw new Error('native/prebuilt/pictures.wasm is not there');
  const pictures = [new PlainPicture(height, width, channels), fast];
  const pixels = bytes(height * width * channels, seed);
  for (const picture of pictures) picture.data.set(pixels);
  return pictures;
}

const numbers = (least: number, most: number) => fc.double({ min: least, max: most, noNaN: true });
const shifts = fc.record({
  mirrored: fc.boolean(),
  top: fc.integer({ min: -14, max: 14 }),
  left: fc.integer({ min: -14, max: 14 }),
});
const matrices: fc.Arbitrary<Matrix> = fc.oneof(
  fc.tuple(numbers(-1, 1), numbers(-1, 1), numbers(-8, 8), numbers(-1, 1), numbers(-1, 1), numbers(-8, 8)),
  numbers(-0.3, 0.3).map((amount): Matrix => [1, amount, 0, 0, 1, 0]),
  numbers(-5, 5).map((amount): Matrix => [1, 0, 0, 0, 1, amount]),
);
const factors = fc.oneof(numbers(0, 2), fc.constantFrom(0, 1, 0.5, 2));

/** Holds both to each other after `change`. */
function same<T>(
  drawn: fc.Arbitrary<T>,
  change: (picture: Picture, setting: T, size: Size) => unknown,
): void {
  fc.assert(
    fc.property(sizes, drawn, (size, setting) => {
      const [plain, fast] = twice(size);
      expect(change(fast, setting, size)).toEqual(change(plain, setting, size));
      expect([...fast.data]).toEqual([...plain.data]);
    }),
    { numRuns: 300 },
  );
}

describe('Wasm gives the bytes of plain code', () => {
  test('place', () => {
    same(
      fc.tuple(shifts, fc.constantFrom('black' as const, 'edge' as const)),
      (picture, [shift, padding], size) => {
        const each = picture.data.length;
        const set = bytes(3 * each, size.seed + 1);
        picture.place(set, each, { ...shift, cutRow: 0, cutColumn: 0 }, padding);
      },
    );
  });

  test('lookUp and counts', () => {
    same(fc.integer(), (picture, seed) => {
      picture.lookUp(bytes(4 * 256, seed));
      return [...picture.counts()];
    });
  });

  test('lumaSum', () => same(fc.constant(0), (picture) => picture.lumaSum()));

  test('saturate', () =>
    same(factors, (picture, factor) => {
      if (picture.channels === 3) picture.saturate(factor);
    }));

  test('sharpen', () => same(factors, (picture, factor) => picture.sharpen(factor)));

  test('transform', () => same(matrices, (picture, matrix) => picture.transform(matrix, [9, 200, 30, 4])));

  test('normalise', () => {
    same(fc.integer({ min: 0, max: 9 }), (picture, at) => {
      const { channels, data } = picture;
      const table = normalisingTable(new Array(channels).fill(0.4), new Array(channels).fill(0.3));
      const images = new Float32Array(data.length + 10);
      picture.normalise(table, images, at);
      return [...images];
    });
  });
});
