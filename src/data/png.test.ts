import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { drawGlyphs } from './glyphs/glyphs.ts';
import { loadSharp } from './image.ts';
import { contactSheet, encodePng } from './png.ts';

test('the chunks are those of the standard and the pixels come back', () => {
  const pixels = Uint8Array.from({ length: 12 }, (_, i) => 20 * i);
  const png = encodePng({ height: 2, width: 2, channels: 3, pixels });
  expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
  expect(png.subarray(12, 33).toString('latin1')).toContain('IHDR');
  expect([png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]]).toEqual([2, 2, 8, 2]);
  const length = png.readUInt32BE(33);
  expect([...inflateSync(png.subarray(41, 41 + length))]).toEqual([
    0,
    ...pixels.subarray(0, 6),
    0,
    ...pixels.subarray(6),
  ]);
  expect(png.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082'); // the IEND chunk of every PNG
});

test('refuses pixels that do not fit', () => {
  expect(() => encodePng({ height: 2, width: 2, channels: 2, pixels: new Uint8Array(8) })).toThrow(
    /1, 3 or 4 channels/,
  );
  expect(() => encodePng({ height: 2, width: 2, channels: 1, pixels: new Uint8Array(5) })).toThrow(/5 bytes/);
});

const sharp = await loadSharp().catch((error) => {
  console.log(`reading PNG back: skipped, ${error.message}`);
  return undefined;
});
test.skipIf(sharp === undefined)('a contact sheet is read back by another decoder', async () => {
  const { train } = drawGlyphs({ train: 12, test: 1 });
  const sheet = contactSheet(train, [0, 5, 11], 2);
  expect([sheet.height, sheet.width]).toEqual([62, 62]);
  const { data, info } = await sharp!(encodePng(sheet))
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.height, info.width]).toEqual([62, 62]);
  expect(Buffer.compare(data, sheet.pixels)).toBe(0);
  expect(sheet.pixels[2 * 62 + 32]).toBe(train.pixels[5 * 784]);
});
