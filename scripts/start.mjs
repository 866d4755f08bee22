// npm start: set up, then the main job on drawn glyphs. Arguments after `--` go to `shiftaddnas search`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, setup } from './setup.mjs';

const fast = setup();
const given = process.argv.slice(2);
const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
const defaults = ['--data', 'glyphs', '--preset', fast ? 'demo' : 'smoke', '--out', join('runs', `glyphs-${stamp}`)];
const args = [join(root, 'dist', 'cli', 'main.js'), 'search', ...(given.length > 0 ? given : defaults)];
const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
// Ctrl-C reaches the search itself, which stops cleanly; waiting for it keeps its last words on the screen.
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
