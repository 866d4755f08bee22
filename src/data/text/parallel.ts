/**
 * `parallel:DIR`: a folder with one file for each set and language, line by line in step.
 *
 *   train.en   train.de   val.en.gz   val.de.gz   test_2016_flickr.en   test_2016_flickr.de
 *   IWSLT16.TED.tst2010.de-en.de.xml              seg elements
 *   train.en-de.en.bin   .idx   dict.en.txt       ids of fairseq
 *
 * A set that is not there is held out of the training text.
 */
import { join } from 'node:path';
import { require_ } from '../../core/errors.ts';
import { listFolder } from '../bytes.ts';
import { type Aligned, alignFiles } from './aligned.ts';
import { readBinarised } from './binarised.ts';
import { chooseFiles, choosePair, formOf, readName, type SetName } from './filenames.ts';
import { readLines, type TextFile } from './lines.ts';
import { readSegments } from './markup.ts';
import {
  holdOut,
  type LanguagePair,
  pairName,
  type SentencePairs,
  type TranslationDataset,
} from './pairs.ts';

export interface ReadOptions {
  readonly source: string;
  /** `en-de`; may be left out where a folder holds two languages. */
  readonly pair?: string | undefined;
  /** Draws what is held out. */
  readonly seed: number | string;
  /** At most this many lines of the training text. */
  readonly limit?: number | undefined;
  /** Most words of a sentence that trains. */
  readonly longest: number;
  readonly progress?: ((message: string) => void) | undefined;
}

/** Held out of the training text when a set is not there: this share of it, and at most so many pairs. */
const HELD_SHARE = 0.05;
const HELD_MOST = 2000;

/** Throws `data` for a folder without training text, a language that is not there, and as its files are read. */
export async function openParallel(folder: string, options: ReadOptions): Promise<TranslationDataset> {
  const listing = await listFolder(folder, 'train.LANGUAGE in two languages');
  const files = listing.flatMap(readName);
  const { pair, notes } = choosePair(folder, files, options.pair);
  const read = async (set: SetName): Promise<Aligned | undefined> => {
    const chosen = chooseFiles(folder, files, set, pair);
    if (chosen === undefined) return undefined;
    options.progress?.(`reading ${chosen.from.name} and ${chosen.to.name}`);
    const limit = set === 'train' ? options.limit : undefined;
    const from = await readText(join(folder, chosen.from.name), pair.from, limit);
    const to = await readText(join(folder, chosen.to.name), pair.to, limit);
    const beyond = set === 'train' ? 'leave out' : 'keep';
    const { pairs, notes: found } = alignFiles(from, to, { pair, longest: options.longest, beyond });
    return { pairs, notes: [...chosen.notes, ...found] };
  };
  const train = await read('train');
  require_(
    train !== undefined,
    'data',
    () =>
      `${folder} must hold training text in ${pair.from} and ${pair.to}, as train.${pair.from} and train.${pair.to} ` +
      `(.gz or not), but has only ${files.map((file) => file.name).join(', ')}; put both files there`,
    { file: folder, pair: pairName(pair) },
  );
  const sets = { train, valid: await read('valid'), test: await read('test') };
  return completeSets(options.source, pair, sets, options.seed, notes);
}

/** The sentences of a file in `language`, whatever form its name says it has; at most `limit`. */
export async function readText(file: string, language: string, limit?: number): Promise<TextFile> {
  const { form } = formOf(file);
  if (form === 'binarised') return readBinarised(file, language, limit);
  if (form === 'markup') return readSegments(await readLines(file));
  return readLines(file, limit);
}

/** The data set of what was read; what is missing is held out of the training text, and the notes say so. */
export function completeSets(
  source: string,
  pair: LanguagePair,
  sets: {
    readonly train: Aligned;
    readonly valid?: Aligned | undefined;
    readonly test?: Aligned | undefined;
  },
  seed: number | string,
  notes: readonly string[],
): TranslationDataset {
  let train = sets.train.pairs;
  const said = [...notes, ...sets.train.notes, ...(sets.valid?.notes ?? []), ...(sets.test?.notes ?? [])];
  const total = train.from.length;
  const count = Math.min(HELD_MOST, Math.ceil(HELD_SHARE * total));
  const held = (name: SetName): SentencePairs => {
    const parts = holdOut(train, count, seed, name);
    train = parts.kept;
    said.push(
      `${source} has no ${name} files: ${count} of ${total} training pairs are held out instead (seed ${seed}).`,
    );
    return parts.held;
  };
  const valid = sets.valid?.pairs ?? held('valid');
  const test = sets.test?.pairs ?? held('test');
  return { kind: 'translation', source, pair, train, valid, test, notes: said };
}
