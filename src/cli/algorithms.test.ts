/** Every search algorithm, from the command line to its result: stopped in the middle, it ends in the same bytes. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBackend } from '../backends/open.ts';
import { EventBus } from '../core/events.ts';
import { createRun, resumeRun } from '../runs/folder.ts';
import { readJournal } from '../runs/journal.ts';
import { DEFAULT_CONFIG, type RunConfig } from '../runs/options.ts';
import { runPipeline } from '../runs/pipeline/pipeline.ts';
import { PRESETS } from '../runs/presets.ts';
import { ALGORITHM_NAMES } from '../search/names.ts';
import { jsonOf, shiftaddnas } from './testing/in-process.ts';
import { runBytes } from './testing/run-bytes.ts';
import { writeTinyIdx } from './testing/tiny-data.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
let data: string;

beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'algorithms-'));
  data = writeTinyIdx(join(folder, 'data'));
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const settings = (algorithm: string): RunConfig => ({
  ...DEFAULT_CONFIG,
  ...PRESETS.smoke.images,
  ...{ data, algorithm, seed: 3, validation: 80, population: 6, generations: 3, frugal: 0 },
  ...{ scoreImages: 45, calibrationImages: 45 },
});

/** Runs `dir` until `stopAt` candidates are scored in this process, at 0 until the search begins, or to its end. */
async function go(dir: string, config: RunConfig, stopAt = Number.POSITIVE_INFINITY): Promise<void> {
  const resumed = fs.existsSync(join(dir, 'config.json'));
  const run = resumed ? resumeRun(dir) : createRun(dir, { command: 'search', config: { ...config } });
  const backend = await openBackend('auto', { threads: 1 });
  const stop = new AbortController();
  const bus = new EventBus();
  let scored = 0;
  bus.subscribe(({ type }) => {
    if (stopAt === 0 && type === 'search-started') stop.abort();
    if (type === 'candidate-scored' && ++scored === stopAt) stop.abort();
  });
  try {
    await runPipeline({ run, config, backend, bus, signal: stop.signal, resumed, saveEvery: 0 });
  } finally {
    backend.dispose();
    run.close();
  }
}

describe.each(ALGORITHM_NAMES)('--algorithm %s', (algorithm) => {
  test('finds a winner within the limits, and stopped in the middle ends in the same bytes', async () => {
    const config = settings(algorithm);
    const [whole, stopped] = [join(folder, `${algorithm}-whole`), join(folder, `${algorithm}-stopped`)];
    await go(whole, config);
    for (const stopAt of [0, 2, 3])
      await expect(go(stopped, config, stopAt)).rejects.toMatchObject({ code: 'interrupted' });
    await go(stopped, config);
    expect(runBytes(stopped)).toEqual(runBytes(whole));

    const result = JSON.parse(fs.readFileSync(join(whole, 'result.json'), 'utf8'));
    expect(result.winner.energyMj).toBeLessThanOrEqual(result.search.limits.energyMj);
    const journal = readJournal(join(whole, 'journal.jsonl')).map(({ event }) => event);
    const scored = journal.filter((event) => event.type === 'candidate-scored');
    const words = scored.map(({ genotype }) => genotype);
    expect(new Set(words).size).toBe(words.length);
    expect(scored.map(({ index }) => index)).toEqual(scored.map((_, i) => i + 1));
    expect(scored.at(-1)?.index).toBe(scored.at(-1)?.of);
    const ended = journal.filter((event) => event.type === 'generation-ended');
    expect(ended.map(({ generation }) => generation)).toEqual(ended.map((_, i) => i + 1));
    expect(ended.at(-1)).toMatchObject({
      of: ended.length,
      evaluated: scored.length,
      hypervolume: expect.any(Number),
      feasibleShare: expect.any(Number),
    });
  });
});

