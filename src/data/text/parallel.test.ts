import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { isTranslationSource, openTranslation } from './open.ts';
import { folderMaker, many } from './testing/folder.ts';

const folder = folderMaker();
const open = async (files: Parameters<typeof folder>[0], options = {}) =>
  openTranslation(`parallel:${await folder(files)}`, options);

const whole = {
  'train.en': ['A dog runs.', 'Two cats sleep.'],
  'train.de': ['Ein Hund läuft.', 'Zwei Katzen schlafen.'],
  'val.en.gz': gzipSync('One bird sings.\n'),
  'val.de.gz': gzipSync('Ein Vogel singt.\n'),
  'test_2016_flickr.en': ['It rains.'],
  'test_2016_flickr.de': ['Es regnet.'],
};

test('reads train, val and test_..., .gz or not, and takes the only two languages, English first', async () => {
  const set = await open(whole);
  expect(set).toMatchObject({ kind: 'translation', pair: { from: 'en', to: 'de' } });
  expect(set.train).toMatchObject({ from: whole['train.en'], to: whole['train.de'] });
  expect(set.valid).toMatchObject({ from: ['One bird sings.'], to: ['Ein Vogel singt.'] });
  expect(set.test).toMatchObject({ from: ['It rains.'], to: ['Es regnet.'] });
  expect(set.notes).toEqual([
    expect.stringMatching(/en is translated to de, the two languages there; --pair de-en for the other way/),
  ]);
  const back = await open(whole, { pair: 'de-en' });
  expect(back.train).toMatchObject({ from: whole['train.de'], to: whole['train.en'] });
  expect(back.notes).toEqual([]);
});

test('of a packed file that is longer than what is asked for, the rest is only counted', async () => {
  const numbered = (word: string) =>
    Array.from({ length: 20_000 }, (_, i) => `${word} ${(i * 7919) % 10_007}`);
  const packed = (word: string) => gzipSync(numbered(word).join('\n'));
  const { 'train.en': _en, 'train.de': _de, ...others } = whole;
  const files = { ...others, 'train.en.gz': packed('Dog'), 'train.de.gz': packed('Hund') };
  const set = await open(files, { limit: 3 });
  expect(set.train).toMatchObject({ from: numbered('Dog').slice(0, 3), to: numbered('Hund').slice(0, 3) });
});

test.each([
  ['a line more', `${many('Hund', 20_001).join('\n')}\n`, 20_001],
  ['a line more without its end', `${many('Hund', 20_000).join('\n')}\nHund`, 20_001],
  ['a line less', `${many('Hund', 19_999).join('\n')}\n`, 19_999],
])('files of unequal length are refused whatever the limit: %s', async (_, text, lines) => {
  const counts = new RegExp(`train.en has 20000 lines and .*train.de.* has ${lines}, but one by one`);
  for (const [limit, longer] of [
    [3, ''],
    [19_999, ''],
    [3, ` ${'x'.repeat(200)}`], // of several chunks
  ] as const) {
    const files = {
      ...whole,
      'train.en': many('Dog', 20_000).map((line) => line + longer),
      'train.de': Buffer.from(text.replaceAll('.', `${longer}.`)),
    };
    await expect(open(files, { limit })).rejects.toThrow(counts);
  }
});

test('three languages need a pair; a language that is not there is named with those that are', async () => {
  const files = { ...whole, 'train.fr': ['Un chien court.', 'Deux chats dorment.'] };
  await expect(open(files)).rejects.toThrow(/but has files in de, en, fr; choose two of them with --pair/);
  await expect(open(files, { pair: 'en-es' })).rejects.toThrow(
    /must hold text in es, but has files in de, en, fr/,
  );
  await expect(open(files, { pair: 'en-en' })).rejects.toThrow(/two different codes/);
  const french = { 'val.fr': ['Un oiseau.'], 'test_2016_flickr.fr': ['Il pleut.'] };
  const set = await open({ ...files, ...french }, { pair: 'fr-de' });
  expect(set.train).toMatchObject({ from: files['train.fr'], to: files['train.de'] });
  await expect(open({ 'README.md': ['none'] })).rejects.toThrow(
    /but has no text files; put train.FROM and train.TO/,
  );
});

