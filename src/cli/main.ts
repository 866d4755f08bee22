#!/usr/bin/env node
import { COMMANDS } from './all-commands.ts';
import { main } from './program.ts';

// A closed pipe (shiftaddnas ... | head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await main(COMMANDS, process.argv.slice(2));
