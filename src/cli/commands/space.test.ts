/** `space` from the command line: own spaces with rules, both ways of sampling, the picture. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tiny } from '../../spaces/presets.ts';
import { numbers } from '../../spaces/seq2seq/presets.ts';
import { jsonOf, shiftaddnas } from '../testing/in-process.ts';

let folder: string;
let file: string;

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'space-'));
  file = join(folder, 'mine.json');
  const exclusions = [{ inARow: ['attention', 'attention'] }];
  fs.writeFileSync(file, JSON.stringify({ ...tiny(), name: 'mine', ties: [[{ stage: 0 }]], exclusions }));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

test('counts a space with ties and exclusions, samples it and says its rules', async () => {
  const { stdout, code } = await shiftaddnas('space', '--space', file, '--sample', '4');
  expect(code).toBe(0);
  expect(stdout).toContain('rule: all layers of stage 0 use one operator');
  const found = jsonOf(await shiftaddnas('space', '--space', file, '--sample', '4', '--json'));
  // Tuples 1-2 1-3 2-1 2-2 2-3 3-1 3-2; stage 1 of 1, 2, 3 layers holds 4, 15, 57 without two attentions in a row.
  expect(found.count).toBe(String(3 * (15 + 57 + 4 + 15 + 57 + 4 + 15)));
  for (const word of found.samples) {
    expect(word).not.toContain('aa');
    const checked = jsonOf(await shiftaddnas('space', '--space', file, '--check', word, '--json'));
    expect(checked.valid).toBe(word);
  }
});

test('refuses a genotype that breaks a rule, and one of another space', async () => {
  const broken = await shiftaddnas('space', '--space', file, '--check', '2-2:cd|cc');
  expect([broken.code, broken.stderr]).toEqual([
    2,
    expect.stringContaining('ties[0]: all layers of stage 0'),
  ]);
  const other = await shiftaddnas('space', '--space', file, '--check', '1-1-2:c|c|cc');
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('a genotype of another space')]);
});

test('--paths tuples draws other networks than --paths architectures, which is the default', async () => {
  const draw = async (...args: string[]) =>
    jsonOf(await shiftaddnas('space', '--space', 'hytra', '--sample', '3', '--seed', '5', ...args, '--json'))
      .samples;
  expect(await draw('--paths', 'architectures')).toEqual(await draw());
  expect(await draw('--paths', 'tuples')).not.toEqual(await draw());
});

test('--draw writes a picture; a folder that is not there is one sentence', async () => {
  const picture = join(folder, 'mine.svg');
  const found = jsonOf(await shiftaddnas('space', '--space', file, '--draw', picture, '--json'));
  expect(found.picture).toBe(picture);
  expect(fs.readFileSync(picture, 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  const { code, stderr } = await shiftaddnas('space', '--draw', join(folder, 'none', 'a.svg'));
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^shiftaddnas: [^\n]*none[^\n]*\n$/)]);
});

test('translation spaces: the published count, samples that check, a file of one’s own, a picture', async () => {
  const found = jsonOf(await shiftaddnas('space', '--space', 'seq2seq', '--sample', '3', '--json'));
  expect(found.count).toBe('20598101001681317971984318464');
  for (const word of found.samples) {
    const checked = jsonOf(await shiftaddnas('space', '--space', 'seq2seq', '--check', word, '--json'));
    expect(checked.valid).toBe(word);
  }
  const own = join(folder, 'own.json');
  fs.writeFileSync(own, JSON.stringify({ ...numbers(), name: 'own', attention: 32 }));
  const picture = join(folder, 'own.svg');
  const { stdout } = await shiftaddnas('space', '--space', own, '--draw', picture);
  expect(stdout).toContain('own: 13,045,760 architectures');
  expect(stdout).toContain('queries, keys and values: 32; windows by layer: 3 7');
  expect(fs.readFileSync(picture, 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
});

test('a genotype of the other kind of space says so', async () => {
  const image = await shiftaddnas('space', '--space', 'numbers', '--check', '2-3:cc|cas');
  expect([image.code, image.stderr]).toEqual([2, expect.stringContaining('a genotype of an image space')]);
  const word = '64-64:A4f128.A4f128|A4x4s1f128';
  const translation = await shiftaddnas('space', '--space', 'cifar', '--check', word);
  expect([translation.code, translation.stderr]).toEqual([
    2,
    expect.stringContaining('a genotype of a translation space'),
  ]);
});
