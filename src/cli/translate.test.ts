/** `translate`: what it makes of files, of sentences that no network should see, and of subwords of other weights. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../core/safetensors.ts';
import { sealModel } from '../data/text/model.ts';
import { openSubwords } from '../runs/translation/subwords-file.ts';
import { jsonOf, shiftaddnas } from './testing/in-process.ts';
import { writeTinyPairs } from './testing/tiny-pairs.ts';
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

test('a vocabulary of the right size that is not that of the weights is refused', async () => {
  const copy = join(folder, 'copy');
  fs.cpSync(run, copy, { recursive: true });
  const at = (name: string) => join(copy, name);
  const { model } = openSubwords(at('subwords.json'));
  const other = sealModel({ ...model, vocabulary: model.vocabulary.toReversed() });
  fs.writeFileSync(at('subwords.json'), JSON.stringify(other));
  const refused = async (file: string) => {
    const { code, stderr } = await shiftaddnas('translate', '--run', copy, 'one');
    expect(code).not.toBe(0);
    const [of, held] = [model, other].map(({ checksum }) => checksum.slice(0, 12));
    expect(stderr).toContain(
      `${at(file)} is for the subwords ${of}, but the subwords.json beside it holds ${held}`,
    );
    expect(stderr.trim().split('\n')).toHaveLength(1);
  };
  await refused('architecture.json');
  // as earlier versions wrote it
  const { subwords: _, ...older } = JSON.parse(fs.readFileSync(at('architecture.json'), 'utf8'));
  fs.writeFileSync(at('architecture.json'), JSON.stringify(older));
  await refused('weights.safetensors');
  const { tensors, metadata } = readSafetensors(at('weights.safetensors'));
  writeSafetensors(at('weights.safetensors'), tensors, { format: metadata.format });
  expect((await shiftaddnas('translate', '--run', copy, 'one')).code).toBe(0);
});

test('a run goes on with the subwords that it began with, not with others of the same size', async () => {
  const data = await writeTinyPairs(join(folder, 'pairs'));
  const dir = join(folder, 'trained');
  const settings = ['--data', data, '--pair', 'en-de', '--preset', 'smoke', '--epochs', '1', '--quiet'];
  const trained = await shiftaddnas('train', '--network', 'all-attention', ...settings, '--out', dir);
  expect(trained.code, trained.stderr).toBe(0);
  const file = join(dir, 'subwords.json');
  const text = fs.readFileSync(file, 'utf8');
  const { model } = openSubwords(file);
  fs.writeFileSync(file, JSON.stringify(sealModel({ ...model, vocabulary: model.vocabulary.toReversed() })));
  const resume = () => shiftaddnas('train', '--resume', dir, '--quiet');
  const refused = await resume();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    `${dir} goes on with the subwords that it began with, but ${file} is another model`,
  );
  expect(refused.stderr.trim().split('\n')).toHaveLength(1);
  fs.writeFileSync(file, text);
  expect((await resume()).code).toBe(0);
});
