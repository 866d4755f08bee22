/** A run for other programs: files beside the run's own, written anew each time. */
import fs from 'node:fs';
import { join } from 'node:path';
import { diskError, writeFileAtomic } from '../../core/atomic.ts';
import { ShiftAddError, unreachable } from '../../core/errors.ts';
import { csvFiles } from './csv.ts';
import { optunaJournal } from './optuna.ts';
import { eventFile, scalarsOf } from './tensorboard.ts';
import { type RunTrace, readTrace } from './trace.ts';

export const EXPORT_FORMATS = ['optuna', 'tensorboard', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/**
 * Writes a run's journal in the format of another program, into the run's folder, and returns the paths.
 *
 *   optuna        RUN/optuna.journal               optuna-dashboard RUN/optuna.journal
 *   tensorboard   RUN/tensorboard/events.out.*     tensorboard --logdir RUN/tensorboard
 *   csv           RUN/csv/*.csv
 *
 * Works while the run goes on, too. @throws ShiftAddError 'run' when there is nothing to export or the folder is
 * damaged; 'disk'
 */
export function exportRun(dir: string, format: ExportFormat): string[] {
  const trace = readTrace(dir);
  const files = filesOf(trace, dir, format);
  return files.map(([folder, name, data]) => {
    const into = join(dir, folder);
    makeFolder(into);
    const path = join(into, name);
    writeFileAtomic(path, data);
    return path;
  });
}

function filesOf(
  trace: RunTrace,
  dir: string,
  format: ExportFormat,
): [folder: string, name: string, data: string | Uint8Array][] {
  switch (format) {
    case 'optuna':
      if (trace.searches.length === 0)
        throw new ShiftAddError(
          'run',
          `${dir} has no search to export: Optuna takes searches only; wait until one has begun, or choose --export csv`,
          { dir },
        );
      return [['', 'optuna.journal', optunaJournal(trace, dir)]];
    case 'tensorboard':
      return [['tensorboard', 'events.out.tfevents.0.shiftaddnas', eventFile(scalarsOf(trace))]];
    case 'csv':
      return [...csvFiles(trace)].map(([name, text]) => ['csv', name, text]);
    default:
      return unreachable(format);
  }
}

function makeFolder(dir: string): void {
  try {
    fs.mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw diskError(error, dir);
  }
}
