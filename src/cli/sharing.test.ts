/** Sharing schemes from the command line to their results: settings reach supernet and retraining alike. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openBackend } from '../backends/open.ts';
import { EventBus } from '../core/events.ts';
import { readSafetensors } from '../core/safetensors.ts';
import { createRun, resumeRun } from '../runs/folder.ts';
import { DEFAULT_CONFIG, type RunConfig } from '../runs/options.ts';
import { runPipeline } from '../runs/pipeline/pipeline.ts';
import { PRESETS } from '../runs/presets.ts';
import { spacePreset } from '../spaces/presets.ts';
import { jsonOf, shiftaddnas } from './testing/in-process.ts';
import { runBytes } from './testing/run-bytes.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
let data: string;

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'sharing-'));
  data = writeTinyIdx(join(folder, 'data'));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const json = (...parts: string[]) => JSON.parse(fs.readFileSync(join(folder, ...parts), 'utf8'));

async function search(name: string, ...flags: string[]) {
  const where = ['--preset', 'smoke', '--data', data, '--out', join(folder, name), '--threads', '1'];
  const done = await shiftaddnas('search', ...where, ...QUICK, '--frugal', '0', ...flags);
  expect(done.stderr + done.stdout).toMatch(/result|winner/i);
  expect(done.code).toBe(0);
  return { ...json(name, 'result.json'), printed: done.stdout };
}

const SCHEMES: readonly (readonly [string, readonly string[]])[] = [
  ['naive', ['--transformation', 'none', '--shared-gradient', 'plain', '--initialisation', 'kaiming']],
  ['released', ['--transformation', 'released', '--alignment', 'released', '--shared-gradient', 'plain']],
  [
    'released-ps',
    ['--transformation', 'released', '--shift', 'PS-released', '--initialisation', 'published'],
  ],
  [
    'monotone',
    ['--transformation', 'monotone', '--alignment', 'wasserstein', '--shared-gradient', 'normalised'],
  ],
  ['channels', ['--adder-per', 'channel', '--adder-scale', 'free', '--shift', 'PS']],
];

test.each(SCHEMES)('%s: a search ends, and its winner can be evaluated', async (name, flags) => {
  const result = await search(name, ...flags);
  for (const [flag, value] of flags.flatMap((one, i) => (i % 2 === 0 ? [[one, flags[i + 1]]] : []))) {
    const key = flag.slice(2).replace(/-./g, ([, letter]) => letter.toUpperCase());
    expect(result.config[key]).toBe(value);
  }
  const { sharing } = json(name, 'winner', 'architecture.json');
  expect(sharing.transformation).toBe(result.config.transformation);
  expect(sharing.adder.kind).toBe(result.config.adderScale);
  const scored = jsonOf(
    await shiftaddnas('evaluate', '--run', join(folder, name), '--threads', '1', '--json'),
  );
  expect(scored.accuracy).toBeCloseTo(result.winner.accuracy, 6);

  const scales = [result.supernet, ...result.baselines, result.winner].flatMap(
    ({ adderScale }) => adderScale ?? [],
  );
  const withScale = result.config.transformation === 'affine' || result.config.transformation === 'monotone';
  expect(scales.length > 0).toBe(withScale);
  for (const { low, high } of scales) {
    expect(low).toBeLessThanOrEqual(high);
    if (result.config.adderScale === 'bounded') expect(low >= 1 && high <= 8).toBe(true);
  }
  if (withScale) {
    expect(result.printed).toMatch(/scales that adders ended with: supernet [\d.]+ to [\d.]+, .*all-add/);
  }
  const journal = fs.readFileSync(join(folder, name, 'journal.jsonl'), 'utf8');
  expect(journal.includes('scales of its adders')).toBe(withScale);
});

test('under SGD, moments are what normalised is, and only the run that asked for them says so', async () => {
  const sgd = ['--optimiser', 'sgd', '--rate', '0.02'];
  const [moments, normalised] = [
    await search('sgd', ...sgd),
    await search('sgd-normalised', ...sgd, '--shared-gradient', 'normalised'),
  ];
  expect(moments.supernet).toEqual(normalised.supernet);
  expect(moments.front).toEqual(normalised.front);
  const said = (name: string) =>
    fs
      .readFileSync(join(folder, name, 'journal.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('sgd has no second moment for each operator'));
  expect(said('sgd')).toHaveLength(1);
  expect(said('sgd')[0]).toContain('as with --shared-gradient normalised');
  expect(said('sgd-normalised')).toEqual([]);
});

test('the scale of the result is that of the saved weights, one for each channel where asked for', async () => {
  const trained = await shiftaddnas(
    ...['train', '--network', 'all-add', '--preset', 'smoke', '--data', data, '--out', join(folder, 'alone')],
    ...[
      '--threads',
      '1',
      '--adder-per',
      'channel',
      '--adder-initial',
      '3',
      '--epochs',
      '2',
      '--validation',
      '80',
    ],
  );
  expect(trained.code).toBe(0);
  expect(trained.stdout).toMatch(/^scales that adders ended with: network \d\.\d\d to \d\.\d\d$/m);
  const { adderScale } = json('alone', 'winner', 'metrics.json');
  const { tensors } = readSafetensors(join(folder, 'alone', 'winner', 'weights.safetensors'));
  const scales: number[] = [];
  for (const [name, { shape, data: logs }] of tensors) {
    if (!name.endsWith('.scale')) continue;
    expect(shape).toEqual([tensors.get(name.slice(0, -'.scale'.length))?.shape.at(-1)]);
    scales.push(...Array.from(logs, (value) => Math.exp(Number(value))));
  }
  expect(adderScale.low).toBeCloseTo(Math.min(...scales), 9);
  expect(adderScale.high).toBeCloseTo(Math.max(...scales), 9);
  expect(new Set(scales).size).toBeGreaterThan(10);
});

test('a space says how its adders are spread, a flag wins over it, and training alone may differ', async () => {
  const file = join(folder, 'space.json');
  const adder = { kind: 'bounded', initial: 2, low: 1.5, high: 3, offset: 0.4, per: 'channel' };
  fs.writeFileSync(file, JSON.stringify({ ...spacePreset('micro'), name: 'mine', adder }));
  const train = (name: string, ...flags: string[]) =>
    shiftaddnas(
      ...['train', '--network', 'all-add', '--preset', 'smoke', '--data', data, '--threads', '1'],
      ...['--space', file, '--epochs', '1', '--validation', '80', '--out', join(folder, name), ...flags],
    );
  expect((await train('by-space')).code).toBe(0);
  expect(json('by-space', 'config.json').config).toMatchObject({
    ...{ adderScale: 'bounded', adderInitial: 2, adderLow: 1.5, adderHigh: 3 },
    ...{ adderOffset: 0.4, adderPer: 'channel', adderAlone: 'same' },
  });
  const { space, sharing } = json('by-space', 'winner', 'architecture.json');
  expect(sharing.adder).toEqual(adder);
  expect(space.adder).toEqual(adder);
  const { adderScale } = json('by-space', 'winner', 'metrics.json');
  expect(adderScale.low).toBeGreaterThanOrEqual(1.4999);
  expect(adderScale.high).toBeLessThanOrEqual(3.0001);

  expect((await train('by-flag', '--adder-high', '5', '--adder-alone', 'fixed')).code).toBe(0);
  expect(json('by-flag', 'config.json').config).toMatchObject({ adderScale: 'bounded', adderHigh: 5 });
  expect(json('by-flag', 'winner', 'architecture.json').sharing.adder.kind).toBe('fixed');
  expect(json('by-flag', 'winner', 'metrics.json').adderScale).toEqual({ low: 2, high: 2 });

  const all = ['initial=2.5', 'low=2', 'high=3', 'offset=-0.1', 'per=layer'].flatMap((setting) => {
    const [name, value] = setting.split('=');
    return [`--adder-alone-${name}`, value];
  });
  expect((await train('alone-by-flags', '--adder-alone', 'bounded', ...all)).code).toBe(0);
  expect(json('alone-by-flags', 'config.json').config).toMatchObject({
    adderInitial: 2,
    adderAloneInitial: 2.5,
  });
  expect(json('alone-by-flags', 'winner', 'architecture.json').sharing.adder).toEqual({
    ...{ kind: 'bounded', initial: 2.5, low: 2, high: 3, offset: -0.1 },
  });
  expect((await train('wrong', '--adder-alone-initial', 'some')).stderr).toMatch(
    /--adder-alone-initial must be a number of at least 0.001 or same, but got "some"/,
  );

  const refused = await train('outside', '--adder-initial', '7');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/needs 0 < low <= initial <= high, got low 1.5, initial 7, high 3/);
});

test('a spread that the transformation does not use is refused where it is asked for, and said where a space has it', async () => {
  const train = (name: string, ...flags: string[]) =>
    shiftaddnas(
      ...['train', '--network', '1-2:d|dd', '--preset', 'smoke', '--data', data, '--threads', '1'],
      ...['--validation', '80', '--out', join(folder, name), ...flags],
    );
  for (const [transformation, flags] of [
    ['none', ['--adder-scale', 'free']],
    ['released', ['--adder-initial', '3']],
    ['none', ['--adder-alone-per', 'channel']],
  ] as const) {
    const { code, stderr } = await train('unused', '--transformation', transformation, ...flags);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(
        `${flags[0]} is about the spread .* with --transformation ${transformation} they are brought to none`,
      ),
    ]);
  }
  const recipe = await train('unused', '--recipe', 'addernet', '--adder-per', 'channel');
  expect([recipe.code, recipe.stderr]).toEqual([2, expect.stringContaining('with --transformation none')]);
  expect((await train('by-recipe', '--recipe', 'addernet', '--epochs', '1', '--batch', '32')).code).toBe(0);

  const file = join(folder, 'unused.json');
  fs.writeFileSync(file, JSON.stringify({ ...spacePreset('micro'), name: 'mine', adder: { kind: 'free' } }));
  expect((await train('said', '--space', file, '--transformation', 'none')).code).toBe(0);
  expect(fs.readFileSync(join(folder, 'said', 'journal.jsonl'), 'utf8')).toContain(
    "what space mine says of its adders' weights is not used: none is a transformation",
  );
});

test('settings that do not go together are refused before anything is written', async () => {
  const out = join(folder, 'refused');
  const done = await shiftaddnas(
    ...['search', '--preset', 'smoke', '--data', data, '--out', out, '--shift', 'PS-released'],
  );
  expect(done.code).toBe(2);
  expect(done.stderr).toMatch(/PS-released takes its exponents from the released transformation/);
  expect(fs.existsSync(join(out, 'result.json'))).toBe(false);
});

/** Runs `dir` until `stopAt` epochs have ended in this process, or to its end. */
async function go(dir: string, config: RunConfig, stopAt = Number.POSITIVE_INFINITY): Promise<void> {
  const resumed = fs.existsSync(join(dir, 'config.json'));
  const run = resumed ? resumeRun(dir) : createRun(dir, { command: 'search', config: { ...config } });
  const backend = await openBackend('auto', { threads: 1 });
  const stop = new AbortController();
  const bus = new EventBus();
  let ended = 0;
  bus.subscribe(({ type }) => {
    if (type === 'epoch-ended' && ++ended === stopAt) stop.abort();
  });
  try {
    await runPipeline({ run, config, backend, bus, signal: stop.signal, resumed, saveEvery: 0 });
  } finally {
    backend.dispose();
    run.close();
  }
}

test.each([
  ['monotone', { transformation: 'monotone', alignment: 'wasserstein', adderPer: 'channel' }],
  ['normalised', { sharedGradient: 'normalised' }],
  ['released-ps', { transformation: 'released', shift: 'PS-released', alignment: 'released' }],
  ['released-v4', { transformation: 'released', shift: 'PS-released-v4', sharedGradient: 'plain' }],
] as const)(
  '%s: stopped in the middle of the supernet, a run ends in the same bytes',
  async (name, changes) => {
    const config: RunConfig = {
      ...DEFAULT_CONFIG,
      ...PRESETS.smoke.images,
      ...{ data, seed: 5, validation: 80, supernetEpochs: 3, epochs: 1, population: 4, frugal: 0 },
      ...{ scoreImages: 40, calibrationImages: 40 },
      ...changes,
    };
    const [whole, stopped] = [join(folder, `${name}-whole`), join(folder, `${name}-stopped`)];
    await go(whole, config);
    await expect(go(stopped, config, 2)).rejects.toMatchObject({ code: 'interrupted' });
    await go(stopped, config);
    expect(runBytes(stopped)).toEqual(runBytes(whole));
  },
);
