/**
 * WMT'14 as its task published it, English with German and with French: training corpora that are joined, newstest
 * sets to choose and to test with. A folder may be laid out as
 *
 *   the archives unpack     training/europarl-v7.de-en.de, commoncrawl.de-en.en, test-full/newstest2014-deen-src.en.sgm
 *   Google's wmt16_en_de    train.tok.clean.bpe.32000.en, newstest2013.en, newstest2014.en
 *   HAT's preprocessed sets train.en-de.en.bin, valid.en-de.en.bin, test.en-de.en.bin, dict.en.txt
 *
 * Validation and test sets: newstest2013 and 2014 for German, 2012 with 2013 and 2014 for French (spec 7.3).
 */
import { basename } from 'node:path';
import { require_ } from '../../core/errors.ts';
import { type Aligned, alignFiles, joinAligned } from './aligned.ts';
import { type LanguagePair, pairName, parsePair, type TranslationDataset } from './pairs.ts';
import { completeSets, openParallel, type ReadOptions, readText } from './parallel.ts';
import { listPlaces, type Places } from './places.ts';

/** Names a text may have in a language, the plainest first. */
type Names = (language: string) => readonly string[];

export interface Wmt14Set {
  readonly pair: LanguagePair;
  /** Each a part of the training text. */
  readonly corpora: readonly Names[];
  /** Training text that somebody has joined and prepared. */
  readonly prepared: Names;
  readonly valid: readonly Names[];
  readonly test: Names;
}

const plain = (...stems: readonly string[]): Names => {
  return (language) => stems.map((stem) => `${stem}.${language}`);
};

const newstest = (year: number, code: string): Names => {
  const stem = `newstest${year}`;
  return (language) => [
    ...[`${stem}-${code}-src`, `${stem}-${code}-ref`, `${stem}-src`, `${stem}-ref`].map(
      (name) => `${name}.${language}.sgm`,
    ),
    ...plain(stem, `${stem}.tok`, `${stem}.tok.bpe.32000`)(language),
  ];
};

const prepared = plain('train.tok.clean.bpe.32000', 'train.tok.clean', 'train.clean');

export const WMT14_EN_DE: Wmt14Set = {
  pair: { from: 'en', to: 'de' },
  corpora: [
    plain('europarl-v7.de-en'),
    plain('commoncrawl.de-en'),
    plain('news-commentary-v9.de-en', 'news-commentary-v12.de-en'),
  ],
  prepared,
  valid: [newstest(2013, 'deen')],
  test: newstest(2014, 'deen'),
};

export const WMT14_EN_FR: Wmt14Set = {
  pair: { from: 'en', to: 'fr' },
  corpora: [
    plain('europarl-v7.fr-en'),
    plain('commoncrawl.fr-en'),
    plain('undoc.2000.fr-en'),
    plain('news-commentary-v9.fr-en'),
    plain('giga-fren.release2.fixed'),
  ],
  prepared,
  valid: [newstest(2012, 'fren'), newstest(2013, 'fren')],
  test: newstest(2014, 'fren'),
};

/** Folders that the archives unpack into. */
const BELOW = ['training', 'un', 'dev', 'test', 'test-full'];

/** As fairseq's prepare-wmt14en2de.sh cleans: a side at most 1.5 times as long as the other. */
const RATIO = 1.5;

/** Throws `usage` for another pair, `data` for a folder of none of the layouts and as its files are read. */
export async function openWmt14(
  set: Wmt14Set,
  folder: string,
  options: ReadOptions,
): Promise<TranslationDataset> {
  const pair = parsePair(options.pair ?? pairName(set.pair));
  const back = { from: set.pair.to, to: set.pair.from };
  require_(
    [pairName(set.pair), pairName(back)].includes(pairName(pair)),
    'usage',
    () =>
      `${options.source} is between ${set.pair.from} and ${set.pair.to}, but the pair is ${pairName(pair)}; take ` +
      `${pairName(set.pair)} or ${pairName(back)}`,
    { pair: pairName(pair) },
  );
  const places = await listPlaces(folder, BELOW, "WMT'14's files");
  const reader = new Reader(places, pair, options);
  const corpora = set.corpora.filter((names) => reader.has(names));
  const parts = corpora.length > 0 ? corpora : reader.has(set.prepared) ? [set.prepared] : [];
  if (parts.length === 0) return openParallel(folder, { ...options, pair: pairName(pair) });
  const notes: string[] = [];
  const missing = set.corpora.filter((names) => corpora.length > 0 && !reader.has(names));
  if (missing.length > 0) {
    const names = missing.map((of) => `${of(pair.from)[0]} and ${of(pair.to)[0]}`).join(', ');
    notes.push(`${folder}: a part of the training text is missing (${names}).`);
  }
  // of a limit each corpus gives an equal share, for the first ones are not like the others
  const limit = options.limit === undefined ? undefined : Math.ceil(options.limit / parts.length);
  const train: Aligned[] = [];
  for (const names of parts) train.push(await reader.read(names, limit, true));
  const valid: Aligned[] = [];
  for (const names of set.valid)
    if (reader.has(names)) valid.push(await reader.read(names, undefined, false));
  const sets = {
    train: joinAligned(train),
    valid: valid.length > 0 ? joinAligned(valid) : undefined,
    test: reader.has(set.test) ? await reader.read(set.test, undefined, false) : undefined,
  };
  return completeSets(options.source, pair, sets, options.seed, notes);
}

class Reader {
  private readonly places: Places;
  private readonly pair: LanguagePair;
  private readonly options: ReadOptions;

  constructor(places: Places, pair: LanguagePair, options: ReadOptions) {
    this.places = places;
    this.pair = pair;
    this.options = options;
  }

  /** Whether both languages are there. */
  has(names: Names): boolean {
    return [this.pair.from, this.pair.to].every((code) => this.places.find(names(code)) !== undefined);
  }

  async read(names: Names, limit: number | undefined, trains: boolean): Promise<Aligned> {
    const { pair, places } = this;
    const [from, to] = [pair.from, pair.to].map((language) => places.find(names(language))!);
    this.options.progress?.(`reading ${basename(from)} and ${basename(to)}`);
    return alignFiles(await readText(from, pair.from, limit), await readText(to, pair.to, limit), {
      pair,
      longest: this.options.longest,
      beyond: trains ? 'leave out' : 'keep',
      ratio: trains ? RATIO : undefined,
    });
  }
}
