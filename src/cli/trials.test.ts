/** Trials: more candidates than are retrained are trained alone for a short time, and their own losses choose. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { shiftaddnas } from './testing/in-process.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'trials-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

interface Tried {
  readonly genotype: string;
  readonly loss: number;
}

/** What result.json says of trials, and of the candidates that were retrained, the winner among them. */
function read(out: string) {
  const { search, winner, candidates, baselines } = JSON.parse(
    fs.readFileSync(join(out, 'result.json'), 'utf8'),
  );
  const journal = fs.readFileSync(join(out, 'journal.jsonl'), 'utf8').trim().split('\n');
  return {
    trials: search.trials as (Tried & { readonly supernetLoss: number })[],
    triedBaselines: search.triedBaselines as (Tried & { readonly round: number })[],
    offspring: search.offspring as (Tried & { readonly round: number })[],
    baselines: baselines.map(({ genotype }: Tried) => genotype) as string[],
    retrained: [winner, ...candidates].map(({ genotype }: Tried) => genotype),
    phases: journal.map((line) => JSON.parse(line)).filter(({ type }) => type === 'phase-started'),
  };
}

const byLoss = (trials: readonly Tried[]) =>
  [...trials].sort((a, b) => a.loss - b.loss).map(({ genotype }) => genotype);

test.each([
  ['images', ['--data', 'glyphs', '--frugal', '0']],
  ['sentence pairs', ['--data', 'numbers']],
])('of %s: those with the lowest losses alone are retrained', async (what, data) => {
  const out = at(what);
  const settings = ['--preset', 'smoke', '--trials', '4', '--winners', '2', '--seed', '1'];
  const { code, stderr } = await shiftaddnas('search', ...data, ...settings, '--out', out, '--json');
  expect(code, stderr).toBe(0);
  const { trials, retrained, phases } = read(out);
  expect(trials).toHaveLength(4);
  expect(new Set(trials.map(({ genotype }) => genotype)).size).toBe(4);
  for (const { supernetLoss, loss } of trials) expect(loss).not.toBe(supernetLoss);
  expect(retrained.sort()).toEqual(byLoss(trials).slice(0, 2).sort());
  expect(phases.map(({ index }) => index)).toEqual(phases.map((_, i) => i + 1));
  expect(phases.at(-1).of).toBe(phases.length);
  expect(fs.readFileSync(join(out, 'report.html'), 'utf8')).toContain('Trials');
});

test('below the cheapest baseline trials choose too', async () => {
  const out = at('frugal');
  const settings = ['--preset', 'smoke', '--trials', '3', '--winners', '1', '--frugal', '1', '--seed', '2'];
  const { code, stderr } = await shiftaddnas('search', '--data', 'glyphs', ...settings, '--out', out);
  expect(code, stderr).toBe(0);
  const { trials, retrained } = read(out);
  expect(trials.length).toBeGreaterThan(3);
  expect(retrained).toHaveLength(2);
  expect(retrained).toContain(byLoss(trials)[0]);
});

test('in rounds: offspring of the best are tried, and the best of all are retrained', async () => {
  const out = at('rounds');
  const settings = ['--preset', 'smoke', '--trials', '5', '--trial-rounds', '2', '--seed', '3', '--json'];
  const { code, stderr } = await shiftaddnas('search', '--data', 'numbers', ...settings, '--out', out);
  expect(code, stderr).toBe(0);
  const { trials, offspring, retrained, phases } = read(out);
  expect(trials).toHaveLength(3);
  expect(offspring).toHaveLength(2);
  expect(offspring.map(({ round }) => round)).toEqual([2, 2]);
  const all = [...trials, ...offspring];
  expect(new Set(all.map(({ genotype }) => genotype)).size).toBe(5);
  expect(retrained).toEqual(byLoss(all).slice(0, 1));
  expect(phases.map(({ index }) => index)).toEqual(phases.map((_, i) => i + 1));
  expect(phases.at(-1).of).toBe(phases.length);
  expect(fs.readFileSync(join(out, 'report.html'), 'utf8')).toContain(
    'After them 2 offspring of the best were tried',
  );
});

test('baselines are tried beside the first half of the first round where there is room, and are no candidates', async () => {
  const out = at('baselines');
  const settings = ['--preset', 'smoke', '--trials', '16', '--trial-rounds', '2', '--seed', '3'];
  const { code, stderr } = await shiftaddnas('search', '--data', 'numbers', ...settings, '--out', out);
  expect(code, stderr).toBe(0);
  const { trials, triedBaselines, offspring, baselines, retrained, phases } = read(out);
  expect([trials.length, triedBaselines.length, offspring.length]).toEqual([4, 4, 8]);
  expect(triedBaselines.map(({ genotype }) => genotype)).toEqual(baselines);
  expect(triedBaselines.map(({ round }) => round)).toEqual([1, 1, 1, 1]);
  expect(retrained).toEqual(byLoss([...trials, ...offspring]).slice(0, 1));
  for (const { genotype } of [...trials, ...offspring]) expect(baselines).not.toContain(genotype);
  expect(phases.at(-1).of).toBe(phases.length);
  expect(stderr).toMatch(/; 4 baselines: [0-9.]+ to [0-9.]+; 8 offspring in round 2/);
  expect(fs.readFileSync(join(out, 'report.html'), 'utf8')).toContain('Beside them 4 baselines were tried');
});

test('fewer trials than are retrained leave nothing to choose', async () => {
  const run = ['search', '--data', 'numbers', '--preset', 'smoke', '--trials', '2', '--winners', '2'];
  const { code, stderr } = await shiftaddnas(...run, '--out', at('few'));
  expect(code).toBe(2);
  expect(stderr).toContain('--trials 2 leaves nothing to choose where 2 are retrained');
  const rounds = await shiftaddnas(...run, '--trials', '3', '--trial-rounds', '2', '--out', at('few'));
  expect(rounds.code).toBe(2);
  expect(rounds.stderr).toContain('--trials 3 in 2 rounds are fewer than two a round');
});
