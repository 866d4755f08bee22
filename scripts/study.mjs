// npm run study -- images ...: set up, then `shiftaddnas study`. The real study writes docs/results.md.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setup } from './setup.mjs';

setup();
const given = process.argv.slice(2);
const elsewhere = given.some(
  (word) => word === '--quick' || word === '--results' || word.startsWith('--results='),
);
const program = join(root, 'dist', 'cli', 'main.js');
// In this process and not in a child: a signal to it reaches the study, which stops cleanly, and nothing is orphaned.
process.chdir(root);
const results = elsewhere ? [] : ['--results', join('docs', 'results.md')];
process.argv = [process.argv[0], program, 'study', ...given, ...results];
await import(pathToFileURL(program).href);
