/** Every command of the program, in the order of its help. */
import type { Command } from './command.ts';
import { bench } from './commands/bench.ts';
import { bleu } from './commands/bleu.ts';
import { calibrate } from './commands/calibrate.ts';
import { compare } from './commands/compare.ts';
import { cost } from './commands/cost.ts';
import { evaluate } from './commands/evaluate.ts';
import { exportNetwork } from './commands/export.ts';
import { predict } from './commands/predict.ts';
import { report } from './commands/report.ts';
import { search } from './commands/search.ts';
import { space } from './commands/space.ts';
import { study } from './commands/study.ts';
import { train } from './commands/train.ts';
import { translate } from './commands/translate.ts';
import { worker } from './commands/worker.ts';
import { zoo } from './commands/zoo.ts';

export const COMMANDS: readonly Command[] = [
  search,
  train,
  evaluate,
  predict,
  translate,
  compare,
  study,
  bleu,
  cost,
  bench,
  calibrate,
  space,
  zoo,
  report,
  exportNetwork,
  worker,
];
