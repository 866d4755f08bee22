/** ImageNet's layout in small: JPEGs of many sizes that are decoded while training, a flat val/ with its table. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { PLAIN_RECIPE } from './augment/recipe.ts';
import { BatchThreads } from './augment/threads.ts';
import type { BatchOptions } from './batches.ts';
import type { ImageDataset } from './dataset.ts';
import { loadSharp } from './image.ts';
import { openDataset } from './open.ts';
import { compileWorker, type WorkerProgram } from './testing/worker-program.ts';

const sharp = await loadSharp().catch((error) => {
  console.log(`ImageNet's layout: skipped, ${error.message}`);
  return undefined;
});

const SYNSETS = ['n01440764', 'n01443537', 'n03995372'];
const SMALL = { imageSize: 16, memory: 0 };
/** A colour for each synset: what a batch shows tells which one an image is of. */
const COLOURS = [
  [230, 30, 30],
  [30, 230, 30],
  [30, 30, 230],
];

async function jpeg(label: number, width: number, height: number): Promise<Buffer> {
  const [r, g, b] = COLOURS[label];
  return sharp!({ create: { width, height, channels: 3, background: { r, g, b } } })
    .composite([
      {
        input: await sharp!({
          create: { width: 4, height: 4, channels: 3, background: { r: 200 - r / 2, g: 9, b: 90 } },
        })
          .png()
          .toBuffer(),
        ...{ left: (width * 3) >> 3, top: height >> 1 },
      },
    ])
    .jpeg({ quality: 95 })
    .toBuffer();
}

function put(place: string, name: string, bytes: Uint8Array | string): void {
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, name), bytes);
}

