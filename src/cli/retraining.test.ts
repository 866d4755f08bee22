/** How networks are retrained: published blocks, last stride, width, inheritance, from the command line to the winner. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { jsonOf, shiftaddnas } from './testing/in-process.ts';
import { runBytes } from './testing/run-bytes.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
let data: string;
const at = (...parts: string[]) => join(folder, ...parts);
const settings = () => ['--preset', 'smoke', '--data', data, '--seed', '3', '--threads', '1'];
const json = (...parts: string[]) => JSON.parse(fs.readFileSync(at(...parts), 'utf8'));
const notes = (run: string): string[] =>
  fs
    .readFileSync(at(run, 'journal.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'note')
    .map(({ text }) => text);

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'retraining-'));
  data = writeTinyIdx(at('data'));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** The winner's folder gives the accuracy and the price that the run wrote down. */
async function expectWhole(run: string, { accuracy, energyMj, macs }: Record<string, number>): Promise<void> {
  const scored = jsonOf(await shiftaddnas('evaluate', '--run', at(run), '--threads', '1', '--json'));
  expect(scored.accuracy).toBeCloseTo(accuracy, 9);
  const priced = jsonOf(await shiftaddnas('cost', '--run', at(run), '--json'));
  expect(priced.energyMj).toBeCloseTo(energyMj, 9);
  expect(priced.operations.additions).toBeGreaterThanOrEqual(macs);
}

describe('a search whose networks are retrained in the published form, from the supernet', () => {
  const form = ['--retrain-blocks', 'published', '--last-stride', '1', '--inherit', '--frugal', '0'];
  let result: ReturnType<typeof json>;

  beforeAll(async () => {
    const args = [...settings(), ...QUICK, ...form, '--out', at('published')];
    const { code, stdout, stderr } = await shiftaddnas('search', ...args);
    expect(code, stdout + stderr).toBe(0);
    result = json('published', 'result.json');
  });

  test('has a winner in that form, which is evaluated and priced from its folder', async () => {
    const { space } = json('published', 'winner', 'architecture.json');
    expect(space).toMatchObject({
      name: 'micro',
      blocks: 'published',
      lastStride: 1,
      shortcut: 'average-down',
    });
    expect(space.heads).toBeUndefined(); // nobody teaches
    await expectWhole('published', result.winner);
    const [stem, ...blocks] = result.winner.blocks;
    expect(new Set(blocks.slice(0, -1).map(({ height }: { height: number }) => height))).toEqual(
      new Set([stem.height]),
    );
    const words = ['--space', 'micro', '--genotype', result.winner.genotype, '--retrain-blocks', 'published'];
    const image = ['--last-stride', '1', '--resolution', '16', '--channels', '1'];
    const same = jsonOf(await shiftaddnas('cost', ...words, ...image, '--json'));
    expect(same.energyMj).toBeCloseTo(result.winner.energyMj, 9);
    const supernet = jsonOf(await shiftaddnas('cost', ...words.slice(0, 4), ...image.slice(2), '--json'));
    expect(same.energyMj).toBeGreaterThan(supernet.energyMj);
  });

  test('says what differs and what every network took over; a third of none is fresh', () => {
    const said = notes('published');
    expect(said).toContain('networks are retrained and priced with published blocks, last stride 1');
    const taken = said.filter((text) => text.includes('from the supernet'));
    expect(taken.length).toBe(1 + result.candidates.length + result.baselines.length);
    for (const text of taken) {
      const [, share] =
        /inherits ([\d.]+) % of its \d+ parameters from the supernet; fresh: excite, excite-bias, squeeze, squeeze-bias$/.exec(
          text,
        ) ?? [];
      expect(Number(share), text).toBeGreaterThan(66);
    }
  });

  test('begins where the supernet is: other first weights than afresh, another curve', async () => {
    const afresh = form.filter((flag) => flag !== '--inherit');
    const { code } = await shiftaddnas('search', ...settings(), ...QUICK, ...afresh, '--out', at('afresh'));
    expect(code).toBe(0);
    const other = json('afresh', 'result.json');
    expect(other.supernet).toEqual(result.supernet);
    expect(other.baselines[0].genotype).toBe(result.baselines[0].genotype);
    expect(other.baselines[0].energyMj).toBe(result.baselines[0].energyMj);
    expect(other.baselines[0].accuracy).not.toBe(result.baselines[0].accuracy);
    expect(notes('afresh').some((text) => text.includes('from the supernet'))).toBe(false);
  });

  test('goes on where it was broken off, and ends in the same bytes', async () => {
    const whole = runBytes(at('published'));
    const first = fs
      .readdirSync(at('published', 'checkpoints'))
      .filter((name) => name.startsWith('retrain-candidate-1'));
    expect(first.length).toBeGreaterThanOrEqual(2);
    // As after a kill: when a candidate had trained and was not measured, and before any had begun.
    for (const gone of [/^retrain-candidate-1-measured/, /^retrain-/]) {
      fs.rmSync(at('published', 'result.json'));
      for (const name of fs.readdirSync(at('published', 'checkpoints'))) {
        if (gone.test(name)) fs.rmSync(at('published', 'checkpoints', name));
      }
      const { code, stderr } = await shiftaddnas('search', '--resume', at('published'), '--threads', '1');
      expect(code, stderr).toBe(0);
      expect(runBytes(at('published'))).toEqual(whole);
    }
  });
});

