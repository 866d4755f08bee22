import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenSubwords } from './given.ts';
import { UNK } from './special.ts';
import { Subwords } from './subwords.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'given-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function file(name: string, ...lines: string[]): Promise<string> {
  await writeFile(join(root, name), `${lines.join('\n')}\n`);
  return join(root, name);
}

const pair = { from: 'en', to: 'de' };
const pieces = (subwords: Subwords, text: string) =>
  [...subwords.encode(text)].map((id) => (id === UNK ? '?' : subwords.piece(id))).join(' ');

const MERGES = ['l o', 'lo w', 'e r</w>', 'low er</w>'];

test('subword-nmt 0.2: what the vocabulary lacks is undone merge by merge, derived by hand', async () => {
  const codes = await file('codes', '#version: 0.2', ...MERGES);
  const vocabulary = await file('vocabulary', 'low@@ 9', 'er 8', 'lo@@ 2', 'w 2', 'w@@ 2', 'e@@ 1', 'r 1');
  const all = new Subwords(await givenSubwords({ pair, codes, vocabulary }));
  expect(all.size).toBe(4 + 7);
  // l o w e r</w> -> lo w e r</w> -> low e r</w> -> low er</w> -> lower</w>, which is not there: low er</w>
  expect(pieces(all, 'lower')).toBe('low@@ er');
  // l o w</w> -> lo w</w>
  expect(pieces(all, 'low')).toBe('lo@@ w');
  // from 2 on, e@@ and r are gone: er is there, but h is not even a character of it
  const some = new Subwords(await givenSubwords({ pair, codes, vocabulary, threshold: 2 }));
  expect(some.size).toBe(4 + 5);
  expect(pieces(some, 'lower')).toBe('low@@ er');
  // from 3 on lo@@ and w are gone as well; e r</w> of "her" is er
  const few = new Subwords(await givenSubwords({ pair, codes, vocabulary, threshold: 3 }));
  expect(pieces(few, 'her')).toBe('? er');
  // lo is neither there nor are l and o; w ends the word
  expect(pieces(few, 'low')).toBe('? ? ?');
  // below 9 er is gone: it was e and r, which are gone too
  const one = new Subwords(await givenSubwords({ pair, codes, vocabulary, threshold: 9 }));
  expect(pieces(one, 'lower')).toBe('low@@ ? ?');
});

test('fastBPE: merges with counts', async () => {
  const codes = await file('fast', 'e r</w> 83', 'l o 40', 'lo w 7');
  const text = { from: ['lower'], to: ['er'] };
  const subwords = new Subwords(await givenSubwords({ pair, codes, text }));
  expect(subwords.model.end).toBe('joined');
  expect(pieces(subwords, 'lower er')).toBe('low@@ er er');
});

test('subword-nmt 0.1: the end of a word is a symbol of its own, derived by hand', async () => {
  const codes = await file('first', 'e r', 'er </w>', 'l o');
  const vocabulary = await file('first-words', 'lo@@ 3', 'w@@ 3', 'w 2', 'er@@ 2', 'e@@ 1', 'r 1', 's 1');
  const subwords = new Subwords(await givenSubwords({ pair, codes, vocabulary }));
  expect(subwords.model.end).toBe('apart');
  // l o w </w>: the mark is put to nothing
  expect(pieces(subwords, 'low')).toBe('lo@@ w');
  // l o w e r s </w>: er within the word
  expect(pieces(subwords, 'lowers')).toBe('lo@@ w@@ er@@ s');
  // l o w e r </w> -> er </w> -> er</w>, which is not there: e r
  expect(pieces(subwords, 'lower')).toBe('lo@@ w@@ e@@ r');
  expect(subwords.decode(subwords.encode('lower lowers low'))).toBe('lower lowers low');
});

test('a vocabulary with escapes makes the text escaped, and decoding undoes it', async () => {
  const codes = await file('escaped', '#version: 0.2', '& a', 'p o', 'po s', '&a pos', '&apos ;</w>');
  const vocabulary = await file('escaped-words', 'I@@ 1', 'I 1', '&apos; 1', 'm 1', '" 1', '&apos 1', ';m 1');
  const subwords = new Subwords(await givenSubwords({ pair: { from: 'de', to: 'de' }, codes, vocabulary }));
  expect(pieces(subwords, "I'm")).toBe('I &apos; m');
  expect(subwords.decode(subwords.encode("I 'm"))).toContain("'");
});

test('white space other than U+0020 is part of a symbol, as subword-nmt and fastBPE split', async () => {
  const odd = ['\u00a0', '\ufeff', '\u2009', '\u3000', '\u0085'];
  const merges = odd.flatMap((sign) => [`${sign} a`, `b ${sign}</w>`]);
  const codes = await file('odd', '#version: 0.2', ...merges);
  const words = odd.flatMap((sign) => [sign, `${sign}a@@`, `b${sign}`]);
  const vocabulary = await file('odd-words', 'b@@ 9', ...words.map((word) => `${word} 3`));
  const model = await givenSubwords({ pair, codes, vocabulary });
  expect(model.merges).toEqual(merges);
  expect(model.vocabulary).toEqual(['b@@', ...words]);
  const windows = await file('windows', '#version: 0.2\r', ...merges.map((merge) => ` ${merge} \r`));
  expect((await givenSubwords({ pair, codes: windows, vocabulary })).merges).toEqual(merges);
});

test('files of another form are refused with file and line', async () => {
  const bytes = await file('bytes', '#version: 0.2 byte', 'a b');
  await expect(givenSubwords({ pair, codes: bytes })).rejects.toThrow(
    /bytes holds merges of version 0.2 byte/,
  );
  const broken = await file('broken', '#version: 0.2', 'a b', 'a b c');
  await expect(givenSubwords({ pair, codes: broken })).rejects.toThrow(/broken, line 3: .*got "a b c"/);
  const codes = await file('good', '#version: 0.2', 'a b');
  await expect(givenSubwords({ pair, codes })).rejects.toThrow(/needs a file or training text/);
  const twice = await file('twice', 'a 3', 'b 2', 'a 1');
  await expect(givenSubwords({ pair, codes, vocabulary: twice })).rejects.toThrow(
    /twice, line 3: .*"a" stands there twice/,
  );
  const rare = await file('rare', 'a 3', 'b 2');
  await expect(givenSubwords({ pair, codes, vocabulary: rare, threshold: 50 })).rejects.toThrow(
    /seen 50 times/,
  );
});
