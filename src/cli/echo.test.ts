/** Pictures that no disk holds decoded: used in several batches where training waits for them, across stops. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Random } from '../core/random.ts';
import type { Echo } from '../data/echo.ts';
import { loadSharp } from '../data/image.ts';
import { loadCheckpoint } from '../runs/checkpoint.ts';
import { compiledProgram, start } from './testing/program.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 240_000 });

const sharp = await loadSharp().catch((error) => {
  console.log(`pictures used several times: skipped, ${error.message}`);
  return undefined;
});

const CLASSES = ['a', 'b'];

let folder: string;
let program: string;

/** Noise, which takes a decoder far longer than the smallest network takes to train on it. */
async function drawSet(place: string, count: number, side: number): Promise<void> {
  const random = Random.fromSeed('noise');
  const pixels = Uint8Array.from({ length: side * side * 3 }, () => random.integer(256));
  const raw = { width: side, height: side, channels: 3 } as const;
  const bytes = await sharp!(pixels, { raw }).jpeg({ quality: 95 }).toBuffer();
  for (const [part, each] of [
    ['train', count],
    ['test', 4],
  ] as const) {
    for (const name of CLASSES) {
      fs.mkdirSync(join(place, part, name), { recursive: true });
      for (let i = 0; i < each; i++) fs.writeFileSync(join(place, part, name, `${i}.jpg`), bytes);
    }
  }
}

describe.skipIf(sharp === undefined)('pictures that neither memory nor disk hold decoded', () => {
  beforeAll(async () => {
    folder = fs.mkdtempSync(join(tmpdir(), 'echo-'));
    program = await compiledProgram();
    await drawSet(join(folder, 'small'), 30, 40);
    await drawSet(join(folder, 'large'), 200, 700);
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  function train(set: string, out: string, ...args: string[]) {
    const none = ['--data-memory', '0.000001', '--data-disk', '0.0000001'];
    const size = ['--image-size', '8', '--validation', '8', '--batch', '8', '--calibration-images', '8'];
    const data = ['--preset', 'smoke', '--data', `folder:${join(folder, set)}`, ...none, ...size];
    const all = ['train', '--network', 'all-conv', ...data, '--out', join(folder, out), ...args];
    return start(program, all, { SHIFTADDNAS_CACHE: join(folder, 'cache') });
  }
  const resume = (out: string) =>
    start(program, ['train', '--resume', join(folder, out)], { SHIFTADDNAS_CACHE: join(folder, 'cache') });

  const journalOf = (out: string) => join(folder, out, 'journal.jsonl');
  const said = (out: string) =>
    fs.existsSync(journalOf(out)) ? fs.readFileSync(journalOf(out), 'utf8').split('\n') : [];
  const stepsOf = (out: string) => said(out).filter((line) => line.includes('"train-step"')).length;

  /** Interrupts a training when that is so. */
  async function stopWhen(condition: () => boolean, running: ReturnType<typeof start>): Promise<void> {
    const looking = setInterval(() => {
      if (!condition()) return;
      clearInterval(looking);
      running.child.kill('SIGINT');
    }, 10);
    const { code, stderr } = await running.ended;
    clearInterval(looking);
    expect(stderr).toMatch(/stopped; go on with/);
    expect(code).toBe(130);
  }

  test('as often as it is said: a run that was stopped ends in the bytes of one that was not', async () => {
    const often = ['--picture-uses', '4', '--epochs', '30'];
    const { code, stderr } = await train('small', 'whole', ...often).ended;
    expect(code, stderr).toBe(0);
    await stopWhen(() => stepsOf('stopped') > 2, train('small', 'stopped', ...often));
    expect((await resume('stopped').ended).code).toBe(0);
    const weights = (out: string) => fs.readFileSync(join(folder, out, 'winner', 'weights.safetensors'));
    expect(weights('stopped').equals(weights('whole'))).toBe(true);
    await train('small', 'once', '--picture-uses', '1', '--epochs', '30').ended;
    expect(weights('once').equals(weights('whole'))).toBe(false);

    const refused = await train('small', 'refused', '--picture-uses', '3').ended;
    expect(refused.stderr).toMatch(/8 different pictures cannot use each in 3 batches; .*--picture-uses/);
  });

  test('more often where training waits, which is said and still known after a stop', async () => {
    const told = /from step \d+ on each picture .* --picture-uses/;
    await stopWhen(
      () => said('waits').some((line) => told.test(line)),
      train('large', 'waits', '--epochs', '1000'),
    );
    const echoes = () => {
      const [file] = fs
        .readdirSync(join(folder, 'waits', 'checkpoints'))
        .filter((name) => name.endsWith('.safetensors'));
      return loadCheckpoint<{ echoes?: Echo[] }>(join(folder, 'waits', 'checkpoints', file))?.state.echoes;
    };
    const before = echoes();
    expect(before?.[0].uses).toBeGreaterThan(1);
    const steps = stepsOf('waits');
    await stopWhen(() => stepsOf('waits') > steps + 1, resume('waits'));
    expect(echoes()?.slice(0, before?.length)).toEqual(before);
  });
});