test('a network in the published form learns the digits, is saved and read again', async () => {
  const args = ['--space', 'tiny', '--network', '1-2:s|ac', '--retrain-blocks', 'published'];
  const training = [
    '--epochs',
    '14',
    '--rate',
    '0.006',
    '--validation',
    '40',
    '--batch',
    '16',
    '--out',
    at('learned'),
  ];
  const found = jsonOf(await shiftaddnas('train', ...settings(), ...args, ...training, '--json'));
  expect(found.accuracy).toBeGreaterThan(0.6); // guessing gives 0.1
  await expectWhole('learned', found.network);
});

test('twice the width and a teacher: a second head, which learns from it', async () => {
  const teacher = ['--network', 'all-conv', '--epochs', '2', '--out', at('teacher')];
  expect((await shiftaddnas('train', ...settings(), '--validation', '40', ...teacher)).code).toBe(0);
  const form = [
    '--retrain-blocks',
    'published',
    '--retrain-width',
    '2',
    '--distill',
    at('teacher'),
    '--distill-kind',
    'hard',
  ];
  const args = [
    '--network',
    '1-2:d|sc',
    '--epochs',
    '2',
    '--validation',
    '40',
    '--out',
    at('taught'),
    '--json',
  ];
  const found = jsonOf(await shiftaddnas('train', ...settings(), ...form, ...args));
  const { space } = json('taught', 'winner', 'architecture.json');
  expect(space.heads).toBe(2);
  expect(space.stages.map(({ channels }: { channels: number }) => channels)).toEqual([64, 128]);
  await expectWhole('taught', found.network);
});

test('a published network trains by its name, here at an eighth of its channels', async () => {
  const args = [
    '--network',
    'shiftaddnas-t1-v3',
    '--retrain-width',
    '0.125',
    '--epochs',
    '1',
    '--validation',
    '40',
  ];
  const run = await shiftaddnas(
    'train',
    ...settings(),
    '--train-limit',
    '96',
    ...args,
    '--out',
    at('named'),
    '--json',
  );
  const found = jsonOf(run);
  const { space, genotype } = json('named', 'winner', 'architecture.json');
  expect([space.name, genotype]).toEqual(['hytra', '2-4-5-5:cc|cccc|scadd|aacaa']);
  expect(space).toMatchObject({ blocks: 'published', lastStride: 1 });
  expect(space.stages.map(({ channels }: { channels: number }) => channels)).toEqual([32, 64, 128, 256]);
  await expectWhole('named', found.network);
});

