/** A test image that cannot be read, of a set that is decoded when it is needed: left out of accuracies, and said. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadSharp } from '../data/image.ts';
import { compiledProgram, start } from './testing/program.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const sharp = await loadSharp().catch((error) => {
  console.log(`unreadable test images: skipped, ${error.message}`);
  return undefined;
});

/** A grey for each class. */
const GREYS = { dark: 20, middle: 120, light: 230 };

let folder: string;
let program: string;

async function drawSet(): Promise<string> {
  const place = join(folder, 'set');
  for (const [part, count] of [
    ['train', 20],
    ['test', 18],
  ] as const) {
    for (const [name, grey] of Object.entries(GREYS)) {
      fs.mkdirSync(join(place, part, name), { recursive: true });
      const create = {
        width: 24,
        height: 20,
        channels: 3,
        background: { r: grey, g: grey, b: grey },
      } as const;
      const bytes = await sharp!({ create }).jpeg().toBuffer();
      for (let i = 0; i < count; i++) fs.writeFileSync(join(place, part, name, `${i}.jpg`), bytes);
    }
  }
  fs.writeFileSync(join(place, 'test', 'middle', '4.jpg'), 'no picture');
  return place;
}

async function run(...args: string[]) {
  const { code, stdout, stderr } = await start(program, args, { SHIFTADDNAS_CACHE: join(folder, 'cache') })
    .ended;
  return { code, found: code === 0 ? JSON.parse(stdout) : undefined, stderr };
}

describe.skipIf(sharp === undefined)('one unreadable image of 54', () => {
  beforeAll(async () => {
    folder = fs.mkdtempSync(join(tmpdir(), 'unreadable-'));
    program = await compiledProgram();
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('train and evaluate measure 53 and say so; a smaller share of unreadable files is an error', async () => {
    const place = await drawSet();
    const out = join(folder, 'run');
    const size = ['--image-size', '8', '--data-memory', '0.000001', '--validation', '12', '--batch', '8'];
    const set = ['--preset', 'smoke', '--data', `folder:${place}`, ...size, '--calibration-images', '8'];
    const trained = await run('train', '--network', 'all-conv', ...set, '--out', out, '--json');
    expect(trained.found.network.testImages).toBe(53);
    const right = 53 * trained.found.accuracy;
    expect(Math.abs(right - Math.round(right))).toBeLessThan(1e-9);

    // the same network where nothing is kept decoded
    const bare = ['--data-disk', '0', '--out', join(folder, 'bare'), '--json'];
    const again = await run('train', '--network', 'all-conv', ...set, ...bare);
    expect(fs.readdirSync(join(folder, 'cache', 'decoded'))).toHaveLength(1);
    expect(again.found.network).toEqual(trained.found.network);

    const { found } = await run('evaluate', '--run', out, '--json');
    expect(found.examples).toBe(53);
    expect(found.accuracy).toBeCloseTo(trained.found.accuracy, 12);
    expect(found.unreadable).toEqual([join(place, 'test', 'middle', '4.jpg')]);

    const strict = await run('evaluate', '--run', out, '--unreadable-share', '0.01', '--json');
    expect(strict.code).toBe(1);
    expect(strict.stderr).toMatch(/at most 1 % of the 54 images may be unreadable, but 1 are \(.*4\.jpg\)/);
  });
});
