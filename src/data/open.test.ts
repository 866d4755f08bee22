import { expect, test } from 'vitest';
import { IMAGE_SOURCES, openDataset } from './open.ts';

test.each([
  ['glyps', undefined, /"glyps" is no image data.*did you mean glyphs\?/],
  ['cifar:/x', undefined, /did you mean cifar10\?/],
  ['zzzzzzzzzzzz', undefined, /expected one of glyphs, idx/],
  ['glyphs:hard', undefined, /glyphs takes nothing after the colon/],
  ['idx:', undefined, /names none; write idx:FOLDER, or mnist:/],
  ['folder', undefined, /write folder:FOLDER/],
  ['cifar10', undefined, /needs a colon.*cifar10: to download/],
  ['glyphs', { limit: 0 }, /limit.*positive whole number, but got 0/],
  ['glyphs', { imageSize: 1.5 }, /image size must be a positive whole number of pixels, but got 1.5/],
  ['cifar10:/x', { imageSize: 16 }, /cifar10 images come in their own size/],
] as const)('%s %o is refused with a remedy', async (source, options, sentence) => {
  const error = await openDataset(source, options).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'usage' });
  expect(error.message).toMatch(sentence);
});

test('every source says what it reads', () => {
  expect(new Set(IMAGE_SOURCES.map((source) => source.name)).size).toBe(IMAGE_SOURCES.length);
  for (const source of IMAGE_SOURCES) expect(source.reads.length).toBeGreaterThan(10);
});