test('the published settings search and retrain, here in a small space', async () => {
  const small = ['--space', 'micro', '--train-limit', '160', '--validation', '60', '--batch', '32'];
  const quick = [
    '--score-images',
    '40',
    '--calibration-images',
    '32',
    '--supernet-epochs',
    '1',
    '--epochs',
    '1',
  ];
  const search = ['--population', '4', '--parents', '2', '--generations', '2', '--threads', '1'];
  const out = at('published-settings');
  const args = ['--preset', 'published', '--data', data, ...small, ...quick, ...search, '--out', out];
  const { code, stderr } = await shiftaddnas('search', ...args);
  expect(code, stderr).toBe(0);
  const { space, sharing } = json('published-settings', 'winner', 'architecture.json');
  expect(space).toMatchObject({ blocks: 'published', shortcut: 'average-down' });
  expect(space.stages.map(({ channels }: { channels: number }) => channels)).toEqual([64, 128]);
  expect(sharing).toMatchObject({ transformation: 'released', shift: 'PS-released', adder: { eta: 0.2 } });
  await expectWhole('published-settings', json('published-settings', 'result.json').winner);
});

test('drop path of retrained networks leaves a supernet alone that has its own', async () => {
  const search = async (name: string, ...flags: string[]) => {
    const args = [...settings(), ...QUICK, '--frugal', '0', ...flags, '--out', at(name)];
    const { code, stderr } = await shiftaddnas('search', ...args);
    expect(code, stderr).toBe(0);
    return json(name, 'result.json');
  };
  const plain = await search('no-drop');
  const own = await search('own-drop', '--drop-path', '0.4', '--supernet-drop-path', '0');
  const same = await search('same-drop', '--drop-path', '0.4');
  expect(own.supernet).toEqual(plain.supernet);
  expect(same.supernet.curve).not.toEqual(plain.supernet.curve);
  const accuracies = ({ winner, candidates, baselines }: typeof plain) =>
    [winner, ...candidates, ...baselines].map(({ accuracy, validationAccuracy }) => [
      accuracy,
      validationAccuracy,
    ]);
  expect(accuracies(own)).not.toEqual(accuracies(plain));
});

test.each([
  ['shiftaddnas-t1-v3', 'hytra'],
  ['shiftaddnas-t0-all-add', 'hytra-deep'],
])('%s takes widths that fit its own space, %s, and not those of another', async (network, space) => {
  const args = ['--network', network, '--retrain-width', '0.0625', '--epochs', '1', '--validation', '40'];
  const small = ['--train-limit', '96', ...args];
  const out = at(`own-${network}`);
  const run = await shiftaddnas('train', ...settings(), ...small, '--out', out, '--json');
  expect(run.code, run.stderr).toBe(0);
  const written = json(`own-${network}`, 'winner', 'architecture.json');
  expect(written.space.name).toBe(space);
  expect(written.space.stages[0].channels).toBe(16);
  expect(json(`own-${network}`, 'config.json').config.space).toBe(space);
  const other = ['--space', 'micro', '--out', at('other')];
  const { code, stderr } = await shiftaddnas('train', ...settings(), ...small, ...other);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(
      `--space micro says nothing about ${network}, whose space is ${space}; leave it out`,
    ),
  ]);
});

test('search refuses to inherit where workers on other machines would have to', async () => {
  const both = ['--inherit', '--cluster', 'postgres://nobody@127.0.0.1:1/none', '--out', at('far')];
  const { code, stderr } = await shiftaddnas('search', ...settings(), ...QUICK, ...both);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/--inherit takes weights .* workers of --cluster/),
  ]);
  expect(fs.existsSync(at('far'))).toBe(false);
});

test.each([
  ['--inherit without a supernet', ['--inherit'], /--inherit takes weights from a trained supernet/],
  [
    'a width without quarters',
    ['--retrain-width', '1.3'],
    /retrained with whole quarters of channels, but stage 0/,
  ],
  ['blocks there are none of', ['--retrain-blocks', 'publishd'], /retrain-blocks.*published/],
])('train refuses %s', async (_, flags, sentence) => {
  const { code, stderr } = await shiftaddnas(
    'train',
    '--network',
    'all-conv',
    ...settings(),
    '--validation',
    '40',
    ...flags,
    '--out',
    at('bad'),
  );
  expect([code, stderr]).toEqual([2, expect.stringMatching(sentence)]);
  expect(fs.existsSync(at('bad'))).toBe(false);
});