test('area and operations are objectives and limits; random searches beside them change no other result', async () => {
  const config: RunConfig = {
    ...settings('nsga2'),
    ...{ accelerator: 'rowstationary-45nm', objectives: 'error,energy,area,multiplications' },
    ...{ limitArea: '102%', limitMultiplications: '90%' },
  };
  const [alone, whole, stopped] = ['area', 'compared-whole', 'compared-stopped'].map((name) =>
    join(folder, name),
  );
  const compared = { ...config, randomSearches: 2 };
  await go(alone, config);
  await go(whole, compared);
  // In the search itself, then in the second of the random ones.
  for (const stopAt of [10, 20]) await expect(go(stopped, compared, stopAt)).rejects.toThrow(/^stopped/);
  await go(stopped, compared);
  expect(runBytes(stopped)).toEqual(runBytes(whole));

  const read = (dir: string) => JSON.parse(fs.readFileSync(join(dir, 'result.json'), 'utf8'));
  const { search, winner } = read(whole);
  expect(winner.areaMm2).toBeGreaterThan(0);
  expect(winner.areaMm2).toBeLessThanOrEqual(search.limits.areaMm2);
  expect(winner.operations.multiplications).toBeLessThanOrEqual(search.limits.multiplications);
  const bytes = (dir: string) => {
    const { architectures, weights, metrics } = runBytes(dir);
    return { architectures, weights, metrics };
  };
  expect(bytes(whole)).toEqual(bytes(alone));
  const journal = readJournal(join(whole, 'journal.jsonl')).map(({ event }) => event);
  const scored = journal.filter((event) => event.type === 'candidate-scored');
  const own = scored.filter(({ baseline }) => baseline !== true);
  expect(scored.length).toBe(3 * own.length);
  expect(own[0].areaMm2).toBeGreaterThan(0);
  const phases = journal.filter((event) => event.type === 'phase-started');
  expect(phases.map(({ index }) => index)).toEqual(phases.map((_, i) => i + 1));
  expect(phases.every(({ of }) => of === phases.length)).toBe(true);
  expect((await shiftaddnas('report', whole)).code).toBe(0);
  expect(fs.readFileSync(join(whole, 'report.html'), 'utf8')).toContain('Scatter plot');
});

test('area without areas is refused before anything is trained', async () => {
  const out = join(folder, 'no-areas');
  const args = ['search', '--preset', 'smoke', '--data', data, '--validation', '80', '--out', out];
  for (const asked of [
    ['--limit-area', '70%'],
    ['--algorithm', 'nsga2', '--objectives', 'loss,area'],
  ]) {
    const { code, stderr } = await shiftaddnas(...args, ...asked);
    expect([code, stderr]).toEqual([2, expect.stringContaining('states no areas at 32 bits; choose one')]);
    expect(fs.existsSync(out)).toBe(false);
  }
});

test('report --export writes the journal for other programs and says where', async () => {
  const run = join(folder, 'nsga2-whole');
  const files = {
    optuna: ['optuna.journal'],
    tensorboard: [join('tensorboard', 'events.out.tfevents.0.shiftaddnas')],
    csv: ['candidates', 'networks', 'epochs'].map((name) => join('csv', `${name}.csv`)),
  };
  for (const [format, names] of Object.entries(files)) {
    const said = jsonOf(await shiftaddnas('report', run, '--export', format, '--json'));
    expect(said).toEqual({ export: format, files: names.map((name) => join(run, name)) });
    for (const file of said.files) expect(fs.statSync(file).size).toBeGreaterThan(0);
  }
  const typo = await shiftaddnas('report', run, '--export', 'optun');
  expect([typo.code, typo.stderr]).toEqual([2, expect.stringContaining('did you mean optuna?')]);
});

test('unknown algorithms and objectives are refused before anything is trained', async () => {
  const args = ['search', '--preset', 'smoke', '--data', data, '--validation', '80'];
  const typo = await shiftaddnas(...args, '--algorithm', 'nsga3', '--out', join(folder, 'typo'));
  expect([typo.code, typo.stderr]).toEqual([2, expect.stringContaining('did you mean nsga2?')]);
  const out = join(folder, 'objective');
  const wrong = await shiftaddnas(
    ...[...args, '--algorithm', 'nsga2', '--objectives', 'loss,enrgy', '--out', out],
  );
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/'enrgy' is none of loss, error, energy.*did you mean 'energy'\?/);
  expect(fs.existsSync(out)).toBe(false);
});
