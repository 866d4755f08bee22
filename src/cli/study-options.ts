/** The flags of `study`, and what they ask for. */
import { join } from 'node:path';
import { nearest, ShiftAddError } from '../core/errors.ts';
import { flagOf, type Option } from '../runs/options.ts';
import { PARTS, type Part } from '../study/cells.ts';
import type { StudyPlace } from '../study/plan.ts';
import { FULL, QUICK } from '../study/settings.ts';
import { type CommandContext, given } from './command.ts';
import { EXECUTION_FLAGS } from './run-options.ts';

export const STUDY_FLAGS: Readonly<Record<string, Option>> = {
  out: { kind: 'text', help: 'folder of the study [runs/study-images]', placeholder: 'dir' },
  data: {
    kind: 'text',
    help: 'folder with cifar10/ and fashion-mnist/ [SHIFTADDNAS_DATA, else ../shared/data]',
    placeholder: 'dir',
  },
  sets: { kind: 'text', help: 'data sets [cifar10,fashion-mnist]', placeholder: 'list' },
  seeds: { kind: 'text', help: 'seeds of everything [0,1,2]', placeholder: 'n,n,...' },
  images: { kind: 'integer', help: 'training images of each set [10000]', placeholder: 'n', minimum: 1 },
  budget: { kind: 'text', help: 'begin no cell that would end later, such as 75m', placeholder: 'time' },
  only: { kind: 'text', help: `parts of the study: ${PARTS.join(', ')} [all]`, placeholder: 'list' },
  quick: { kind: 'boolean', help: 'a small version on drawn glyphs, to see that everything runs' },
  dryRun: {
    kind: 'boolean',
    help: 'list the cells in their order with the time they will take, and run none',
  },
  results: {
    kind: 'text',
    help: 'document that gets the section, between markers [results.md in the folder of the study]',
    placeholder: 'file',
  },
  ...EXECUTION_FLAGS,
};

/** Where the study stands, how large it is, and what of it is wanted. Throws 'usage'. */
export function studyPlace(context: CommandContext): StudyPlace {
  const quick = given<boolean>(context, 'quick') ?? false;
  const base = quick ? QUICK : FULL;
  const images = given<number>(context, 'images');
  const { validation = 0 } = base.run;
  return {
    dir: given<string>(context, 'out') ?? join('runs', quick ? 'study-quick' : 'study-images'),
    data: given<string>(context, 'data') ?? process.env.SHIFTADDNAS_DATA ?? join('..', 'shared', 'data'),
    settings: {
      ...base,
      sets: listOf(context, 'sets')?.map((word) => oneOf(word, base.sets, '--sets')) ?? base.sets,
      seeds: seedsOf(context) ?? base.seeds,
      run: images === undefined ? base.run : { ...base.run, trainLimit: images + validation },
    },
    only: (listOf(context, 'only') ?? []).map((word) => oneOf<Part>(word, PARTS, '--only')),
  };
}

/** The command as the docs show it: what it was asked, and no place on this machine. */
export function shownCommand({ options, positional }: CommandContext): string {
  const flags = Object.entries(options)
    .filter(([key]) => !['results', 'out', 'backend', 'threads'].includes(key))
    .map(([key, value]) => {
      if (value === true) return flagOf(key);
      return `${flagOf(key)} ${key === 'data' ? 'DIR' : value}`;
    });
  return ['npm run study --', ...positional, ...flags].join(' ');
}

function listOf(context: CommandContext, key: string): string[] | undefined {
  return given<string>(context, key)
    ?.split(',')
    .map((word) => word.trim());
}

function seedsOf(context: CommandContext): number[] | undefined {
  const words = listOf(context, 'seeds');
  const seeds = words?.map((word) => (word === '' ? Number.NaN : Number(word)));
  if (seeds === undefined) return undefined;
  if (
    seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0) &&
    new Set(seeds).size === seeds.length
  ) {
    return seeds;
  }
  throw new ShiftAddError('usage', `--seeds lists different whole numbers of at least 0, but got "${words}"`);
}

function oneOf<Word extends string>(word: string, known: readonly Word[], flag: string): Word {
  const found = known.find((one) => one === word);
  if (found !== undefined) return found;
  const near = nearest(word, known);
  throw new ShiftAddError(
    'usage',
    `${flag} lists some of ${known.join(', ')}, but got "${word}"${near ? `; did you mean ${near}?` : ''}`,
    { word },
  );
}
