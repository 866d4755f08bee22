/** Every search algorithm, from the command line to its result: stopped in the middle, it ends in the same bytes. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBackend } from '../backends/open.ts';
import { EventBus, type NetworkScores } from '../core/events.ts';
import { hypervolume2d } from '../metrics/hypervolume.ts';
import { readArchitectures } from '../runs/architectures.ts';
import { createRun, resumeRun } from '../runs/folder.ts';
import { readJournal } from '../runs/journal.ts';
import { DEFAULT_CONFIG, type RunConfig } from '../runs/options.ts';
import { runPipeline } from '../runs/pipeline/pipeline.ts';
import { PRESETS } from '../runs/presets.ts';
import { readResult } from '../runs/result.ts';
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

/** What no other candidate of a run beats, by definition; `point`: what is to be small. */
function frontByHand(dir: string, point: (one: NetworkScores) => number[]): string[] {
  const all = readArchitectures(join(dir, 'architectures.jsonl'));
  const beats = (a: number[], b: number[]) => a.every((v, k) => v <= b[k]) && a.some((v, k) => v < b[k]);
  const kept = all.filter((one) => !all.some((other) => beats(point(other), point(one))));
  return kept.map(({ genotype }) => genotype).sort();
}

const sorted = (front: readonly { readonly genotype: string }[]) =>
  front.map(({ genotype }) => genotype).sort();

test('error and area: journal, result, report and exports are of them, and what is retrained is on their front', async () => {
  const config: RunConfig = {
    ...settings('nsga2'),
    ...{ accelerator: 'rowstationary-45nm', objectives: 'error,area', limitEnergy: 'none' },
    ...{ population: 12, winners: 2, trials: 3 },
  };
  const [dir, tried] = [join(folder, 'error-area'), join(folder, 'error-area-tried')];
  await go(dir, { ...config, trials: 0 });
  const result = readResult(join(dir, 'result.json'))!;
  const expected = frontByHand(dir, ({ accuracy, areaMm2 = 0 }) => [1 - accuracy, areaMm2]);
  expect(sorted(result.front)).toEqual(expected);
  expect(expected).not.toEqual(frontByHand(dir, ({ loss, energyMj }) => [loss, energyMj]));
  expect(result.search.objectives).toEqual(['error', 'areaMm2']);
  for (const { areaMm2, params, shifts } of result.front)
    for (const cost of [areaMm2, params, shifts]) expect(cost).toBeGreaterThanOrEqual(0);
  const areas = result.front.map(({ areaMm2 = 0 }) => areaMm2);
  expect(areas).toEqual([...areas].sort((a, b) => a - b));

  const journal = readJournal(join(dir, 'journal.jsonl')).map(({ event }) => event);
  const ended = journal.findLast((event) => event.type === 'generation-ended');
  expect(ended).toMatchObject({ frontSize: expected.length, corner: [0.9, expect.any(Number)] });
  const inBox = result.front.map(({ accuracy, areaMm2 = 0 }): [number, number] => [1 - accuracy, areaMm2]);
  const [error, area] = ended?.corner ?? [];
  expect(ended?.hypervolume).toBeCloseTo(hypervolume2d(inBox, [error, area]) / (error * area), 12);
  const all = readArchitectures(join(dir, 'architectures.jsonl'));
  const fixed = result.baselines.map(({ genotype }) => genotype);
  const others = all.filter(({ genotype }) => !fixed.includes(genotype));
  const lowest = Math.min(...others.map(({ accuracy }) => 1 - accuracy));
  const retrained = [result.winner, ...result.candidates].map(({ genotype }) => genotype);
  expect(others.some((one) => retrained.includes(one.genotype) && 1 - one.accuracy === lowest)).toBe(true);

  expect((await shiftaddnas('report', dir)).code).toBe(0);
  const page = fs.readFileSync(join(dir, 'report.html'), 'utf8');
  expect(page).toContain('Scatter plot of error against area: ');
  expect(page).toContain('nothing beats in both error and area');
  expect(page).toContain('that the front of error and area dominates');
  const [csv] = jsonOf(await shiftaddnas('report', dir, '--export', 'csv', '--json')).files;
  const [head, ...rows] = fs.readFileSync(csv, 'utf8').trimEnd().split('\r\n');
  const column = (name: string) => head.split(',').indexOf(name);
  const marked = rows.map((row) => row.split(',')).filter((row) => row[column('onFront')] === 'true');
  expect(marked.map((row) => row[column('genotype')]).sort()).toEqual(expected);
  const [optuna] = jsonOf(await shiftaddnas('report', dir, '--export', 'optuna', '--json')).files;
  const lines = fs
    .readFileSync(optuna, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0].directions).toEqual([1, 1]);
  expect(lines[1].system_attr['study:metric_names']).toEqual(['error', 'area (mm2)']);
  const values = lines.filter(({ op_code }) => op_code === 4).map((one) => one.values);
  expect(values).toEqual(all.map(({ accuracy, areaMm2 }) => [1 - accuracy, areaMm2]));

  await go(tried, config);
  expect(readResult(join(tried, 'result.json'))?.search.trials).toHaveLength(3);
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
  const { search, winner, front } = read(whole);
  const point = ({ accuracy, energyMj, areaMm2 = 0, multiplications = 0 }: NetworkScores) => [
    ...[1 - accuracy, energyMj, areaMm2, multiplications],
  ];
  expect(sorted(front)).toEqual(frontByHand(whole, point));
  expect(winner.areaMm2).toBeGreaterThan(0);
  expect(winner.areaMm2).toBeLessThanOrEqual(search.limits.areaMm2);
  expect(winner.operations.multiplications).toBeLessThanOrEqual(search.limits.multiplications);
  const bytes = (dir: string) => {
    const { architectures, weights, metrics } = runBytes(dir);
    // The settings that stand there too differ in `randomSearches`.
    const { config: _, ...scores } = JSON.parse(metrics);
    return { architectures, weights, scores };
  };
  expect(bytes(whole)).toEqual(bytes(alone));
  const journal = readJournal(join(whole, 'journal.jsonl')).map(({ event }) => event);
  const scored = journal.filter((event) => event.type === 'candidate-scored');
  const own = scored.filter(({ baseline }) => baseline !== true);
  expect(scored.length).toBe(3 * own.length);
  expect(own[0].areaMm2).toBeGreaterThan(0);
  for (const event of journal) {
    if (event.type === 'search-started')
      expect(event.objectives).toEqual(['error', 'energyMj', 'areaMm2', 'multiplications']);
    if (event.type === 'generation-ended') expect(event.corner).toHaveLength(4);
  }
  const phases = journal.filter((event) => event.type === 'phase-started');
  expect(phases.map(({ index }) => index)).toEqual(phases.map((_, i) => i + 1));
  expect(phases.every(({ of }) => of === phases.length)).toBe(true);
  expect((await shiftaddnas('report', whole)).code).toBe(0);
  const page = fs.readFileSync(join(whole, 'report.html'), 'utf8');
  expect(page).toContain('Scatter plot of error against energy');
  expect(page).toContain(
    'nothing beats in error, energy, area and multiplications together, of which the figure shows the first two, error and energy',
  );
});

