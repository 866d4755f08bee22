import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlainResampler } from './resample.ts';
import { resamplerOf, WasmResampler } from './wasm-resample.ts';

interface Case {
  readonly window: readonly [top: number, left: number, height: number, width: number];
  readonly size: readonly [height: number, width: number];
  readonly pixels: string;
}

const golden = JSON.parse(readFileSync(new URL('./bicubic.json', import.meta.url), 'utf8'));
const input = Uint8Array.from(Buffer.from(golden.input, 'hex'));

test.each(golden.cases as Case[])(
  `the bytes of ${golden.source}: $window to $size`,
  ({ window, size, pixels }: Case) => {
    const [top, left, height, width] = window;
    const resampler = new PlainResampler({ height: size[0], width: size[1] });
    const rows = input.subarray(top * golden.width * 3);
    const found = resampler.cut(rows, golden.width, { top, left, height, width });
    expect(Buffer.from(found).toString('hex')).toBe(pixels);
  },
);

test('the same bytes in Wasm, for parts of any place, size and shrinking', () => {
  const side = fc.integer({ min: 1, max: 70 });
  fc.assert(
    fc.property(side, side, side, side, fc.gen(), (height, width, outHeight, outWidth, draw) => {
      const top = draw(fc.integer, { min: 0, max: height - 1 });
      const left = draw(fc.integer, { min: 0, max: width - 1 });
      const window = {
        ...{ top, left },
        height: draw(fc.integer, { min: 1, max: height - top }),
        width: draw(fc.integer, { min: 1, max: width - left }),
      };
      const size = { height: outHeight, width: outWidth };
      const fast = resamplerOf(size);
      expect(fast).toBeInstanceOf(WasmResampler);
      const seed = draw(fc.integer);
      const pixels = Uint8Array.from(
        { length: height * width * 3 },
        (_, i) => Math.imul(i + seed, 2654435761) >>> 24,
      );
      const rows = pixels.subarray(top * width * 3, (top + window.height) * width * 3);
      const expected = new PlainResampler(size).cut(rows, width, window);
      for (let again = 0; again < 2; again++) expect(fast.cut(rows, width, window)).toEqual(expected);
    }),
  );
});
