/** `study`: the comparison of everything, for hours, resumable; its section of a document made from its journal. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ShiftAddError } from '../../core/errors.ts';
import { EventBus } from '../../core/events.ts';
import { showDuration } from '../../runs/duration.ts';
import { progressListener, progressTo } from '../../runs/progress.ts';
import { parseDuration } from '../../study/budget.ts';
import { newestCells, readStudy } from '../../study/journal.ts';
import { journalPath, type PlannedCell, planStudy } from '../../study/plan.ts';
import { writeSection } from '../../study/render/document.ts';
import { renderStudy } from '../../study/render/render.ts';
import { runStudy } from '../../study/study.ts';
import { type Command, type CommandContext, given } from '../command.ts';
import { openBackendOf } from '../run-options.ts';
import { saveEverySeconds, withoutSentence } from '../run-session.ts';
import { STUDY_FLAGS, shownCommand, studyPlace } from '../study-options.ts';
import { table } from '../text.ts';

const STUDIES = ['images'];

export const study: Command = {
  name: 'study',
  summary: 'compare sharing schemes, operators, search algorithms and baselines, for hours; resumes',
  positional: '<study>',
  options: STUDY_FLAGS,
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
    const place = studyPlace(context);
    if (given<boolean>(context, 'dryRun')) return dryRun(context, planStudy(place));
    const results = given<string>(context, 'results') ?? join(place.dir, 'results.md');
    const budget = given<string>(context, 'budget');
    const limit = budget === undefined ? {} : { budget: parseDuration(budget) };
    const backend = await openBackendOf(context);
    try {
      const outcome = await runStudy({
        ...{ ...place, ...limit, ...saveEverySeconds() },
        ...{ backend, signal: context.signal, command: shownCommand(context), commit: commit() },
        busFor: () => busFor(context),
        told: (lines) => writeSection(results, renderStudy(lines)),
        say: (text) => {
          if (!context.json) process.stderr.write(`${text}\n`);
        },
      });
      context.print(`${outcome.finished} cells finished, ${outcome.left} left; ${results}`);
      const cells = newestCells(readStudy(journalPath(place.dir)));
      return { ...outcome, cells, results, studyDir: place.dir };
    } finally {
      backend.dispose();
    }
  },
};

/** Of the repository that the program stands in; null outside of one. */
function commit(): string | null {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : null;
}

function busFor({ json, signal }: CommandContext): EventBus {
  const bus = new EventBus();
  if (json) return bus;
  const listen = progressListener({ ...progressTo(process.stderr), signal });
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