test('missing sets are held out of the training text by the seed, and a note says so', async () => {
  const files = { 'train.en': many('Dog', 100), 'train.de': many('Hund', 100) };
  const set = await open(files, { seed: 1 });
  expect([set.train.from.length, set.valid.from.length, set.test.from.length]).toEqual([90, 5, 5]);
  expect(set.notes.slice(1)).toEqual([
    expect.stringMatching(/has no valid files: 5 of 100 training pairs are held out instead \(seed 1\)/),
    expect.stringMatching(/has no test files: 5 of 100 training pairs are held out instead/),
  ]);
  const all = [...set.train.from, ...set.valid.from, ...set.test.from];
  expect(new Set(all)).toEqual(new Set(files['train.en']));
  for (const { from, to } of [set.train, set.valid, set.test]) {
    expect(from.map((line) => line.replace('Dog', 'Hund'))).toEqual(to);
  }
  expect((await open(files, { seed: 1 })).valid.from).toEqual(set.valid.from);
  expect((await open(files, { seed: 2 })).valid.from).not.toEqual(set.valid.from);
});

test('of several test sets the plainest name is taken, and the others are named', async () => {
  const set = await open({ ...whole, 'test_2017.en': ['Other.'], 'test_2017.de': ['Anderes.'] });
  expect(set.test.from).toEqual(['It rains.']);
  expect(set.notes[1]).toMatch(
    /test_2016_flickr.en is the test set; test_2017.en and their like stay unused/,
  );
});

test('files of unequal length are refused with both counts', async () => {
  const files = { ...whole, 'train.de': ['Ein Hund läuft.'] };
  await expect(open(files)).rejects.toThrow(/train.en has 2 lines and .*train.de has 1, but one by one/);
});

test('pairs with an empty line are left out, counted and named; too many are an error', async () => {
  const from = many('Dog', 40);
  const to = many('Hund', 40);
  from[4] = '';
  to[9] = '   ';
  const set = await open({ ...whole, 'train.en': from, 'train.de': to });
  expect(set.train.from).toHaveLength(38);
  expect(set.train.to[4]).toBe('Hund 5.');
  expect(set.notes[1]).toMatch(
    /train.de: 2 of 40 sentence pairs have an empty line and are left out \(lines 5, 10\)/,
  );
  for (let i = 0; i < 7; i++) from[20 + i] = '';
  const doubtful = open({ ...whole, 'train.en': from, 'train.de': to });
  await expect(doubtful).rejects.toThrow(
    /9 of 40 .*\(lines 5, 10, 21, 22, 23 and 4 more\), but at most a tenth/,
  );
});

test('invalid UTF-8 is refused with file and line', async () => {
  const bytes = Buffer.concat([Buffer.from('Gut.\nSchön.\nL'), Buffer.of(0xe4), Buffer.from('uft.\nEnde.')]);
  const refused = open({ ...whole, 'train.de': bytes });
  await expect(refused).rejects.toMatchObject({ code: 'data', fields: { line: 3 } });
  await expect(refused).rejects.toThrow(/line 3 of .*train.de must be UTF-8/);
  const { 'train.de': _, ...others } = whole;
  const packed = open({ ...others, 'train.de.gz': gzipSync(bytes) });
  await expect(packed).rejects.toMatchObject({ code: 'data', fields: { line: 3 } });
  await expect(packed).rejects.toThrow(/line 3 of .*train.de.gz must be UTF-8/);
});

test('Windows line ends and a byte order mark are taken off, with a note', async () => {
  const set = await open({
    ...whole,
    'train.de': Buffer.from('\ufeffEin Hund läuft.\r\nZwei Katzen schlafen.\r\n'),
  });
  expect(set.train.to).toEqual(whole['train.de']);
  expect(set.notes.slice(1).join(' ')).toMatch(/train.de: the byte order mark.*train.de: Windows line ends/);
});

test('empty, cut-off and missing files are refused by name', async () => {
  await expect(open({ ...whole, 'val.de.gz': gzipSync('') })).rejects.toThrow(
    /val.de.gz must hold one sentence a line, but is empty/,
  );
  const cut = gzipSync(many('Hund', 500).join('\n')).subarray(0, 200);
  await expect(open({ ...whole, 'val.de.gz': cut })).rejects.toThrow(/val.de.gz is damaged or cut off/);
  await expect(open({ 'test.en': ['a'], 'test.de': ['a'] })).rejects.toThrow(
    /must hold training text in en and de/,
  );
  await expect(openTranslation('parallel:/nowhere/at/all')).rejects.toThrow(/but it does not exist/);
});

