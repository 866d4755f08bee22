/** `translate`: what it makes of files and of sentences that no network should see. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonOf, shiftaddnas } from './testing/in-process.ts';
import { writeTinyTranslator } from './testing/tiny-translator.ts';

let folder: string;
let run: string;
beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'translate-'));
  run = join(folder, 'tiny');
  await writeTinyTranslator(run);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function write(name: string, bytes: string | Uint8Array): string {
  fs.writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

const translate = (...args: string[]) => shiftaddnas('translate', '--run', run, ...args);

test('a file that is not UTF-8 is refused with file and line', async () => {
  const file = write('latin1.en', Buffer.from('one\ncaf\xe9\n', 'latin1'));
  const { code, stdout, stderr } = await translate('--input', file);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/line 2 of .*latin1\.en must be UTF-8/);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('packed files, a byte order mark and Windows line ends read as the plain text they hold', async () => {
  const text = 'one\ntwenty-one\n';
  const plain = await translate('--input', write('plain.en', text));
  expect([plain.code, plain.stderr]).toEqual([0, '']);
  expect(plain.stdout.split('\n')).toHaveLength(3);
  expect(plain.stdout).not.toMatch(/^\n/);
  for (const [name, bytes] of [
    ['packed.en.gz', gzipSync(text)],
    ['marked.en', `\ufeff${text}`],
    ['windows.en', text.replaceAll('\n', '\r\n')],
  ] as const) {
    expect(await translate('--input', write(name, bytes)), name).toEqual(plain);
  }
  const { stderr } = await translate('--input', join(folder, 'plan.en'));
  expect(stderr).toMatch(/there is no file .*plan\.en; the nearest name there is plain\.en/);
});

test('what says nothing is translated by nothing, and unknown characters are told by line', async () => {
  const lines = ['one', '', '👾 ☃ Ω', '  ', 'one ☃'];
  const { code, stdout, stderr } = await translate('--input', write('odd.en', `${lines.join('\n')}\n`));
  expect(code).toBe(0);
  const [first, ...others] = stdout.split('\n');
  expect(first).not.toBe('');
  expect(others.slice(0, 3)).toEqual(['', '', '']);
  expect(others[3]).not.toBe('');
  expect(others.slice(4)).toEqual(['']);
  expect(stderr.trim().split('\n')).toEqual([
    expect.stringMatching(
      /^sentence 3 of .*odd\.en has 3 characters that no subword holds, and nothing else/,
    ),
    expect.stringMatching(/^sentence 5 of .*odd\.en has 1 character that no subword holds, left untransl/),
  ]);
  const json = await translate('--json', ...lines);
  expect(json.stderr).toBe('');
  expect(jsonOf(json).translations[2]).toEqual({
    ...{ source: lines[2], translation: '', score: 0, unknown: 3 },
  });
});
