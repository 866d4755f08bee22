// npm start: set up, then the main job on drawn glyphs. Arguments after `--` go to `shiftaddnas search`.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setup } from './setup.mjs';

setup();
const given = process.argv.slice(2);
const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
const defaults = ['--data', 'glyphs', '--preset', 'demo', '--out', join('runs', `glyphs-${stamp}`)];
const program = join(root, 'dist', 'cli', 'main.js');
// In this process and not in a child: a signal to it reaches the search, which stops cleanly, and nothing is orphaned.
process.chdir(root);
process.argv = [process.argv[0], program, 'search', ...(given.length > 0 ? given : defaults)];
await import(pathToFileURL(program).href);
