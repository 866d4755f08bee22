/**
 * Loaded into a process by --import: kills it by SIGKILL at one of its changes to the disk, which are counted. What a
 * killed run leaves behind can differ only by how many changes it made, so this is every moment there is to be killed
 * at, and it does not depend on the clock.
 *
 *   KILL_AT    the change, from 1
 *   KILL_PART  how much of it is done, 0 to 1: so much of the bytes of a write, all or nothing of anything else
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const at = Number(process.env.KILL_AT);
const part = Number(process.env.KILL_PART);
let changes = 0;

function die() {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

const write = fs.writeSync;
fs.writeSync = (file, data, offset, length, ...rest) => {
  if (++changes !== at) return write(file, data, offset, length, ...rest);
  const bytes = Buffer.isBuffer(data) || ArrayBuffer.isView(data) ? data : Buffer.from(String(data));
  const from = typeof offset === 'number' ? offset : 0;
  const whole = typeof length === 'number' ? length : bytes.byteLength - from;
  const torn = Math.floor(part * whole);
  if (torn > 0) write(file, bytes, from, torn);
  return die();
};

const CHANGES = ['openSync', 'ftruncateSync', 'fsyncSync', 'renameSync', 'linkSync', 'rmSync', 'mkdirSync'];
for (const name of CHANGES) {
  const call = fs[name];
  fs[name] = (...args) => {
    // Opening to read changes nothing.
    if (name === 'openSync' && (args[1] === undefined || args[1] === 'r')) return call(...args);
    if (++changes !== at) return call(...args);
    if (part >= 0.5) call(...args);
    return die();
  };
}
syncBuiltinESMExports();
