/** Exceptions of bit widths, from settings and files and back. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseExceptions, settledExceptions, showExceptions } from './bit-exceptions.ts';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'bits-'));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

test('are written as layers = bits of weights / bits of activations', () => {
  const exceptions = parseExceptions('stem=32, *.peg=16/8,head=/4,layer0.*=6/');
  expect(exceptions).toEqual([
    { layers: 'stem', weightBits: 32, activationBits: 32 },
    { layers: '*.peg', weightBits: 16, activationBits: 8 },
    { layers: 'head', activationBits: 4 },
    { layers: 'layer0.*', weightBits: 6 },
  ]);
  expect(parseExceptions(showExceptions(exceptions))).toEqual(exceptions);
  expect(parseExceptions('none')).toEqual([]);
  expect(showExceptions([])).toBe('none');
});

test.each(['stem', 'stem=', 'stem=/', '=8', 'stem=a', 'stem=8//4', ''])('"%s" is refused', (text) => {
  expect(() => parseExceptions(text)).toThrow(/lists layers with their bits, as in stem=32/);
});

test('a file is settled into the line that it means', () => {
  const file = join(folder, 'bits.json');
  fs.writeFileSync(file, JSON.stringify([{ layers: 'stem', weightBits: 32, activationBits: 8 }]));
  expect(settledExceptions(file)).toBe('stem=32/8');
  expect(settledExceptions('stem=32')).toBe('stem=32');
  const refused = (content: string, message: RegExp) => {
    fs.writeFileSync(file, content);
    expect(() => settledExceptions(file)).toThrow(message);
  };
  refused('[', /bits\.json' cannot be read; it should hold a list like/);
  refused('[{"layers": "stem"}]', /gives no bits at 0/);
  refused('[{"layer": "stem", "weightBits": 8}]', /is wrong at/);
  expect(() => settledExceptions(join(folder, 'none.json'))).toThrow(/cannot be read/);
});