test('long sentences are left out of training and kept in what is scored; both are counted', async () => {
  const long = 'very '.repeat(12).trim();
  const files = { ...whole, 'train.en': ['A dog runs.', long], 'test_2016_flickr.en': [long] };
  const set = await open(files, { longest: 10 });
  expect(set.train.from).toEqual(['A dog runs.']);
  expect(set.test.from).toEqual([long]);
  expect(set.notes.slice(1)).toEqual([
    expect.stringMatching(
      /train.de: 1 of 2 sentence pairs are longer than 10 words and are left out \(line 2\)/,
    ),
    expect.stringMatching(/test_2016_flickr.de: 1 of 1 sentence pairs are longer than 10 words and are kept/),
  ]);
});

test('a limit takes the first lines of the training text only', async () => {
  const set = await open(whole, { limit: 1 });
  expect(set.train.from).toEqual(['A dog runs.']);
  expect(set.test.from).toHaveLength(1);
  await expect(open(whole, { limit: 0 })).rejects.toThrow(/limit on training pairs must be a positive/);
});

test('tokenised, escaped text and text in subwords is put together again, and a note says so', async () => {
  const set = await open({
    ...whole,
    'train.en': ['It &apos;s a well @-@ known do@@ g , isn &apos;t it ?', 'Two &quot; c@@ ats &quot; .'],
    'train.de': ['Das ist ein Hund , oder ?', 'Zwei Katzen , ja .'],
  });
  expect(set.train.from).toEqual(["It's a well-known dog, isn't it?", 'Two "cats".']);
  expect(set.train.to).toEqual(['Das ist ein Hund, oder?', 'Zwei Katzen, ja.']);
  expect(set.notes[1]).toMatch(/train.en is split into subwords \(@@\) and tokenised .* that was undone/);
  expect(set.notes[2]).toMatch(/train.de is tokenised/);
});

test('seg elements of IWSLT and WMT files are read, and their entities', async () => {
  const markup = (sentences: string[]) => [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<mteval><srcset setid="iwslt2016-tst2010" srclang="german">',
    '<doc docid="805"><title>No part of the test</title>',
    ...sentences.map((text, i) => `<seg id="${i + 1}"> ${text} </seg>`),
    '</doc></srcset></mteval>',
  ];
  const files = {
    ...whole,
    'IWSLT16.TED.tst2010.en-de.en.xml': markup(['Cats &amp; dogs.', 'Rain &#8211; &lt;now&gt;']),
    'IWSLT16.TED.tst2010.en-de.de.xml': markup(['Katzen und Hunde.', 'Regen']),
  };
  const { 'test_2016_flickr.en': _en, 'test_2016_flickr.de': _de, ...rest } = files;
  const set = await open(rest);
  expect(set.test).toMatchObject({
    from: ['Cats & dogs.', 'Rain – <now>'],
    to: ['Katzen und Hunde.', 'Regen'],
  });
  const broken = { ...rest, 'IWSLT16.TED.tst2010.en-de.en.xml': ['<seg id="1">a</seg>', '<seg id="2">b'] };
  await expect(open(broken)).rejects.toThrow(/en.xml, line 2: a seg element must end/);
  const none = { ...rest, 'IWSLT16.TED.tst2010.en-de.en.xml': ['a', 'b'] };
  await expect(open(none)).rejects.toThrow(/must hold seg elements/);
});

test('what names a translation set, and what does not', async () => {
  expect(['numbers', 'parallel:x', 'wmt14-ende:', 'iwslt14:x'].every(isTranslationSource)).toBe(true);
  expect(['glyphs', 'cifar10:x', 'number'].some(isTranslationSource)).toBe(false);
  await expect(openTranslation('number')).rejects.toThrow(/no translation data.*did you mean numbers/);
  await expect(openTranslation('numbers:x')).rejects.toThrow(/takes nothing after the colon/);
  await expect(openTranslation('parallel')).rejects.toThrow(/reads a folder, but "parallel" names none/);
  await expect(openTranslation('iwslt14:')).rejects.toThrow(
    /fetch de-en.tgz of the 2014 task .*write iwslt14:FOLDER/,
  );
  await expect(openTranslation('wmt14-ende')).rejects.toThrow(
    /needs a colon.*wmt14-ende: to download the original/,
  );
});
