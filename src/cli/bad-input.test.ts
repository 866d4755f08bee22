/** Whatever is wrong: a non-zero exit, one sentence that says what, where and what to do, and no stack trace. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRun, resumeRun } from '../runs/folder.ts';
import { jsonOf, type Outcome, shiftaddnas } from './testing/in-process.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'bad-input-'));
  data = writeTinyIdx(at('data'));
  writeTinyIdx(at('cut-off'));
  const images = at('cut-off', 'train-images-idx3-ubyte');
  fs.writeFileSync(`${images}.gz`, gzipSync(fs.readFileSync(images)).subarray(0, 9000));
  fs.rmSync(images);
  writeTinyIdx(at('swapped'));
  fs.copyFileSync(at('swapped', 't10k-labels-idx1-ubyte'), at('swapped', 't10k-images-idx3-ubyte'));
  fs.writeFileSync(at('unknown-key.json'), '{"limitEnery": "5mJ"}');
  fs.writeFileSync(at('wrong-value.json'), '{"epochs": "many"}');
  fs.writeFileSync(at('no-json'), 'seed = 3');
  fs.writeFileSync(at('file'), 'mine');
  fs.mkdirSync(at('other-files'));
  fs.writeFileSync(at('other-files', 'thesis.tex'), 'mine');
  createRun(at('a-run'), { command: 'search', config: {} }).close();
  createRun(at('a-train-run'), { command: 'train', config: {} }).close();
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A run with --json prints no progress, so the sentence must be all of stderr, and the object all of stdout. */
function expectOneSentence(outcome: Outcome, code: number, pattern: RegExp): void {
  expect(outcome.stderr).toMatch(pattern);
  expect(outcome.stderr).toMatch(/^shiftaddnas: [^\n]+\n$/);
  expect(outcome.stderr).not.toMatch(/internal|\bat .*:\d+:\d+/);
  const { error } = jsonOf(outcome);
  expect(`shiftaddnas: ${error.message}\n`).toBe(outcome.stderr);
  expect(error).toMatchObject({ code: expect.any(String), fields: expect.any(Object) });
  expect(outcome.code).toBe(code);
}

const search = (...args: string[]) => shiftaddnas('search', '--preset', 'smoke', ...QUICK, '--json', ...args);

