import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { acquireLock } from '../core/lock.ts';
import { Random } from '../core/random.ts';
import { BatchMaker } from './batches.ts';
import type { ImageDataset, ImageSet } from './dataset.ts';
import { BatchDecoder } from './decodebatch.ts';
import { loadSharp } from './image.ts';
import { openDataset } from './open.ts';
import { storePictures } from './picturestore.ts';
import { subset } from './split.ts';
import { COUNT, drawPictures, UNREADABLE } from './testing/drawn-pictures.ts';

const sharp = await loadSharp().catch((error) => {
  console.log(`kept pictures: skipped, ${error.message}`);
  return undefined;
});

const SIDE = 8;

describe.skipIf(sharp === undefined)('pictures that are kept decoded', () => {
  let root: string;
  let cache: string;
  let dataset: ImageDataset;
  const plenty = { most: 1e9 };

  beforeAll(async () => {
    root = fs.mkdtempSync(join(tmpdir(), 'pictures-'));
    await drawPictures(sharp!, join(root, 'set'));
    dataset = await openDataset(`folder:${join(root, 'set')}`, {
      imageSize: SIDE,
      memory: 0,
      unreadableShare: 0.1,
    });
  });
  beforeEach(() => {
    cache = fs.mkdtempSync(join(root, 'cache-'));
  });
  afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

  /** Two epochs of random parts, and the middle of each picture. */
  async function batchesOf(set: ImageSet) {
    const found: unknown[] = [];
    const told: number[] = [];
    const report = (index: number) => told.push(index);
    for (const random of [Random.fromSeed('kept').state(), undefined]) {
      const maker = new BatchMaker({ set, normal: dataset, batchSize: 6, random });
      const decoder = new BatchDecoder(set, maker.indices, { full: maker.full, report });
      for (let step = 0; step < 2 * maker.stepsPerEpoch; step++) {
        const epoch = Math.floor(step / maker.stepsPerEpoch);
        const items = maker.items(epoch, step % maker.stepsPerEpoch);
        const { pixels, indices } = await decoder.decode(items);
        found.push({ pixels: [...pixels], indices: Array.from(indices) });
      }
    }
    return { found, told };
  }
  const filesIn = (set: ImageSet) => {
    const folder = set.files!.stored!;
    const [pixels, sizes] = ['pixels', 'sizes'].map((name) => fs.readFileSync(join(folder, name)));
    return { folder, pixels, sizes, names: fs.readdirSync(folder).sort() };
  };
  const store = (options: Partial<Parameters<typeof storePictures>[1]> = {}) =>
    storePictures(dataset.train, { ...plenty, cache, ...options });

  test('give the batches of pictures that are decoded while training, also where one cannot be read', async () => {
    const told: [string, number | undefined][] = [];
    const { set, note } = await store({ progress: (text, fraction) => told.push([text, fraction]) });
    expect(note).toMatch(/set.train: its pictures are kept decoded in .*decoded.*; delete it when/);
    expect(filesIn(set).names).toEqual(['pixels', 'sizes']);
    expect(told.at(-1)).toEqual([`${join(root, 'set', 'train')}: 24 of 24 pictures decoded`, 1]);
    const [kept, decoded] = [await batchesOf(set), await batchesOf(dataset.train)];
    expect(kept).toEqual(decoded);
    expect(kept.told).toEqual([UNREADABLE, UNREADABLE]);
  });

  test('are found again without decoding, and anew when a file has changed or others are taken', async () => {
    const first = filesIn((await store()).set);
    const told: string[] = [];
    const progress = (text: string) => told.push(text);
    expect(filesIn((await store({ progress })).set).folder).toBe(first.folder);
    expect(told).toEqual([]);
    const part = subset((await store()).set, [3, 9]);
    expect(part.files!.stored).toBeUndefined();
    const other = await storePictures(part, { ...plenty, cache });
    expect(filesIn(other.set).folder).not.toBe(first.folder);
    const file = join(root, 'set', 'train', dataset.train.files!.names[2]);
    const { atime, mtime } = fs.statSync(file);
    fs.utimesSync(file, atime, new Date(mtime.getTime() + 5000));
    expect(filesIn((await store()).set).folder).not.toBe(first.folder);
    fs.utimesSync(file, atime, mtime);
  });

  test('are gone on from where a process was stopped, whatever of its last bytes is there', async () => {
    const whole = filesIn((await store()).set);
    const rows = new Uint32Array(Uint8Array.from(whole.sizes).buffer);
    const upTo = (count: number) => {
      let bytes = 0;
      for (let i = 0; i < count; i++) bytes += 3 * rows[2 * i] * rows[2 * i + 1];
      return bytes;
    };
    // how far pixels and sizes were written: [bytes of pixels, bytes of part]
    const kills = [
      [0, 0],
      [upTo(9) + 7, 9 * 8],
      [upTo(9), 9 * 8 + 3],
      [upTo(7) + 1, 9 * 8],
      [upTo(COUNT), COUNT * 8],
    ];
    for (const [pixels, part] of kills) {
      fs.rmSync(join(whole.folder, 'sizes'));
      fs.writeFileSync(join(whole.folder, 'pixels'), whole.pixels.subarray(0, pixels));
      fs.writeFileSync(join(whole.folder, 'part'), whole.sizes.subarray(0, part));
      const again = filesIn((await store()).set);
      expect(again).toEqual(whole);
    }
  });

  test('stop when they are told to, which loses nothing', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const progress = (_: string, fraction?: number) => {
      seen.push(fraction!);
      if (seen.length === 4) stop.abort();
    };
    await expect(store({ progress, signal: stop.signal })).rejects.toMatchObject({ code: 'interrupted' });
    expect(seen).toHaveLength(4);
    const { set } = await store();
    expect((await batchesOf(set)).told).toEqual([UNREADABLE, UNREADABLE]);
  });

  test('are written again when the file is shorter than it was', async () => {
    const whole = filesIn((await store()).set);
    fs.truncateSync(join(whole.folder, 'pixels'), whole.pixels.length - 1);
    expect(filesIn((await store()).set)).toEqual(whole);
  });

  test('are written by one of two that ask at the same time, and the other waits', async () => {
    const told: string[] = [];
    const progress = (text: string) => told.push(text);
    const [one, two] = await Promise.all([store({ progress }), store({ progress })]);
    expect(filesIn(one.set)).toEqual(filesIn(two.set));
    expect(told.filter((text) => /24 of 24 pictures decoded/.test(text))).toHaveLength(1);

    const folder = one.set.files?.stored ?? '';
    fs.rmSync(join(folder, 'sizes'));
    const lock = acquireLock(join(folder, 'lock'), folder);
    const waits = () => told.some((text) => /another process has decoded/.test(text));
    const third = store({ progress });
    await vi.waitFor(() => expect(waits()).toBe(true), 60_000);
    lock.release();
    expect(filesIn((await third).set)).toEqual(filesIn(two.set));
  });

  test('are not kept where they take more than is allowed, or where nothing can be written: a note says why', async () => {
    const { set, note } = await store({ most: 1000 });
    const limited = { ...dataset.train, files: { ...dataset.train.files, mostWaiting: 0.03 } };
    expect(set).toEqual(limited);
    expect(note).toMatch(
      /decoded while training, for all of them take about .* more than .* --data-disk allows more/,
    );
    const file = join(cache, 'file');
    fs.writeFileSync(file, '');
    const nowhere = await store({ cache: file });
    expect(nowhere.set).toEqual(limited);
    expect(nowhere.note).toMatch(/decoded while training: cannot write .*: a part of its path is a file/);
    expect((await store({ most: 1000, mayWait: true })).set).toBe(dataset.train);
    expect(await store({ most: 0 })).toEqual({ set: dataset.train, note: '' });
  });
});
