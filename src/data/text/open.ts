/**
 * `openTranslation`: one name for every translation set, as `--data` takes it. A source is one record in the table
 * below: its name, what stands after the colon, what it reads, and how it is opened.
 */
import { nearest, require_, ShiftAddError } from '../../core/errors.ts';
import { fetchSet } from '../download.ts';
import type { RemoteSet } from '../remote.ts';
import { openIwslt14 } from './iwslt14.ts';
import { openNumbers } from './numbers/numbers.ts';
import type { TranslationDataset } from './pairs.ts';
import { openParallel, type ReadOptions } from './parallel.ts';
import { WMT14_EN_DE_ARCHIVES, WMT14_EN_FR_ARCHIVES } from './remote.ts';
import { openWmt14, WMT14_EN_DE, WMT14_EN_FR } from './wmt14.ts';

export interface OpenTranslationOptions {
  /** `en-de`: from English to German. May be left out where a folder holds two languages. */
  readonly pair?: string | undefined;
  /** Draws what is held out, and the sentences of `numbers`. Default 0. */
  readonly seed?: number | string | undefined;
  /** At most this many training pairs. */
  readonly limit?: number | undefined;
  /** Most words of a sentence that trains; longer ones are left out and counted. Default 250. */
  readonly longest?: number | undefined;
  readonly progress?: ((message: string) => void) | undefined;
}

export interface TranslationSource {
  readonly name: string;
  /** What stands after the colon: nothing, a folder, or a folder that may be left out to download the original. */
  readonly place: 'none' | 'folder' | 'folder or download';
  /** One line for help and docs. */
  readonly reads: string;
  readonly remote?: RemoteSet;
  /** What to fetch by hand, where nothing can be downloaded. */
  readonly fetch?: string;
  open(folder: string, options: ReadOptions): Promise<TranslationDataset>;
}

const LONGEST = 250;

export const TRANSLATION_SOURCES: readonly TranslationSource[] = [
  {
    name: 'numbers',
    place: 'none',
    reads: 'numbers, times, dates and prices in English and German sentences, made at run time',
    async open(_folder, options) {
      return openNumbers(options);
    },
  },
  {
    name: 'parallel',
    place: 'folder',
    reads: 'train, valid and test files in two languages, a sentence a line, .gz or not',
    open: openParallel,
  },
  {
    name: 'wmt14-ende',
    place: 'folder or download',
    reads: "WMT'14 English-German: the task's archives, Google's or HAT's preparation of them",
    remote: WMT14_EN_DE_ARCHIVES,
    open: (folder, options) => openWmt14(WMT14_EN_DE, folder, options),
  },
  {
    name: 'wmt14-enfr',
    place: 'folder or download',
    reads: "WMT'14 English-French: the task's archives or a preparation of them",
    remote: WMT14_EN_FR_ARCHIVES,
    open: (folder, options) => openWmt14(WMT14_EN_FR, folder, options),
  },
  {
    name: 'iwslt14',
    place: 'folder',
    reads: "IWSLT'14 German-English, the folder that its de-en.tgz unpacks",
    fetch: 'fetch de-en.tgz of the 2014 task (WIT3, release 2014-01) and unpack it',
    open: openIwslt14,
  },
];

/** Whether `source` (`numbers`, `parallel:DIR`) names a translation set, by what stands before its colon. */
export function isTranslationSource(source: string): boolean {
  return TRANSLATION_SOURCES.some((entry) => entry.name === source.split(':', 1)[0]);
}

/**
 * Opens `source`: `numbers`, or `NAME:FOLDER`. Throws `usage` for an unknown name or options a source does not take,
 * `data` as its reader does.
 */
export async function openTranslation(
  source: string,
  options: OpenTranslationOptions = {},
): Promise<TranslationDataset> {
  const colon = source.indexOf(':');
  const name = colon < 0 ? source : source.slice(0, colon);
  const place = colon < 0 ? '' : source.slice(colon + 1);
  const entry = TRANSLATION_SOURCES.find((candidate) => candidate.name === name) ?? unknown(name, source);
  const { limit, longest = LONGEST, seed = 0 } = options;
  for (const [what, value] of [
    ['limit on training pairs', limit],
    ['longest sentence', longest],
  ] as const) {
    require_(
      value === undefined || (Number.isInteger(value) && value > 0),
      'usage',
      () => `the ${what} must be a positive whole number, but got ${value}; change it`,
      { value: value ?? null },
    );
  }
  const folder = await placeOf(entry, source, place, colon >= 0, options.progress);
  return entry.open(folder, { ...options, source, seed, longest });
}

async function placeOf(
  entry: TranslationSource,
  source: string,
  place: string,
  colon: boolean,
  progress: OpenTranslationOptions['progress'],
): Promise<string> {
  const { name } = entry;
  require_(
    entry.place !== 'none' || place === '',
    'usage',
    () => `${name} takes nothing after the colon, but got "${source}"; write ${name}`,
    { source },
  );
  if (entry.place === 'none' || place !== '') return place;
  require_(
    colon && entry.remote !== undefined,
    'usage',
    () =>
      entry.remote === undefined
        ? `${name} reads a folder, but "${source}" names none; ${entry.fetch ? `${entry.fetch}, then ` : ''}write ${name}:FOLDER`
        : `${name} needs a colon, but got "${source}"; write ${name}:FOLDER, or ${name}: to download the original`,
    { source },
  );
  return fetchSet(entry.remote, undefined, progress);
}

function unknown(name: string, source: string): never {
  const names = TRANSLATION_SOURCES.map((entry) => entry.name);
  const near = nearest(name, names);
  throw new ShiftAddError(
    'usage',
    `"${source}" is no translation data: expected one of ${names.join(', ')}, but got "${name}"` +
      (near === undefined ? '; choose one of these' : `; did you mean ${near}?`),
    { source, nearest: near ?? null },
  );
}
