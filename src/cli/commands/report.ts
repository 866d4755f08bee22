/** `report`: (re)writes the page of a run, also of one that is still going. */
import { ShiftAddError } from '../../core/errors.ts';
import { writeReport } from '../../runs/report/report.ts';
import type { Command } from '../command.ts';

export const report: Command = {
  name: 'report',
  summary: "write a run's report.html, also while it is running",
  positional: '<run>',
  options: {},
  examples: ['shiftaddnas report runs/fashion'],
  async run(context) {
    const [dir] = context.positional;
    if (dir === undefined) throw new ShiftAddError('usage', 'report needs the folder of a run');
    const path = writeReport(dir);
    context.print(path);
    return { report: path };
  },
};
