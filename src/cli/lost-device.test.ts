/**
 * A GPU that is lost in the middle of a training: the command ends with a sentence, and --resume ends in the same bytes as
 * a run that lost nothing. Skipped with the reason where nothing plays a GPU.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { testGpu } from '../backends/testing/gpu.ts';
import { Queue } from '../backends/webgpu/queue.ts';
import { SAVE_EVERY } from './run-session.ts';
import { jsonOf, shiftaddnas } from './testing/in-process.ts';
import { runBytes } from './testing/run-bytes.ts';
import { writeTinyIdx } from './testing/tiny-data.ts';

/** Three trainings on a program that plays a GPU, which compiles for a while. */
vi.setConfig({ testTimeout: 500_000 });

const gpu = await testGpu();

describe.skipIf(!gpu.present)(gpu.reason, () => {
  let folder: string;
  beforeAll(() => {
    folder = fs.mkdtempSync(join(tmpdir(), 'lost-'));
    vi.stubEnv(SAVE_EVERY, '0');
  });
  afterAll(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  /** Counts launches, and takes the device away before number `last`. */
  const launches = (last = Number.POSITIVE_INFINITY): { readonly count: number } => {
    const seen = { count: 0 };
    const launch = Queue.prototype.launch;
    vi.spyOn(Queue.prototype, 'launch').mockImplementation(function (this: Queue, ...args) {
      // what a driver that gives up looks like from here
      if (++seen.count === last) this.device.gpu.destroy();
      launch.apply(this, args);
    });
    return seen;
  };

  test('a training that loses it, resumed, ends in the same bytes', async () => {
    const device = ['--backend', 'webgpu', ...(gpu.device === undefined ? [] : ['--device', gpu.device])];
    const settings = ['--preset', 'smoke', '--data', writeTinyIdx(join(folder, 'data')), '--seed', '3'];
    const sizes = ['--validation', '80', '--epochs', '2', '--batch', '16'];
    const begin = (out: string) =>
      shiftaddnas('train', '--network', '1-1:s|c', ...settings, ...sizes, ...device, '--json', '--out', out);

    const whole = join(folder, 'whole');
    const seen = launches();
    expect(await begin(whole)).toMatchObject({ code: 0, stderr: '' });
    vi.restoreAllMocks();

    const lost = join(folder, 'lost');
    launches(Math.floor(0.6 * seen.count));
    const outcome = await begin(lost);
    vi.restoreAllMocks();
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(
      /^shiftaddnas: the GPU .* was lost .*; a run that saved goes on with --resume, .*\n$/,
    );
    expect(jsonOf(outcome).error).toMatchObject({ code: 'run', fields: { backend: 'webgpu', lost: true } });
    expect(fs.readdirSync(join(lost, 'checkpoints')).length).toBeGreaterThan(0);

    const more = launches();
    const resumed = await shiftaddnas('train', '--resume', lost, ...device, '--json');
    expect(resumed).toMatchObject({ code: 0, stderr: '' });
    expect(more.count).toBeLessThan(0.8 * seen.count); // it did not begin again
    expect(runBytes(lost)).toEqual(runBytes(whole));
  });
});
