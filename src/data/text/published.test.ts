import { expect, test } from 'vitest';
import { openTranslation } from './open.ts';
import { folderMaker, many } from './testing/folder.ts';

const folder = folderMaker();

const sgm = (...sentences: string[]) => [
  '<refset setid="newstest2014" srclang="any" trglang="de">',
  ...sentences.map((text, i) => `<seg id="${i + 1}">${text}</seg>`),
  '</refset>',
];

const archives = {
  'training/europarl-v7.de-en.en': ['One.', 'A very long and winding sentence that goes on.', 'Two dogs.'],
  'training/europarl-v7.de-en.de': ['Eins.', 'Kurz.', 'Zwei Hunde.'],
  'commoncrawl.de-en.en': ['Three.'],
  'commoncrawl.de-en.de': ['Drei.'],
  'training/news-commentary-v9.de-en.en.gz': ['x'],
  'training/news-commentary-v9.de-en.en': ['Four.'],
  'training/news-commentary-v9.de-en.de': ['Vier.'],
  'test/newstest2013-src.en.sgm': sgm('Valid.'),
  'test/newstest2013-src.de.sgm': sgm('Gültig.'),
  'test-full/newstest2014-deen-src.en.sgm': sgm('A test.', 'Another.'),
  'test-full/newstest2014-deen-ref.de.sgm': sgm('Ein Test.', 'Noch einer.'),
};

test("WMT'14 as its archives unpack: corpora joined, uneven pairs left out, newstest2013 and 2014", async () => {
  const { 'training/news-commentary-v9.de-en.en.gz': _, ...files } = archives;
  const place = await folder(files);
  const set = await openTranslation(`wmt14-ende:${place}`);
  expect(set.pair).toEqual({ from: 'en', to: 'de' });
  expect(set.train.from).toEqual(['One.', 'Two dogs.', 'Three.', 'Four.']);
  expect(set.train.to).toEqual(['Eins.', 'Zwei Hunde.', 'Drei.', 'Vier.']);
  expect(set.valid).toMatchObject({ from: ['Valid.'], to: ['Gültig.'] });
  expect(set.test).toMatchObject({ from: ['A test.', 'Another.'], to: ['Ein Test.', 'Noch einer.'] });
  expect(set.notes).toEqual([
    expect.stringMatching(
      /europarl.*: 1 of 3 sentence pairs have a side more than 1.5 times .* left out \(line 2\)/,
    ),
  ]);
  const back = await openTranslation(`wmt14-ende:${place}`, { pair: 'de-en', limit: 3 });
  // each of three corpora gives one line
  expect(back.train).toMatchObject({ from: ['Eins.', 'Drei.', 'Vier.'], to: ['One.', 'Three.', 'Four.'] });
  await expect(openTranslation(`wmt14-ende:${place}`, { pair: 'en-fr' })).rejects.toThrow(
    /between en and de/,
  );
});

test("WMT'14: a corpus that is missing is named; Google's preparation is read back as plain text", async () => {
  const place = await folder({
    'europarl-v7.fr-en.en': many('Dog', 60),
    'europarl-v7.fr-en.fr': many('Chien', 60),
    'newstest2012-src.en.sgm': sgm('a'),
    'newstest2012-src.fr.sgm': sgm('b'),
    'newstest2013.en': ['c'],
    'newstest2013.fr': ['d'],
  });
  const set = await openTranslation(`wmt14-enfr:${place}`);
  expect(set.valid).toMatchObject({ from: ['a', 'c'], to: ['b', 'd'] });
  expect(set.notes[0]).toMatch(/missing \(commoncrawl.fr-en.en and commoncrawl.fr-en.fr, undoc.*giga-fren/);
  expect(set.notes[1]).toMatch(/has no test files: 3 of 60/);
  const google = await folder({
    'train.tok.clean.bpe.32000.en': ['A do@@ g , a c@@ at .', 'T@@ wo do@@ gs , ok .'],
    'train.tok.clean.bpe.32000.de': ['Ein H@@ und , eine Katze .', 'Zwei H@@ unde , gut .'],
    'newstest2013.en': ['c'],
    'newstest2013.de': ['d'],
    'newstest2013.tok.en': ['c .'],
    'newstest2013.tok.de': ['d .'],
    'newstest2014.en': ['e'],
    'newstest2014.de': ['f'],
  });
  const prepared = await openTranslation(`wmt14-ende:${google}`);
  expect(prepared.train.from).toEqual(['A dog, a cat.', 'Two dogs, ok.']);
  expect(prepared.valid).toMatchObject({ from: ['c'], to: ['d'] });
  expect(prepared.test).toMatchObject({ from: ['e'], to: ['f'] });
});

const tags = (sentences: string[], title: string) => [
  '<url>http://www.ted.com/talks/x</url>',
  '<keywords>talks, y</keywords>',
  '<talkid>1</talkid>',
  `<title>${title}</title>`,
  ...sentences,
];

test("IWSLT'14: tag lines dropped, titles kept, every 23rd pair to choose with, five sets in their order to test", async () => {
  const tests = Object.fromEntries(
    ['TED.dev2010', 'TED.tst2010', 'TED.tst2011', 'TEDX.dev2012'].flatMap((name) =>
      ['de', 'en'].map((language) => [
        `de-en/IWSLT14.${name}.de-en.${language}.xml`,
        sgm(`${name} ${language}`),
      ]),
    ),
  );
  const german = many('Hund', 45);
  const english = many('Dog', 45);
  english[2] = 'This one has far more words than its other side.';
  const place = await folder({
    'de-en/train.tags.de-en.de': tags(german, 'Titel'),
    'de-en/train.tags.de-en.en': tags(english, 'Title'),
    ...tests,
  });
  const set = await openTranslation(`iwslt14:${place}`);
  expect(set.pair).toEqual({ from: 'de', to: 'en' });
  // 46 with the title, 1 uneven; the 23rd of 45 is the title, Hund 0, 1, 3 ... 22
  expect(set.valid).toMatchObject({ from: ['Hund 22.'], to: ['Dog 22.'] });
  expect(set.train.from).toHaveLength(44);
  expect(set.train.from.slice(0, 4)).toEqual(['Titel', 'Hund 0.', 'Hund 1.', 'Hund 3.']);
  expect(set.test.from).toEqual(['TED.dev2010 de', 'TEDX.dev2012 de', 'TED.tst2010 de', 'TED.tst2011 de']);
  expect(set.notes).toEqual([
    expect.stringMatching(/1 of 46 sentence pairs have a side more than 1.5 times .*\(sentence 4\)/),
    expect.stringMatching(/of the usual test set TED.tst2012 are missing/),
  ]);
  const none = await folder({ 'train.tags.de-en.de': german });
  await expect(openTranslation(`iwslt14:${none}`)).rejects.toThrow(
    /must hold train.tags.de-en.en, but does not/,
  );
});
