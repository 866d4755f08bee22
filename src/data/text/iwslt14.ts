/**
 * IWSLT'14, German and English: TED talks, about 160,000 pairs to train with. The sets are those of fairseq's
 * prepare-iwslt14.sh, which publications compare on: training text of at most 175 tokens whose sides are within a
 * ratio of 1.5, every 23rd pair of it to choose with, and five development and test sets of the task, together 6750
 * pairs, to test with. (Those publications also write everything in lower case; that is for the subwords to do.)
 *
 *   train.tags.de-en.de          IWSLT14.TED.dev2010.de-en.de.xml, and so on, all or in the folder de-en
 */
import { basename } from 'node:path';
import { require_ } from '../../core/errors.ts';
import { type Aligned, alignFiles, joinAligned } from './aligned.ts';
import { readLines } from './lines.ts';
import { readTagged } from './markup.ts';
import { type LanguagePair, pairName, parsePair, type TranslationDataset, takePairs } from './pairs.ts';
import { completeSets, type ReadOptions, readText } from './parallel.ts';
import { listPlaces, type Places } from './places.ts';
import { tokenise } from './tokenise.ts';

/** In this order; later campaigns publish the same sets under their own year. */
const TESTS = ['TED.dev2010', 'TEDX.dev2012', 'TED.tst2010', 'TED.tst2011', 'TED.tst2012'];
const CAMPAIGNS = ['IWSLT14', 'IWSLT15', 'IWSLT16'];

const LONGEST = 175;
const RATIO = 1.5;
const VALID_EVERY = 23;

/** Throws `usage` for another pair, `data` without the training files and as files are read. */
export async function openIwslt14(folder: string, options: ReadOptions): Promise<TranslationDataset> {
  const pair = parsePair(options.pair ?? 'de-en');
  require_(
    ['de-en', 'en-de'].includes(pairName(pair)),
    'usage',
    () =>
      `${options.source} is between German and English, but the pair is ${pairName(pair)}; take de-en or en-de`,
    { pair: pairName(pair) },
  );
  const places = await listPlaces(folder, ['de-en'], "train.tags.de-en.de and IWSLT'14's other files");
  const [from, to] = [pair.from, pair.to].map((language) => trainingFile(places, language));
  options.progress?.(`reading ${basename(from)} and ${basename(to)}`);
  // The files have tags of their own, so a limit counts sentences and not lines.
  const read = async (file: string) => {
    const whole = readTagged(await readLines(file));
    return { ...whole, lines: whole.lines.slice(0, options.limit) };
  };
  const text = alignFiles(await read(from), await read(to), {
    pair,
    longest: Math.min(LONGEST, options.longest),
    beyond: 'leave out',
    ratio: RATIO,
    count: (sentence, language) => tokenise(sentence, language).length,
  });
  const order = Array.from(text.pairs.from.keys());
  const isValid = (i: number) => (i + 1) % VALID_EVERY === 0;
  const part = (indices: readonly number[]): Aligned => ({
    pairs: takePairs(text.pairs, indices),
    notes: [],
  });
  const train = { ...part(order.filter((i) => !isValid(i))), notes: text.notes };
  const valid = part(order.filter(isValid));
  const test = await readTests(places, pair, options);
  const enough = valid.pairs.from.length > 0;
  return completeSets(
    options.source,
    pair,
    { train, valid: enough ? valid : undefined, test },
    options.seed,
    [],
  );
}

function trainingFile(places: Places, language: string): string {
  const name = `train.tags.de-en.${language}`;
  const path = places.find([name]);
  require_(
    path !== undefined,
    'data',
    () => `${places.folder} must hold ${name}, but does not; unpack de-en.tgz of the 2014 task there`,
    { file: places.folder, missing: name },
  );
  return path;
}

/** The five sets as one; those that are missing are named. Undefined without any. */
async function readTests(
  places: Places,
  pair: LanguagePair,
  options: ReadOptions,
): Promise<Aligned | undefined> {
  const parts: Aligned[] = [];
  const missing: string[] = [];
  for (const name of TESTS) {
    const [from, to] = [pair.from, pair.to].map((language) =>
      places.find(CAMPAIGNS.map((campaign) => `${campaign}.${name}.de-en.${language}.xml`)),
    );
    if (from === undefined || to === undefined) {
      missing.push(name);
      continue;
    }
    const files = [await readText(from, pair.from), await readText(to, pair.to)] as const;
    parts.push(alignFiles(...files, { pair, longest: options.longest, beyond: 'keep' }));
  }
  if (parts.length === 0) return undefined;
  const joined = joinAligned(parts);
  if (missing.length === 0) return joined;
  const note = `${places.folder}: of the usual test set ${missing.join(', ')} are missing.`;
  return { ...joined, notes: [note, ...joined.notes] };
}
