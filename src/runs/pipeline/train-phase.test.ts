/** The training recipe through a whole `train`: resumed to the byte, with a teacher, and refused where it cannot work. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBackend } from '../../backends/open.ts';
import { EventBus } from '../../core/events.ts';
import { createRun, resumeRun } from '../folder.ts';
import { readJournal } from '../journal.ts';
import { DEFAULT_CONFIG, type RunConfig } from '../options.ts';
import { PRESETS } from '../presets.ts';
import { runTraining } from './train-pipeline.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'recipe-'));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const PLAIN: RunConfig = {
  ...DEFAULT_CONFIG,
  ...PRESETS.smoke.images,
  ...{ data: 'glyphs', seed: 5, trainLimit: 260, validation: 60, batch: 20, epochs: 2 },
};
const FULL: RunConfig = {
  ...PLAIN,
  ...{ randAugment: 9, jitter: 0.4, erasing: 0.25, mixup: 0.8, cutmix: 1, repeats: 2 },
  ...{ clip: 0.5, averaging: 0.9, dropPath: 0.3 },
};

/** Trains in `dir` until `stopAt` losses are reported, or to the end. */
async function go(
  name: string,
  config: RunConfig,
  stopAt = Number.POSITIVE_INFINITY,
  network = 'all-conv',
): Promise<string> {
  const dir = join(folder, name);
  const resumed = fs.existsSync(join(dir, 'config.json'));
  const run = resumed ? resumeRun(dir) : createRun(dir, { command: 'train', config: { ...config } });
  const backend = await openBackend('auto', { threads: 1 });
  const stop = new AbortController();
  const bus = new EventBus();
  let steps = 0;
  bus.subscribe(({ type }) => {
    if (type === 'train-step' && ++steps === stopAt) stop.abort();
  });
  try {
    await runTraining({ run, config, backend, bus, signal: stop.signal, resumed, saveEvery: 0 }, network);
  } finally {
    backend.dispose();
    run.close();
  }
  return fs.readFileSync(join(dir, 'winner', 'weights.safetensors')).toString('hex');
}

describe('augmented, clipped and averaged', () => {
  let whole: string;
  beforeAll(async () => {
    whole = await go('whole', FULL);
  });

  test('stopped in the middle and resumed, it ends in the same bytes', async () => {
    await expect(go('stopped', FULL, 2)).rejects.toThrow(/stopped; go on with/);
    expect(fs.existsSync(join(folder, 'stopped', 'winner', 'weights.safetensors'))).toBe(false);
    expect(await go('stopped', FULL)).toBe(whole);
  });

  test('a finished run returns at once with the averaged weights', async () => {
    expect(await go('whole', FULL)).toBe(whole);
  });

  test.each([
    'randAugment',
    'jitter',
    'erasing',
    'mixup',
    'cutmix',
    'repeats',
    'clip',
    'averaging',
    'dropPath',
  ] as const)('without %s it ends elsewhere', async (key) => {
    expect(await go(`without-${key}`, { ...FULL, [key]: PLAIN[key] })).not.toBe(whole);
  });

  test('it says how much of the time it waited for batches; a plain run has nothing to say', async () => {
    const waits = (name: string) =>
      readJournal(join(folder, name, 'journal.jsonl')).flatMap(({ event }) =>
        event.type === 'batches-waited' ? [event] : [],
      );
    const [wait, ...others] = waits('whole');
    expect(others).toEqual([]);
    expect(wait.waitedSeconds).toBeGreaterThanOrEqual(0);
    expect(wait.waitedShare).toBeLessThanOrEqual(1);
    await go('plain', PLAIN);
    expect(waits('plain')).toEqual([]);
  });
});

describe('optimiser, schedule and padding', () => {
  /** So small that the settings of a published recipe do not part from each other by overflow. */
  const SGD: RunConfig = { ...PLAIN, optimiser: 'sgd', rate: 0.02, cropPad: 2 };
  const adders = 'adder-resnet-20@0.125';

  test.each(['sgd', 'nesterov', 'radam'])(
    '%s, stopped and resumed, ends in the same bytes',
    async (optimiser) => {
      const config = { ...SGD, optimiser };
      const whole = await go(`${optimiser}-whole`, config);
      await expect(go(`${optimiser}-stopped`, config, 1)).rejects.toThrow(/stopped; go on with/);
      expect(await go(`${optimiser}-stopped`, config)).toBe(whole);
    },
  );

  test.each([
    { optimiser: 'nesterov' },
    { optimiser: 'adamw' },
    { schedule: 'steps' },
    { schedule: 'constant' },
    { warmup: 0 },
    { padding: 'black' },
  ] as const)('with %j a run ends elsewhere', async (other) => {
    const plain = await go('sgd-plain', SGD);
    expect(await go(`other-${Object.entries(other)}`, { ...SGD, ...other })).not.toBe(plain);
  });

  test('eta changes adders alone', async () => {
    const eta = { ...SGD, transformation: 'none', adderEta: 0.2 };
    const without = { ...eta, adderEta: 0 };
    const forever = Number.POSITIVE_INFINITY;
    expect(await go('eta', eta, forever, adders)).not.toBe(await go('no-eta', without, forever, adders));
    expect(await go('eta-conv', eta)).toBe(await go('no-eta-conv', without));
  });

  test('milestones that do not rise are refused', async () => {
    const config = { ...SGD, schedule: 'steps', milestones: '0.7,0.2' };
    await expect(go('milestones', config)).rejects.toThrow(/rise between 0 and 1/);
  });
});

describe('with a teacher', () => {
  const taught = (distill: string): RunConfig => ({ ...PLAIN, distill, distillShare: 0.7 });

  test.each(['soft', 'hard'])(
    '%s: the run is another one, and the same when repeated',
    async (distillKind) => {
      const alone = await go(`alone-${distillKind}`, PLAIN);
      const config = { ...taught(join(folder, `alone-${distillKind}`)), distillKind };
      const first = await go(`taught-${distillKind}`, config);
      expect(first).not.toBe(alone);
      await expect(go(`again-${distillKind}`, config, 1)).rejects.toThrow(/stopped/);
      expect(await go(`again-${distillKind}`, config)).toBe(first);
    },
  );

  test('one with other classes, images of another size or no network is refused in one sentence', async () => {
    await go('teacher', PLAIN);
    const file = join(folder, 'teacher', 'winner', 'architecture.json');
    const description = JSON.parse(fs.readFileSync(file, 'utf8'));
    const classes = ['other', ...description.classes.slice(1)];
    fs.writeFileSync(file, JSON.stringify({ ...description, classes }));
    await expect(go('foreign', taught(join(folder, 'teacher')))).rejects.toThrow(
      /a teacher must know the \d+ classes of glyphs, but .* class 1 is "other" instead of/,
    );
    await expect(go('missing', taught(join(folder, 'nowhere')))).rejects.toThrow(/holds no trained network/);
  });
});

test('a run that is resumed wants the data it began with', async () => {
  await expect(go('data', PLAIN, 2)).rejects.toMatchObject({ code: 'interrupted' });
  await expect(go('data', { ...PLAIN, trainLimit: 240 })).rejects.toThrow(
    /data goes on with the data that it began with, but glyphs has changed since/,
  );
  expect(await go('data', PLAIN)).toBe(await go('data-whole', PLAIN));
});