test('a bound on the error is kept in the settings, taken up again, and decides who is retrained', async () => {
  const config: RunConfig = {
    ...settings('nsga2'),
    ...{ objectives: 'energy,params', boundError: '50%', winners: 1, randomSearches: 1 },
  };
  const [whole, stopped] = ['bound-whole', 'bound-stopped'].map((name) => join(folder, name));
  await go(whole, config);
  for (const stopAt of [4, 9]) await expect(go(stopped, config, stopAt)).rejects.toThrow(/^stopped/);
  expect(JSON.parse(fs.readFileSync(join(stopped, 'config.json'), 'utf8'))).toMatchObject({
    config: { boundError: '50%' },
  });
  await go(stopped, config);
  expect(runBytes(stopped)).toEqual(runBytes(whole));

  const events = readJournal(join(whole, 'journal.jsonl')).map(({ event }) => event);
  const scored = events
    .filter((event) => event.type === 'candidate-scored')
    .filter(({ baseline }) => baseline !== true);
  const errors = new Map(scored.map((event) => [event.genotype, 1 - event.accuracy]));
  const { winner } = JSON.parse(fs.readFileSync(join(whole, 'result.json'), 'utf8'));
  // Where none keeps to the bound, the one that exceeds it least is retrained.
  const least = Math.min(...errors.values());
  expect(errors.get(winner.genotype)).toBeLessThanOrEqual(Math.max(0.5, least));
});

test('bounds are refused where they mean nothing, before anything is trained', async () => {
  const out = join(folder, 'no-bounds');
  const args = ['search', '--preset', 'smoke', '--data', data, '--validation', '80', '--out', out];
  for (const [asked, sentence] of [
    [['--bound-error', '12%'], 'evolution knows no bounds on what is scored'],
    [['--algorithm', 'nsga2', '--bound-error', '12'], 'is a bound such as 12% or 0.12'],
    [['--algorithm', 'nsga2', '--bound-bleu', '30'], '--bound-bleu is about sentences'],
  ] as const) {
    const { code, stderr } = await shiftaddnas(...args, ...asked);
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
    expect(fs.existsSync(out)).toBe(false);
  }
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
