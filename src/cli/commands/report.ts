/** `report`: (re)writes the page of a run, also of one that is still going, or hands its journal to other programs. */
import { ShiftAddError } from '../../core/errors.ts';
import { EXPORT_FORMATS, type ExportFormat, exportRun } from '../../runs/export/export.ts';
import { writeReport } from '../../runs/report/report.ts';
import { type Command, given } from '../command.ts';

export const report: Command = {
  name: 'report',
  summary: "write a run's report.html, also while it is running, or export its journal",
  positional: '<run>',
  options: {
    export: {
      kind: 'choice',
      help: 'write the journal for Optuna and its dashboard, TensorBoard or spreadsheets instead',
      choices: EXPORT_FORMATS,
      placeholder: EXPORT_FORMATS.join('|'),
    },
  },
  examples: [
    'shiftaddnas report runs/fashion',
    'shiftaddnas report runs/fashion --export optuna',
    'shiftaddnas report runs/fashion --export tensorboard',
  ],
  async run(context) {
    const [dir] = context.positional;
    if (dir === undefined) throw new ShiftAddError('usage', 'report needs the folder of a run');
    const format = given<ExportFormat>(context, 'export');
    if (format === undefined) {
      const path = writeReport(dir);
      context.print(path);
      return { report: path };
    }
    const files = exportRun(dir, format);
    for (const file of files) context.print(file);
    return { export: format, files };
  },
};