describe.skipIf(sharp === undefined)('ImageNet', () => {
  let compiled: WorkerProgram;
  let root: string;
  let dataset: ImageDataset;
  beforeAll(async () => {
    compiled = compileWorker();
    root = join(compiled.folder, 'imagenet');
    const lines = ['ImageId,PredictionString'];
    for (const [label, synset] of SYNSETS.entries()) {
      for (let i = 0; i < 8; i++) {
        const bytes = await jpeg(label, 40 + 7 * i, 70 - 5 * i);
        put(join(root, 'train', synset), `${synset}_${i}.JPEG`, bytes);
        if (i > 1) continue;
        const name = `ILSVRC2012_val_0000000${3 * i + label}`;
        put(join(root, 'val'), `${name}.JPEG`, bytes);
        lines.push(`${name},${synset} 1 2 30 40 ${synset} 5 6 7 8`);
      }
    }
    put(root, 'LOC_val_solution.csv', `${lines.join('\r\n')}\r\n`);
    dataset = await openDataset(`folder:${root}`, { imageSize: 16, memory: 1000 });
  }, 120_000);
  afterAll(() => compiled.remove());

  const optionsFor = (changes: Partial<BatchOptions> = {}): BatchOptions => ({
    ...{ set: dataset.train, normal: dataset, batchSize: 6, random: Random.fromSeed('lazy').state() },
    recipe: { ...PLAIN_RECIPE, randAugment: 9, erasing: 0.2, repeats: 2 },
    ...changes,
  });
  const poolOf = (options: BatchOptions, threads = 1) =>
    new BatchThreads(options, { threads, program: compiled.program });

  test('is listed and not decoded, with labels of train/ and of the table, and statistics of a sample', () => {
    expect(dataset.classes).toEqual(SYNSETS);
    expect(dataset.train).toMatchObject({ count: 24, height: 16, width: 16, channels: 3 });
    expect([dataset.train.pixels.length, dataset.test.pixels.length]).toEqual([0, 0]);
    expect([...dataset.test.labels]).toEqual([0, 1, 2, 0, 1, 2]);
    for (const mean of dataset.mean) expect(Math.abs(mean - (230 + 60) / 3 / 255)).toBeLessThan(0.03);
    expect(dataset.notes[0]).toMatch(/24 and 6 images are decoded when they are needed, .* of 24 of them/);
  });

  test('random parts are the same for any number of threads, and others for every copy and epoch', () => {
    const walk = (threads: number) => {
      const pool = poolOf(optionsFor(), threads);
      try {
        return Array.from({ length: 2 * pool.stepsPerEpoch }, (_, step) => {
          const { images, labels } = pool.batch(step);
          return { images: [...images], labels: [...labels] };
        });
      } finally {
        pool.dispose();
      }
    };
    const one = walk(1);
    expect(walk(2)).toEqual(one);
    const pixels = 16 * 16 * 3;
    const [first] = one;
    expect(first.labels.slice(0, 3)).toEqual(first.labels.slice(3));
    expect(first.images.slice(0, pixels)).not.toEqual(first.images.slice(3 * pixels, 4 * pixels));
    expect(one[0].images).not.toEqual(one[4].images);
  });

  test('evaluation shows the middle in stored order, the last batch as large as it is', () => {
    const pool = poolOf({ set: dataset.test, normal: dataset, batchSize: 4 });
    const found = [0, 1].map((step) => {
      const { images, labels, count } = pool.batch(step);
      return { corner: [...images.slice(0, 3)], labels: [...labels], count };
    });
    pool.dispose();
    expect(found.map(({ labels }) => labels)).toEqual([
      [0, 1, 2, 0],
      [1, 2],
    ]);
    expect(found[1].count).toBe(2);
    const { mean, deviation } = dataset;
    const bytes = found[0].corner.map((value, c) => 255 * (value * deviation[c] + mean[c]));
    for (const [c, value] of bytes.entries()) expect(Math.abs(value - COLOURS[0][c])).toBeLessThan(8);
  });

  test('a corrupt file is named; it gives way to another or is left out; more than 5 % of them are an error', async () => {
    const place = join(compiled.folder, 'damaged');
    for (const [label, synset] of SYNSETS.entries()) {
      for (let i = 0; i < 10; i++) {
        const bytes = await jpeg(label, 30, 40);
        const damaged = label === 1 && i === 4;
        put(
          join(place, 'train', synset),
          `${i}.JPEG`,
          damaged ? bytes.subarray(0, bytes.length - 200) : bytes,
        );
        put(join(place, 'val', synset), `${i}.JPEG`, bytes);
      }
    }
    const { train, ...normal } = await openDataset(`folder:${place}`, SMALL);
    const pool = poolOf({ set: train, normal, batchSize: 10, keepPartial: false });
    const labels = [0, 1, 2].map((step) => [...pool.batch(step).labels]);
    expect(labels.flat()).toEqual([...train.labels]);
    const broken = join(place, 'train', SYNSETS[1], '4.JPEG');
    expect(pool.unreadable()).toEqual([broken]);
    pool.dispose();

    // where images are measured it is left out, and none counts twice
    const measuring = poolOf({ set: train, normal, batchSize: 10 });
    const seen = [0, 1, 2].map((step) => {
      const { images, labels, count } = measuring.batch(step);
      return { labels: [...labels], count, pixels: images.length };
    });
    const counts = [10, 9, 10];
    expect(seen.map(({ count }) => count)).toEqual(counts);
    expect(seen.map(({ pixels }) => pixels)).toEqual(counts.map((count) => count * 16 * 16 * 3));
    const [zeros, ones, twos] = [0, 1, 2].map((label) => Array<number>(counts[label]).fill(label));
    expect(seen.map((one) => one.labels)).toEqual([zeros, ones, twos]);
    expect(measuring.unreadable()).toEqual([broken]);
    measuring.dispose();

    put(join(place, 'train', SYNSETS[2]), '7.JPEG', 'no picture');
    const worse = poolOf({ set: train, normal, batchSize: 10 });
    expect(() => [0, 1, 2].map((step) => worse.batch(step))).toThrow(
      /at most 5 % of the 30 images may be unreadable, but 2 are \(.*4\.JPEG, .*7\.JPEG\); replace/,
    );
    worse.dispose();
    const allowed = (await openDataset(`folder:${place}`, { ...SMALL, unreadableShare: 0.1 })).train;
    const lenient = poolOf({ set: allowed, normal, batchSize: 10 });
    expect([0, 1, 2].map((step) => lenient.batch(step).count)).toEqual([10, 9, 9]);
    lenient.dispose();
  });

  test('a set for which no size is given, and a flat val/ without its table, are errors that say what to do', async () => {
    await expect(openDataset(`folder:${root}`, { memory: 1000 })).rejects.toThrow(
      /give one, as --image-size 224/,
    );
    const bare = join(compiled.folder, 'bare');
    for (const synset of SYNSETS) put(join(bare, 'train', synset), '1.JPEG', await jpeg(0, 30, 30));
    put(join(bare, 'val'), 'ILSVRC2012_val_00000001.JPEG', await jpeg(0, 30, 30));
    await expect(openDataset(`folder:${bare}`)).rejects.toThrow(/LOC_val_solution\.csv is neither there/);
    put(bare, 'LOC_val_solution.csv', 'ImageId,PredictionString\nILSVRC2012_val_00000001,n9 1 2 3 4\n');
    await expect(openDataset(`folder:${bare}`)).rejects.toThrow(
      /val_00000001\.JPEG has n9; complete the table/,
    );
  });
});
