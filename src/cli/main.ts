#!/usr/bin/env node
import { cost } from './commands/cost.ts';
import { evaluate } from './commands/evaluate.ts';
import { predict } from './commands/predict.ts';
import { report } from './commands/report.ts';
import { search } from './commands/search.ts';
import { space } from './commands/space.ts';
import { train } from './commands/train.ts';
import { zoo } from './commands/zoo.ts';
import { main } from './program.ts';

// A closed pipe (shiftaddnas ... | head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await main(
  [search, train, evaluate, predict, cost, space, zoo, report],
  process.argv.slice(2),
);