describe('a search with', () => {
  test.each<[string, number, RegExp, () => string[]]>([
    [
      'a missing data folder',
      1,
      /nowhere.*(exist|missing|no such)/i,
      () => ['--data', `idx:${at('nowhere')}`],
    ],
    ['a cut-off .gz', 1, /train-images-idx3-ubyte\.gz.*cut off/, () => ['--data', `idx:${at('cut-off')}`]],
    [
      'a wrong magic number',
      1,
      /magic number 0x00000803.*0x00000801/,
      () => ['--data', `idx:${at('swapped')}`],
    ],
    ['an unknown data source', 2, /did you mean glyphs\?/, () => ['--data', 'glyps']],
    [
      'an unknown flag',
      2,
      /unknown option '--limit-enery'; did you mean --limit-energy\?/,
      () => ['--limit-enery', '5mJ'],
    ],
    ['a flag without its value', 2, /--seed/, () => ['--seed']],
    ['an argument too many', 2, /too many arguments/, () => ['fast']],
    [
      'an unknown config key',
      2,
      /"limitEnery" in .*unknown-key\.json; did you mean "limitEnergy"\?/,
      () => ['--config', at('unknown-key.json')],
    ],
    [
      'a wrong value in a config',
      2,
      /"epochs" in .* must be a whole number of at least 1, but got "many"/,
      () => ['--config', at('wrong-value.json')],
    ],
    [
      'a config that is no JSON',
      2,
      /no-json must be a readable JSON file/,
      () => ['--config', at('no-json')],
    ],
    ['a config that is not there', 2, /absent\.json/, () => ['--config', at('absent.json')]],
    [
      'a seed that is a word',
      2,
      /--seed must be a whole number of at least 0, but got "three"/,
      () => ['--seed', 'three'],
    ],
    ['a seed beyond whole numbers', 2, /--seed must be a whole number/, () => ['--seed', '1e30']],
    ['no epochs', 2, /--epochs must be a whole number of at least 1, but got "0"/, () => ['--epochs', '0']],
    ['a negative rate', 2, /--rate must be a number of at least 0, but got "-1"/, () => ['--rate=-1']],
    ['impossible bits', 2, /--bits must be one of 32, 16, 8.*but got "12"/, () => ['--bits', '12']],
    ['an unknown preset', 2, /did you mean smoke\?/, () => ['--preset', 'smok']],
    ['an unknown backend', 2, /did you mean native\?/, () => ['--backend', 'nativ']],
    ['an unknown space', 2, /micr.*did you mean 'micro'\?/, () => ['--space', 'micr']],
    [
      'an unknown accelerator',
      2,
      /did you mean .*shiftaddnas-released/,
      () => ['--accelerator', 'shiftaddnas-release'],
    ],
    ['an unknown unit of a limit', 2, /5kg/, () => ['--limit-energy', '5kg']],
    ['an unknown family', 2, /--families .*did you mean shift\?/, () => ['--families', 'conv,shft']],
    [
      'more held-out images than there are',
      2,
      /--validation must leave images.*400 of 400/,
      () => ['--validation', '400'],
    ],
    [
      'a limit that no network meets',
      1,
      /energy <= 1e-9 mJ.*best seen 0\.00\d+ mJ, genotype/,
      () => ['--limit-energy', '1pJ'],
    ],
    [
      'a share of shifts, of which the all-convolution network has none',
      2,
      /limit on shifts cannot be a share such as "90%", because .* has none; give a number, such as 300M, or 0/,
      () => ['--limit-shifts', '90%'],
    ],
    [
      'no multiplications in a space whose stems and heads multiply',
      1,
      /no architecture of [\d,]+ met multiplications <= 0; best seen [\d,]+, genotype .*; raise the limit or/,
      () => ['--limit-energy', 'none', '--limit-multiplications', '0'],
    ],
    [
      'a limit of two kinds that no network meets',
      1,
      /best seen energy [\d.]+ mJ, parameters [\d,]+/,
      () => ['--limit-params', '10', '--limit-energy', '99%'],
    ],
  ])('%s', async (_, code, pattern, args) => {
    const out = at('never');
    const source = args().includes('--data') ? [] : ['--data', data];
    expectOneSentence(await search('--out', out, ...source, ...args()), code, pattern);
    // Nothing was done, so nothing is left that the corrected command would trip over.
    expect(fs.existsSync(out)).toBe(false);
  });

  test.each<[string, RegExp, () => string]>([
    ['is a file', /file is a file; choose a folder with --out/, () => at('file')],
    ['lies in a file', /cannot write .*not a folder/, () => at('file', 'run')],
    ['holds other files', /other-files holds other files \(thesis\.tex\).*--out/, () => at('other-files')],
    ['holds a run', /a-run already holds a search run; go on with it by --resume/, () => at('a-run')],
  ])('an --out that %s', async (_, pattern, out) => {
    expectOneSentence(await search('--data', data, '--out', out()), 1, pattern);
  });

  test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'an --out in a folder that is read-only (not as root, who may write anywhere)',
    async () => {
      fs.mkdirSync(at('read-only'), { mode: 0o500 });
      expectOneSentence(
        await search('--data', data, '--out', at('read-only', 'run')),
        1,
        /permission is denied/,
      );
    },
  );

  test('an empty folder given as --out: it is still there and empty after a failure', async () => {
    fs.mkdirSync(at('empty'));
    expectOneSentence(
      await search('--data', data, '--out', at('empty'), '--limit-params', '1'),
      1,
      /best seen .*parameters/,
    );
    expect(fs.readdirSync(at('empty'))).toEqual([]);
  });
});

