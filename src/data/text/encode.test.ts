import { expect, test } from 'vitest';
import { encodePairs } from './encode.ts';
import { openTranslation } from './open.ts';
import { joinOrigins, originOf, placeOf, placesOf, takeOrigin } from './origin.ts';
import { Subwords } from './subwords.ts';
import { folderMaker, many } from './testing/folder.ts';

const folder = folderMaker();
const LONG = 'Dog '.repeat(9);

const markup = (...sentences: string[]) => sentences.map((text, i) => `<seg id="${i + 1}">${text}</seg>`);

async function open(files: Record<string, string[]>, source = 'parallel', options = {}) {
  const set = await openTranslation(`${source}:${await folder(files)}`, { pair: 'en-de', ...options });
  const { pair, train } = set;
  const subwords = new Subwords(Subwords.learn(train, { pair, merges: 40 }));
  const encode = (name: 'train' | 'valid' | 'test', beyond: 'leave out' | 'refuse') =>
    encodePairs(set[name], subwords, { pair, name, longest: 8, beyond });
  return { set, encode };
}

test('a sentence that is too long is named by the line of its file, whatever was left out before it', async () => {
  const valid = { from: many('Dog', 20), to: many('Hund', 20) };
  valid.from[1] = '';
  valid.to[6] = 'Hund '.repeat(9);
  const { encode } = await open({
    ...{ 'train.en': many('Dog', 30), 'train.de': many('Hund', 30) },
    ...{ 'valid.en': valid.from, 'valid.de': valid.to },
    'IWSLT16.TED.tst2010.en-de.en.xml': markup('Dog 1.', '', 'Dog 2.', LONG),
    'IWSLT16.TED.tst2010.en-de.de.xml': markup('Hund 1.', 'Hund 2.', 'Hund 2.', 'Hund 1.'),
  });
  expect(() => encode('valid', 'refuse')).toThrow(
    /^valid, line 7 of \S+valid\.de \("Hund .*"\) takes \d+ subwords, but at most 8 fit/,
  );
  expect(() => encode('test', 'refuse')).toThrow(
    /^test, sentence 4 of \S+tst2010\.en-de\.en\.xml \("Dog .*"\)/,
  );
});

test('what training leaves out is named by the lines of its files, of joined corpora and held-out parts too', async () => {
  const from = [...many('Dog', 10), LONG, '', ...many('Dog', 28)];
  const files = {
    ...{ 'europarl-v7.de-en.en': from, 'europarl-v7.de-en.de': from.with(11, 'Hund') },
    ...{ 'commoncrawl.de-en.en': from.toReversed(), 'commoncrawl.de-en.de': from.toReversed() },
  };
  const { set, encode } = await open(files, 'wmt14-ende');
  const named = (['train', 'valid', 'test'] as const).flatMap((part) => {
    const { origin, from: kept } = set[part];
    const found = kept.map((text, i) => [text, origin && placeOf(origin, i, 'from')]);
    for (const [text, place] of found) {
      const [, line, file] = /^line (\d+) of \S+\/(\S+)$/.exec(`${place}`) ?? [];
      expect(text).toBe(files[file as keyof typeof files][Number(line) - 1].trim());
    }
    return found.map(([, place]) => place);
  });
  expect(new Set(named).size).toBe(2 * 39); // every pair but the empty ones, each once
  const { notes } = encode('train', 'leave out');
  expect(notes[0]).toMatch(
    /^train: 2 of \d+ .* out \(\S+europarl\S+en and \S+europarl\S+de, line 11; \S+commoncrawl\S+en and \S+de, line 30\)\.$/,
  );
});

test('pairs of no file keep their numbers', () => {
  const pairs = { from: ['a', LONG], to: ['a', 'a'] };
  const pair = { from: 'en', to: 'de' };
  const subwords = new Subwords(Subwords.learn(pairs, { pair, merges: 0 }));
  const options = { pair, name: 'valid', longest: 8 } as const;
  expect(() => encodePairs(pairs, subwords, options)).toThrow(/^valid, sentence pair 2 \("Dog /);
  const { notes, indices } = encodePairs(pairs, subwords, { ...options, beyond: 'leave out' });
  expect(notes[0]).toMatch(/left out \(pair 2\)\.$/);
  expect([...indices]).toEqual([0]);
});

test('origins are taken and joined with their files', () => {
  const a = originOf({ from: 'a.en', to: 'a.de', counts: 'line' }, [1, 3, 4]);
  const b = originOf({ from: 'b.en', to: 'b.de', counts: 'sentence' }, [2, 9]);
  const joined = joinOrigins([a, joinOrigins([b, a])]);
  if (joined === undefined) expect.unreachable();
  const taken = takeOrigin(joined, [7, 4, 0]);
  expect([0, 1, 2].map((i) => placeOf(taken, i, 'to'))).toEqual([
    ...['line 4 of a.de', 'sentence 9 of b.de', 'line 1 of a.de'],
  ]);
  expect(placesOf(joined, [1, 2, 3])).toBe('a.en and a.de, lines 3, 4; b.en and b.de, sentence 2');
  expect(joinOrigins([a, undefined])).toBeUndefined();
});
