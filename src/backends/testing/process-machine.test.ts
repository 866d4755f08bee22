/** The talk with a kernel program, held against one in JavaScript that knows the commands and a single kernel. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { KERNELS } from '../abi.ts';
import { openHost } from './process-machine.ts';

/** As native/host.cpp; `fill` works, every other kernel ends the program as a sanitizer does. */
const PROGRAM = `
const fs = require('node:fs');
const names = ${JSON.stringify(Object.keys(KERNELS))};
const memory = Buffer.alloc(1 << 16);
let next = 64;
const take = (bytes) => {
  const data = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; ) {
    const count = fs.readSync(0, data, at, bytes - at, null);
    if (count === 0) process.exit(0);
    at += count;
  }
  return data;
};
const number = (value) => { const b = Buffer.alloc(8); b.writeDoubleLE(value); fs.writeSync(1, b); };
for (;;) {
  const [what, first, second] = [0, 8, 16].map(((head) => (at) => head.readDoubleLE(at))(take(24)));
  if (what === 0) { const text = ['toy', ...names, ''].join('\\n'); number(text.length); fs.writeSync(1, text); }
  if (what === 1) { number(next); next += first; }
  if (what === 3) memory.fill(0xff, first, first + second);
  if (what === 4) take(second).copy(memory, first);
  if (what === 5) fs.writeSync(1, memory, first, second);
  if (what === 6) {
    const a = new Float64Array(take(second).buffer.slice(0));
    if (names[first] !== 'fill') { console.error('ERROR: out of bounds in ' + names[first]); process.exit(1); }
    for (let i = 0; i < a[1]; i++) memory.writeFloatLE(a[2], a[0] + 4 * i);
    number(0);
  }
  if (what === 7) number(first);
}
`;

describe.skipIf(process.platform === 'win32')('a backend in another process (named pipes)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shiftaddnas-toy-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'toy.cjs');
  writeFileSync(program, PROGRAM);
  const open = (threads: number) => openHost([process.execPath, program], { threads });

  test('it says what it is, keeps what is written and runs kernels', async () => {
    const backend = open(3);
    expect([backend.description, backend.threads]).toEqual(['host: toy, 3 threads', 3]);
    const [x, y] = [backend.allocate(5), backend.allocate(2, 'int32')];
    backend.write(x, [1, 2, 3, 4, 5]);
    backend.write(x, [7], 3);
    backend.write(y, [-1, 6]);
    expect(Array.from(await backend.read(x))).toEqual([1, 2, 3, 7, 5]);
    expect(Array.from(await backend.read(y))).toEqual([-1, 6]);
    backend.fill(x, 0.5);
    expect(Array.from(await backend.read(x))).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
    backend.dispose();
  });

  test('what is handed out again holds nothing of before', async () => {
    const backend = open(1);
    const first = backend.allocate(3);
    backend.fill(first, 1);
    backend.free(first);
    expect(Array.from(await backend.read(backend.allocate(2)))).toEqual([Number.NaN, Number.NaN]);
    backend.dispose();
  });

  test('a program that ends is an error with its last words, then and later', () => {
    const backend = open(1);
    const x = backend.allocate(4);
    expect(() => backend.axpy(x, x, 4, 1)).toThrow(
      /^the kernel program ended:\n.*ERROR: out of bounds in axpy/s,
    );
    expect(() => backend.fill(x, 1)).toThrow('the kernel program ended');
    backend.dispose();
  });

  test('a program that is not there', () => {
    expect(() => openHost([join(folder, 'none')])).toThrow('could not be started; is it installed?');
  });
});
