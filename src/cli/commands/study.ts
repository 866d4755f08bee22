/** `study`: the comparison of everything, for hours, resumable; its section of a document made from its journal. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { openBackend } from '../../backends/open.ts';
import { nearest, ShiftAddError } from '../../core/errors.ts';
import { EventBus } from '../../core/events.ts';
import { showDuration } from '../../runs/duration.ts';
import { flagOf, type Option } from '../../runs/options.ts';
import { progressListener, progressTo } from '../../runs/progress.ts';
import { parseDuration } from '../../study/budget.ts';
import { PARTS, type Part } from '../../study/cells.ts';
import { readStudy } from '../../study/journal.ts';
import { writeSection } from '../../study/render/document.ts';
import { renderStudy } from '../../study/render/render.ts';
import { FULL, QUICK, type StudySettings } from '../../study/settings.ts';
import { type PlannedCell, planStudy, runStudy, type StudyPlace } from '../../study/study.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { backendName, EXECUTION_FLAGS, threadsOf } from '../run-options.ts';
import { saveEverySeconds, withoutSentence } from '../run-session.ts';
import { table } from '../text.ts';

const STUDIES = ['images'];

const options: Readonly<Record<string, Option>> = {
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

export const study: Command = {
  name: 'study',
  summary: 'compare sharing schemes, operators, search algorithms and baselines, for hours; resumes',
  positional: '<study>',
  options,
  examples: [
    'shiftaddnas study images --data path/to/data --budget 75m',
    'shiftaddnas study images --dry-run',
    'shiftaddnas study images --quick --out runs/study-quick',
  ],
  async run(context) {
    const [name] = context.positional;
    if (!STUDIES.includes(name)) {
      throw new ShiftAddError('usage', `a study is one of ${STUDIES.join(', ')}, but got "${name}"`, {
        name,
      });
    }
    const place = placeOf(context);
    if (given<boolean>(context, 'dryRun')) return dryRun(context, planStudy(place));
    const results = given<string>(context, 'results') ?? join(place.dir, 'results.md');
    const budget = given<string>(context, 'budget');
    const limit = budget === undefined ? {} : { budget: parseDuration(budget) };
    const backend = await openBackend(backendName(context), threadsOf(context));
    try {
      const outcome = await runStudy({
        ...place,
        ...limit,
        ...saveEverySeconds(),
        ...{ backend, signal: context.signal, command: commandOf(context), commit: commit() },
        busFor: () => busFor(context),
        told: (lines) => writeSection(results, renderStudy(lines)),
        say: (text) => {
          if (!context.json) process.stderr.write(`${text}\n`);
        },
      });
      context.print(`${outcome.finished} cells finished, ${outcome.left} left; ${results}`);
      const cells = readStudy(join(place.dir, 'journal.jsonl')).filter(({ type }) => type === 'cell');
      return { ...outcome, cells, results, studyDir: place.dir };
    } finally {
      backend.dispose();
    }
  },
};

function placeOf(context: CommandContext): StudyPlace {
  const quick = given<boolean>(context, 'quick') ?? false;
  const base = quick ? QUICK : FULL;
  const images = given<number>(context, 'images');
  const settings: StudySettings = {
    ...base,
    sets: listOf(context, 'sets') ?? base.sets,
    seeds: seedsOf(context) ?? base.seeds,
    run: images === undefined ? base.run : { ...base.run, trainLimit: images + (base.run.validation ?? 0) },
  };
  return {
    dir: given<string>(context, 'out') ?? join('runs', quick ? 'study-quick' : 'study-images'),
    data: given<string>(context, 'data') ?? process.env.SHIFTADDNAS_DATA ?? join('..', 'shared', 'data'),
    settings,
    only: (listOf(context, 'only') ?? []).map(partNamed),
  };
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

function partNamed(word: string): Part {
  const found = PARTS.find((part) => part === word);
  if (found !== undefined) return found;
  const near = nearest(word, PARTS);
  throw new ShiftAddError(
    'usage',
    `--only lists parts of the study, ${PARTS.join(', ')}, but got "${word}"${near ? `; did you mean ${near}?` : ''}`,
    { part: word },
  );
}

/** The command as the docs show it: what it was asked, and no place on this machine. */
function commandOf({ options: all, positional }: CommandContext): string {
  const flags = Object.entries(all)
    .filter(([key]) => !['results', 'out', 'backend', 'threads'].includes(key))
    .map(([key, value]) => {
      const flag = flagOf(key);
      return value === true ? flag : `${flag} ${key === 'data' ? 'DIR' : value}`;
    });
  return ['npm run study --', ...positional, ...flags].join(' ');
}

/** Of the repository that the program stands in; null outside of one. */
function commit(): string | null {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : null;
}

function busFor({ json }: CommandContext): EventBus {
  const bus = new EventBus();
  if (json) return bus;
  const listen = progressListener(progressTo(process.stderr));
  bus.subscribe((event) => listen(withoutSentence(event)));
  return bus;
}

function dryRun(context: CommandContext, planned: readonly PlannedCell[]): object {
  let total = 0;
  const rows = planned.map(({ cell, done, seconds }) => {
    if (!done) total += seconds;
    return [cell.id, cell.part, done ? 'done' : showDuration(seconds), done ? '' : showDuration(total)];
  });
  context.print(table(['cell', 'part', 'time', 'together'], rows));
  return {
    cells: planned.map(({ cell: { id, part, kind, set, seed }, done, seconds }) => ({
      ...{ id, part, kind, set, seed, done, seconds },
    })),
  };
}
