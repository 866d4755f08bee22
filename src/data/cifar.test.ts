import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataset } from './open.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'cifar-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Records whose red, green and blue planes are constant: label, label + 100, label + 200. */
const records = (labels: number[][]): Buffer =>
  Buffer.concat(
    labels.map((label) =>
      Buffer.concat([
        Buffer.from(label),
        ...[0, 100, 200].map((base) => Buffer.alloc(1024, base + label[label.length - 1])),
      ]),
    ),
  );

async function folder(name: string, files: Record<string, Buffer>): Promise<string> {
  const place = join(root, name);
  for (const [file, bytes] of Object.entries(files)) {
    await mkdir(join(place, file, '..'), { recursive: true });
    await writeFile(join(place, file), bytes);
  }
  return place;
}

test('uses the batches that are there and says which are missing', async () => {
  const place = await folder('partial', {
    'data_batch_1.bin': records([[1], [2]]),
    'data_batch_3.bin.gz': gzipSync(records([[7]])),
    'test_batch.bin': records([[9]]),
  });
  const set = await openDataset(`cifar10:${place}`);
  expect(set.train).toMatchObject({ count: 3, height: 32, width: 32, channels: 3 });
  expect([...set.train.labels]).toEqual([1, 2, 7]);
  expect([...set.train.pixels.subarray(2 * 3072, 2 * 3072 + 6)]).toEqual([7, 107, 207, 7, 107, 207]);
  expect(set.classes[9]).toBe('truck');
  expect(set.mirrorable).toBe(true);
  expect(set.notes).toEqual([
    'CIFAR-10: found 3 training images in 2 of 5 batches; data_batch_2.bin, data_batch_4.bin, data_batch_5.bin are missing.',
  ]);
});

test('reads fine labels of CIFAR-100, also from the folder inside the archive', async () => {
  const place = await folder('hundred', {
    'cifar-100-binary/train.bin': records([
      [3, 42],
      [0, 99],
    ]),
    'cifar-100-binary/test.bin': records([[1, 0]]),
  });
  const set = await openDataset(`cifar100:${place}`);
  expect([...set.train.labels]).toEqual([42, 99]);
  expect(set.classes).toHaveLength(100);
  expect([set.classes[0], set.classes[42], set.classes[99]]).toEqual(['apple', 'leopard', 'worm']);
  expect(set.notes).toEqual([]);
});

test.each([
  [
    'an empty folder',
    { 'x/y': Buffer.alloc(0) },
    /no training batch of CIFAR-10.*data_batch_1\.bin.*binary version/,
  ],
  ['the Python version', { data_batch_1: Buffer.alloc(10) }, /found the Python version; take the binary/],
  [
    'no test batch',
    { 'data_batch_1.bin': records([[1]]) },
    /test_batch\.bin \(or test_batch\.bin\.gz\) is missing/,
  ],
  [
    'a cut-off batch',
    { 'data_batch_1.bin': records([[1], [2]]).subarray(0, 5000), 'test_batch.bin': records([[1]]) },
    /data_batch_1\.bin is cut off.*records of 3073 bytes.*holds 5000, which leaves 1927 over/,
  ],
  [
    'a label out of range',
    { 'data_batch_1.bin': records([[1], [10]]), 'test_batch.bin': records([[1]]) },
    /data_batch_1\.bin: labels must be 0 to 9, but record 1 .* has 10/,
  ],
] as [string, Record<string, Buffer>, RegExp][])('refuses %s', async (name, files, sentence) => {
  const place = await folder(name.replaceAll(' ', '-'), files);
  const error = await openDataset(`cifar10:${place}`).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'data' });
  expect(error.message).toMatch(sentence);
});

const real = process.env.SHIFTADDNAS_DATA;
if (real === undefined) console.log('real CIFAR-10: skipped, SHIFTADDNAS_DATA is not set');
test.skipIf(real === undefined)(
  'CIFAR-10 test batch as published: 1000 of each class, mean of red near 0.491',
  async () => {
    const set = await openDataset(`cifar10:${join(real!, 'cifar10')}`);
    const counts = new Array(10).fill(0);
    for (const label of set.test.labels) counts[label]++;
    expect(counts).toEqual(new Array(10).fill(1000));
    expect(set.train.count).toBeGreaterThanOrEqual(10000);
    for (const [c, mean] of [0.491, 0.482, 0.447].entries()) expect(set.mean[c]).toBeCloseTo(mean, 2);
  },
);
