// npm test: set up, then every test. Arguments after `--` go to vitest.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setup } from './setup.mjs';

setup();
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
// In this process and not in a child: a signal to it reaches vitest, and nothing is orphaned.
process.chdir(root);
process.argv = [process.argv[0], vitest, 'run', ...process.argv.slice(2)];
await import(pathToFileURL(vitest).href);
