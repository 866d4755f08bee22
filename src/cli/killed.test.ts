/**
 * Killed fifty times and resumed each time, a search ends in the same bytes as one that was never interrupted. The
 * kills are those of SIGKILL, at changes to the disk that are drawn beforehand and counted in the process, in the
 * middle of writes too. Nothing here depends on the clock.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Random } from '../core/random.ts';
import { loadCheckpoint } from '../runs/checkpoint.ts';
import type { SearchState } from '../search/sampler.ts';
import { SAVE_EVERY } from './run-session.ts';
import { compiledProgram, root, start } from './testing/program.ts';
import { runBytes } from './testing/run-bytes.ts';
import { QUICK, writeTinyIdx } from './testing/tiny-data.ts';

const KILLS = 50;
/** Of the instants; KILL_SEED=other looks at others than the suite does. */
const SEED = process.env.KILL_SEED ?? 'fifty kills';
/** Each worker counts changes of its own, and takes its time to start: KILL_WORKERS=2 takes minutes. */
const WORKERS = process.env.KILL_WORKERS ?? '1';
/** A process makes fewer changes than this before it is killed; a whole run makes about 500. */
const MOST_CHANGES = 40;
/** Sixty processes one after the other, on a machine that may be busy. */
vi.setConfig({ testTimeout: 400_000, hookTimeout: 240_000 });

let folder: string;
let program: string;
let settings: readonly string[];

beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'killed-'));
  program = await compiledProgram();
  const data = writeTinyIdx(join(folder, 'data'));
  // The predictor has the most to remember: its model, besides population, scores and random state.
  const search = ['--preset', 'smoke', '--data', data, '--seed', '3', '--algorithm', 'predictor'];
  settings = [...search, ...QUICK, '--generations', '3'];
});

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Starts the run in `out`, or goes on with it. `kill`: the change it dies at, and how much of that is done. */
async function go(out: string, kill?: { readonly at: number; readonly part: number }) {
  const begun = fs.existsSync(join(out, 'config.json'));
  const workers = ['--workers', WORKERS];
  const args = begun
    ? ['search', '--resume', out, ...workers]
    : ['search', ...settings, '--out', out, ...workers];
  const often = { [SAVE_EVERY]: '0' };
  if (kill === undefined) return start(program, args, often).ended;
  const deadly = `--import=${join(root, 'src', 'cli', 'testing', 'kill-at-write.mjs')}`;
  const env = { ...often, NODE_OPTIONS: deadly, KILL_AT: String(kill.at), KILL_PART: String(kill.part) };
  return start(program, args, env).ended;
}

test(`killed at ${KILLS} random instants, a search ends in the same bytes (fixed seed)`, async () => {
  const whole = join(folder, 'whole');
  expect(await go(whole)).toMatchObject({ code: 0 });
  const uninterrupted = runBytes(whole);

  const random = Random.fromSeed(SEED);
  let kills = 0;
  for (let runs = 0; kills < KILLS; runs++) {
    const out = join(folder, `killed-${runs}`);
    let over = false;
    while (!over) {
      const kill = { at: 1 + random.integer(MOST_CHANGES), part: random.uniform() };
      const { code, signal, stderr } = await go(out, kills < KILLS ? kill : undefined);
      if (signal === 'SIGKILL') kills++;
      else expect(code, stderr).toBe(0);
      over = signal !== 'SIGKILL';
    }
    expect(runBytes(out)).toEqual(uninterrupted);
    const leftovers = fs
      .readdirSync(out, { recursive: true })
      .filter((name) => /\.tmp$|\.lock$/.test(String(name)));
    expect(leftovers).toEqual([]);
  }
  expect(kills).toBe(KILLS);
});

test('the checkpoint of a search holds all it goes on from, and every genotype was scored once', () => {
  const file = join(folder, 'whole', 'checkpoints', 'search.safetensors');
  const state = loadCheckpoint<{ search: SearchState<unknown> }>(file)?.state.search;
  expect(state).toMatchObject({
    algorithm: 'predictor',
    random: expect.anything(),
    population: expect.arrayContaining([expect.any(Number)]),
    memory: { weights: expect.anything(), examples: expect.any(Number) },
  });
  // The visited set and the front are functions of these.
  const keys = state?.scored.map(({ key }) => key) ?? [];
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.length).toBeGreaterThan(8);
});
