/** Seed and settings that results carry, and where they are found again. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askedIn, askedOf, METRICS } from './asked.ts';
import { createRun } from './folder.ts';
import { DEFAULT_CONFIG } from './options.ts';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'asked-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const config = { ...DEFAULT_CONFIG, seed: 5 };
const runOf = (settings: Record<string, unknown>) => ({
  description: { command: 'train', config: settings },
});

test('all settings and what stands beside them, in the order of their keys whatever order they were read in', () => {
  const asked = askedOf({ config, run: runOf({ ...config, network: 'all-conv' }) });
  expect(asked.seed).toBe(5);
  expect(asked.config).toEqual({ ...config, network: 'all-conv' });
  expect(Object.keys(asked.config)).toEqual([...Object.keys(asked.config)].sort());
  const turned = Object.fromEntries(Object.entries({ network: 'all-conv', ...config }).reverse());
  expect(JSON.stringify(askedOf({ config, run: runOf(turned) }))).toBe(JSON.stringify(asked));
  expect(askedOf({ config, run: runOf({ ...config }) }, 9)).toMatchObject({ seed: 9, config: { seed: 5 } });
});

test('a folder says it in its scores or in those of its winner; an earlier run in its settings; another not at all', () => {
  const scores = { accuracy: 1, seed: 7, config: { seed: 3, epochs: 2 } };
  fs.mkdirSync(join(folder, 'run', 'winner'), { recursive: true });
  fs.writeFileSync(join(folder, 'run', 'winner', METRICS), JSON.stringify(scores));
  const found = { seed: 7, config: scores.config };
  expect(askedIn(join(folder, 'run', 'winner'))).toEqual(found);
  expect(askedIn(join(folder, 'run'))).toEqual(found);

  const earlier = createRun(join(folder, 'earlier'), { command: 'train', config });
  fs.writeFileSync(join(earlier.winner, METRICS), JSON.stringify({ accuracy: 1 }));
  expect(askedIn(earlier.dir)).toEqual({ seed: 5, config });
  expect(askedIn(earlier.winner)).toBeUndefined();
  earlier.close();
  expect(askedIn(join(folder, 'nowhere'))).toBeUndefined();
});
