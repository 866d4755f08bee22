/** What a run says of its work before it does it, against what it does. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openBackend } from '../../backends/open.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { EventBus, type PlannedPhase, type RunEvent } from '../../core/events.ts';
import { createRun } from '../folder.ts';
import { readJournal } from '../journal.ts';
import { DEFAULT_CONFIG, type RunConfig } from '../options.ts';
import { PRESETS } from '../presets.ts';
import { runTranslationPipeline } from '../translation/pipeline.ts';
import { runPipeline } from './pipeline.ts';

vi.setConfig({ testTimeout: 240_000 });

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'planned-work-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const SMALL = { supernetEpochs: 2, trials: 3, trialEpochs: 1, epochs: 2, randomSearches: 1, winners: 2 };
const IMAGES: RunConfig = {
  ...{ ...DEFAULT_CONFIG, ...PRESETS.smoke.images, ...SMALL, data: 'glyphs', frugal: 0, rank: 3 },
  ...{ trainLimit: 160, validation: 60, scoreImages: 30, calibrationImages: 20, batch: 20 },
};
const SENTENCES: RunConfig = {
  ...{ ...DEFAULT_CONFIG, ...PRESETS.smoke.sentences, ...SMALL, data: 'numbers', trainLimit: 96 },
};

/** The plans that a search tells, and the phases that it starts; it is stopped when it starts that called `last`. */
async function search(name: string, config: RunConfig, work: typeof runPipeline, last?: string) {
  const run = createRun(join(folder, name), { command: 'search', config: { ...config } });
  const backend = await openBackend('auto', { threads: 1 });
  const bus = new EventBus();
  const stop = new AbortController();
  const plans: (readonly PlannedPhase[])[] = [];
  const started: string[] = [];
  bus.subscribe((event: RunEvent) => {
    if (event.type === 'run-planned') plans.push(event.phases);
    if (event.type === 'phase-started') started.push(event.phase);
    if (last !== undefined && started.at(-1) === last) stop.abort();
  });
  try {
    await work({ run, config, backend, bus, signal: stop.signal, resumed: false });
  } catch (error) {
    if (!(error instanceof ShiftAddError && error.code === 'interrupted')) throw error;
  } finally {
    backend.dispose();
    run.close();
  }
  const written = readJournal(run.journal).filter(({ event }) => event.type === 'run-planned');
  return { plans, started, written: written.length };
}

const names = (plan: readonly PlannedPhase[]) => plan.map(({ phase }) => phase);
const sumOf = (plan: readonly PlannedPhase[], kind: PlannedPhase['kind']) =>
  plan.reduce((sum, one) => sum + (one.kind === kind ? one.work : 0), 0);

test('a search of images starts the phases that it planned, and no journal holds the plan', async () => {
  const { plans, started, written } = await search('images', IMAGES, runPipeline);
  expect(plans).toHaveLength(2);
  expect(started.filter((phase) => !names(plans[0]).includes(phase))).toEqual([]);
  expect([...started].sort()).toEqual([...names(plans[1])].sort());
  expect(written).toBe(0);
  expect(sumOf(plans[0], 'supernet')).toBe(2);
  // 100 images are trained on. Two searches score 12 candidates and ranking 3 paths, each on 30 images behind 20 others.
  expect(sumOf(plans[0], 'search')).toBeCloseTo(((2 * 12 + 3) * 50) / 100 / 3);
  // Three trials of one epoch; two candidates, three baselines and three ranked paths of two epochs.
  expect(sumOf(plans[0], 'training')).toBe(3 + 2 * (2 + 3 + 3));
});

test('a search of translators starts the phases that it planned, in their order', async () => {
  const last = 'retrain:candidate-1';
  const { plans, started, written } = await search('sentences', SENTENCES, runTranslationPipeline, last);
  expect(started).toHaveLength(1 + 2 + 3 + 1);
  expect(started).toEqual(names(plans[1]).slice(0, started.length));
  expect(names(plans[0])).toEqual(names(plans[1]));
  expect(written).toBe(0);
  expect(sumOf(plans[0], 'supernet')).toBe(2);
  // 96 pairs are trained on; two searches score 12 candidates on 32 pairs.
  expect(sumOf(plans[0], 'search')).toBeCloseTo((2 * 12 * 32) / 96 / 3);
  expect(sumOf(plans[0], 'training')).toBe(3 + 2 * (2 + 4));
});
