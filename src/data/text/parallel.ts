/**
 * `parallel:DIR`: a folder with one file for each set and language, line by line in step.
 *
 *   train.en   train.de   val.en.gz   val.de.gz   test_2016_flickr.en   test_2016_flickr.de
 *   IWSLT16.TED.tst2010.de-en.de.xml              seg elements
 *   train.en-de.en.bin   .idx   dict.en.txt       ids of fairseq
 *
 * The end of a name (without .gz, .xml, .sgm) is its language, a part of it says which set it is. A set that is not
 * there is held out of the training text.
 */
import { join } from 'node:path';
import { require_ } from '../../core/errors.ts';
import { listFolder } from '../bytes.ts';
import { type Aligned, alignFiles } from './aligned.ts';
import { readBinarised } from './binarised.ts';
import { readLines, type TextFile } from './lines.ts';
import { readSegments } from './markup.ts';
import {
  holdOut,
  type LanguagePair,
  pairName,
  parsePair,
  type SentencePairs,
  type TranslationDataset,
} from './pairs.ts';

export type SetName = 'train' | 'valid' | 'test';

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

/** A file of the folder by what its name says. */
interface NamedFile {
  readonly name: string;
  /** Without language and endings: the same for both languages. */
  readonly stem: string;
  readonly set: SetName;
  readonly language: string;
  readonly form: FileForm;
}

/** Lines of text, seg elements, or ids of fairseq. */
export type FileForm = 'text' | 'markup' | 'binarised';

const SETS: Readonly<Record<SetName, RegExp>> = {
  train: /(?:^|[._-])train(?:[._-]|\d|$)/iu,
  valid: /(?:^|[._-])(?:valid|validation|val|dev)(?:[._-]|\d|$)/iu,
  test: /(?:^|[._-])(?:test|tst)(?:[._-]|\d|$)/iu,
};

const NAME = /^(?<stem>.+)\.(?<language>[a-z]{2,3})$/u;
const MARKUP = /\.(?:xml|sgml?)$/u;

/** Endings of two or three letters that are no languages. */
const NO_LANGUAGES = new Set([
  'md',
  'txt',
  'py',
  'sh',
  'tsv',
  'csv',
  'bin',
  'idx',
  'xml',
  'sgm',
  'zip',
  'tar',
  'tgz',
  'bpe',
  'tok',
]);

/** Held out of the training text when a set is not there: this share of it, and at most so many pairs. */
const HELD_SHARE = 0.05;
const HELD_MOST = 2000;

/** Throws `data` for a folder without training text, a language that is not there, and as its files are read. */
export async function openParallel(folder: string, options: ReadOptions): Promise<TranslationDataset> {
  const listing = await listFolder(folder, 'train.LANGUAGE in two languages');
  const files = listing.flatMap(readName);
  const { pair, notes } = choosePair(folder, files, options);
  const read = async (set: SetName): Promise<Aligned | undefined> => {
    const chosen = chooseFiles(folder, files, set, pair);
    if (chosen === undefined) return undefined;
    notes.push(...chosen.notes);
    const limit = set === 'train' ? options.limit : undefined;
    const from = await readText(folder, chosen.from.name, pair.from, limit);
    const to = await readText(folder, chosen.to.name, pair.to, limit);
    const beyond = set === 'train' ? 'leave out' : 'keep';
    return alignFiles(from, to, { pair, longest: options.longest, beyond });
  };
  const train = await read('train');
  require_(
    train !== undefined,
    'data',
    () =>
      `${folder} must hold training text in ${pair.from} and ${pair.to}, as train.${pair.from} and train.${pair.to} ` +
      `(.gz or not), but has ${files.length === 0 ? 'no text files' : `only ${files.map((file) => file.name).join(', ')}`}; ` +
      'put both files there',
    { file: folder, pair: pairName(pair) },
  );
  const valid = await read('valid');
  const test = await read('test');
  notes.push(...train.notes, ...(valid?.notes ?? []), ...(test?.notes ?? []));
  return completeSets(options.source, pair, { train, valid, test }, options.seed, notes);
}