describe('resuming', () => {
  const resume = (...args: string[]) => shiftaddnas('search', '--json', '--resume', ...args);

  test('something that is no run', async () => {
    expectOneSentence(await resume(at('nowhere')), 1, /nowhere is not a run: there is no such folder/);
    expectOneSentence(await resume(at('other-files')), 1, /other-files is not a run: it has no config\.json/);
    expectOneSentence(
      await resume(at('a-train-run')),
      1,
      /is a run of train; resume it with: shiftaddnas train/,
    );
  });

  test('with other settings', async () => {
    const outcome = await resume(at('a-run'), '--epochs', '9', '--limit-energy', '5mJ');
    expectOneSentence(outcome, 2, /keeps its settings, so .*--epochs.* cannot go with --resume/);
    expect(outcome.stderr).toContain('--limit-energy');
  });

  test('with a config that does not fit this version', async () => {
    expectOneSentence(await resume(at('a-run')), 1, /config\.json does not fit this version of the program/);
  });

  test('a run that somebody else writes', async () => {
    const mine = resumeRun(at('a-run'));
    try {
      const outcome = await resume(at('a-run'));
      expectOneSentence(outcome, 1, new RegExp(`being written by process ${process.pid}`));
    } finally {
      mine.close();
    }
  });
});

test('a loss that is not a number names step and layer and keeps the run', async () => {
  const out = at('diverged');
  const outcome = await search('--data', data, '--rate', '1e30', '--out', out);
  expectOneSentence(
    outcome,
    1,
    /loss must be a finite number.* at step \d+; first seen in \S+.*lower --rate/,
  );
  const journal = fs.readFileSync(join(out, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
  expect(JSON.parse(journal.at(-1) ?? '')).toMatchObject({ type: 'run-ended', outcome: 'failed' });
  expectOneSentence(await shiftaddnas('search', '--resume', out, '--json'), 1, /finite number/);
});

test('on a terminal without --json the sentence stands once, below the progress, and stdout stays empty', async () => {
  const { code, stdout, stderr } = await shiftaddnas(
    ...['search', '--preset', 'smoke', ...QUICK, '--data', data, '--rate', '1e30', '--out', at('diverged-2')],
  );
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.match(/finite number/g)).toHaveLength(1);
  expect(stderr).toMatch(/failed after .*\nshiftaddnas: the loss [^\n]*\n$/);
});

describe('other commands', () => {
  test.each<[string, number, RegExp, () => string[]]>([
    ['an unknown command', 2, /unknown command 'serch'; did you mean search\?/, () => ['serch']],
    ['evaluate without a run', 2, /evaluate needs --run/, () => ['evaluate']],
    [
      'evaluate of a run that has not finished',
      1,
      /has not finished; go on with it by --resume/,
      () => ['evaluate', '--run', at('a-run')],
    ],
    ['evaluate of no run', 1, /nowhere holds no trained network/, () => ['evaluate', '--run', at('nowhere')]],
    ['predict without files', 2, /files/, () => ['predict', '--run', at('a-run')]],
    ['train without a network', 2, /train needs --network/, () => ['train']],
    [
      'train of an unknown network',
      2,
      /did you mean all-conv\?/,
      () => [
        'train',
        '--network',
        'all-con',
        '--preset',
        'smoke',
        ...QUICK,
        '--data',
        data,
        '--out',
        at('never-2'),
      ],
    ],
    [
      'train of a genotype outside the space',
      2,
      /genotype/,
      () => [
        'train',
        '--network',
        '9-9:cc|c',
        '--preset',
        'smoke',
        ...QUICK,
        '--data',
        data,
        '--out',
        at('never-2'),
      ],
    ],
    ['cost of nothing', 2, /exactly one of --network/, () => ['cost']],
    [
      'cost of an unknown network',
      2,
      /did you mean "shiftaddnas-t1-v4"/,
      () => ['cost', '--network', 'shiftaddnas-t1-v44'],
    ],
    ['cost of half a layer', 2, /six whole numbers/, () => ['cost', '--layer', 'conv,14,256']],
    [
      'space with a genotype it does not have',
      2,
      /genotype|stage/,
      () => ['space', '--space', 'micro', '--check', '9-9:cc|c'],
    ],
    ['report of no run', 1, /is not a run/, () => ['report', at('nowhere')]],
  ])('%s', async (_, code, pattern, args) => {
    expectOneSentence(await shiftaddnas(...args(), '--json'), code, pattern);
    expect(fs.existsSync(at('never-2'))).toBe(false);
  });
});
