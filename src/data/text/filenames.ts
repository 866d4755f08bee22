/**
 * What the name of a text file says: its language at the end (before .gz, .xml, .sgm), and which set it is. Names are
 * the publishers': train.en, val.de.gz, test_2016_flickr.fr.gz, IWSLT16.TED.tst2010.de-en.de.xml, train.en-de.en.bin.
 */
import { require_ } from '../../core/errors.ts';
import { type LanguagePair, parsePair } from './pairs.ts';

export type SetName = 'train' | 'valid' | 'test';

/** Lines of text, seg elements, or ids of fairseq. */
export type FileForm = 'text' | 'markup' | 'binarised';

export interface NamedFile {
  readonly name: string;
  /** Without language and endings: the same for both languages. */
  readonly stem: string;
  readonly set: SetName;
  readonly language: string;
  readonly form: FileForm;
}

const SETS: Readonly<Record<SetName, RegExp>> = {
  train: /(?:^|[._-])train(?:[._-]|\d|$)/iu,
  valid: /(?:^|[._-])(?:valid|validation|val|dev)(?:[._-]|\d|$)/iu,
  test: /(?:^|[._-])(?:test|tst)(?:[._-]|\d|$)/iu,
};

const NAME = /^(?<stem>.+)\.(?<language>[a-z]{2,3})$/u;
const MARKUP = /\.(?:xml|sgml?)$/u;

/** Endings of two or three letters that are no languages. */
const NO_LANGUAGES = new Set('md txt py sh tsv csv bin idx zip tar tgz bpe tok bz2 log'.split(' '));

/** Empty for a file that is no text of a set. */
export function readName(name: string): NamedFile[] {
  const { bare, form } = formOf(name);
  const groups = NAME.exec(bare)?.groups;
  if (groups === undefined || NO_LANGUAGES.has(groups.language)) return [];
  const { stem, language } = groups;
  const set = (['train', 'valid', 'test'] as const).find((candidate) => SETS[candidate].test(stem));
  return set === undefined ? [] : [{ name, stem, set, language, form }];
}

/** The form of a file by the end of its name, and the name without it. */
export function formOf(name: string): { readonly bare: string; readonly form: FileForm } {
  if (name.endsWith('.bin')) return { bare: name.slice(0, -4), form: 'binarised' };
  const whole = name.replace(/\.gz$/u, '');
  const bare = whole.replace(MARKUP, '');
  return { bare, form: bare === whole ? 'text' : 'markup' };
}

/**
 * The pair of `folder`: as wanted, or its two languages, English first. Throws `data` for a language that is not
 * there, and where a pair has to be chosen.
 */
export function choosePair(folder: string, files: readonly NamedFile[], wanted: string | undefined) {
  const languages = [...new Set(files.map((file) => file.language))].sort();
  const found = languages.length === 0 ? 'no text files' : `files in ${languages.join(', ')}`;
  const notes: string[] = [];
  if (wanted !== undefined) {
    const pair = parsePair(wanted);
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
    ? ['en', languages.filter((code) => code !== 'en')[0]]
    : languages;
  notes.push(
    `${folder}: ${from} is translated to ${to}, the two languages there; --pair ${to}-${from} for the other way.`,
  );
  return { pair: { from, to }, notes };
}

/** The two files of `set`, and what stays unused; a plain name (`test`) goes before others, then by the alphabet. */
export function chooseFiles(folder: string, files: readonly NamedFile[], set: SetName, pair: LanguagePair) {
  const of = (language: string) => files.filter((file) => file.set === set && file.language === language);
  const targets = of(pair.to);
  const both = of(pair.from).flatMap((from) => {
    const to = targets.find((file) => file.stem === from.stem && file.form === from.form);
    return to === undefined ? [] : [{ from, to }];
  });
  const rank = (stem: string) => (/^[a-z]+$/iu.test(stem) ? 0 : 1);
  both.sort((a, b) => rank(a.from.stem) - rank(b.from.stem) || (a.from.name < b.from.name ? -1 : 1));
  if (both.length === 0) return undefined;
  const [{ from, to }, ...others] = both;
  const unused = others.map((other) => other.from.name).join(', ');
  const notes =
    unused === '' ? [] : [`${folder}: ${from.name} is the ${set} set; ${unused} and their like stay unused.`];
  return { from, to, notes };
}