/** The data set of what was read; what is missing is held out of the training text and said in `notes`. */
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
  const said = [...notes];
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

function readName(name: string): NamedFile[] {
  const { bare, form } = formOf(name);
  const groups = NAME.exec(bare)?.groups;
  if (groups === undefined || NO_LANGUAGES.has(groups.language)) return [];
  const { stem, language } = groups;
  const set = (['train', 'valid', 'test'] as const).find((candidate) => SETS[candidate].test(stem));
  return set === undefined ? [] : [{ name, stem, set, language, form }];
}

/** The form of a file by the end of its name, and the name without it. */
function formOf(name: string): { readonly bare: string; readonly form: FileForm } {
  if (name.endsWith('.bin')) return { bare: name.slice(0, -4), form: 'binarised' };
  const whole = name.replace(/\.gz$/u, '');
  const bare = whole.replace(MARKUP, '');
  return { bare, form: bare === whole ? 'text' : 'markup' };
}

/** The sentences of `folder`/`name` in `language`, whatever form they have; at most `limit`. */
export async function readText(
  folder: string,
  name: string,
  language: string,
  limit?: number,
): Promise<TextFile> {
  const { form } = formOf(name);
  const file = join(folder, name);
  if (form === 'binarised') return readBinarised(file, language, limit);
  if (form === 'markup') return readSegments(await readLines(file));
  return readLines(file, limit);
}

function choosePair(folder: string, files: readonly NamedFile[], options: ReadOptions) {
  const languages = [...new Set(files.map((file) => file.language))].sort();
  const found = languages.length === 0 ? 'no text files' : `files in ${languages.join(', ')}`;
  const notes: string[] = [];
  if (options.pair !== undefined) {
    const pair = parsePair(options.pair);
    for (const language of [pair.from, pair.to]) {
      require_(
        languages.includes(language),
        'data',
        () =>
          `${folder} must hold text in ${language}, but has ${found}; choose two of them with --pair FROM-TO`,
        { file: folder, language, languages },
      );
    }
    return { pair, notes };
  }
  require_(
    languages.length === 2,
    'data',
    () =>
      `${folder} must hold text in two languages where no pair is given, but has ${found}; ` +
      (languages.length < 2 ? 'put train.FROM and train.TO there' : 'choose two of them with --pair FROM-TO'),
    { file: folder, languages },
  );
  const [from, to] = languages.includes('en')
    ? ['en', ...languages.filter((code) => code !== 'en')]
    : languages;
  notes.push(
    `${folder}: ${from} is translated to ${to}, the two languages there; --pair ${to}-${from} for the other way.`,
  );
  return { pair: { from, to }, notes };
}

/** The two files of `set`: the shortest name first, so that `test` comes before `test_2017`. */
function chooseFiles(folder: string, files: readonly NamedFile[], set: SetName, pair: LanguagePair) {
  const of = (language: string) => files.filter((file) => file.set === set && file.language === language);
  const targets = of(pair.to);
  const both = of(pair.from).flatMap((from) => {
    const to = targets.find((file) => file.stem === from.stem && file.form === from.form);
    return to === undefined ? [] : [{ from, to }];
  });
  const plain = (stem: string) => (['train', 'valid', 'val', 'dev', 'test'].includes(stem) ? 0 : 1);
  both.sort((a, b) => plain(a.from.stem) - plain(b.from.stem) || (a.from.name < b.from.name ? -1 : 1));
  if (both.length === 0) return undefined;
  const [{ from, to }, ...others] = both;
  const notes =
    others.length === 0
      ? []
      : [
          `${folder}: ${from.stem} is the ${set} set; ${others.map((o) => o.from.stem).join(', ')} stay unused.`,
        ];
  return { from, to, notes };
}
