import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset } from './open.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'idx-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const images = (count: number, height: number, width: number, magic = 0x803): Buffer => {
  const out = Buffer.alloc(16 + count * height * width);
  [magic, count, height, width].forEach((value, i) => {
    out.writeUInt32BE(value, 4 * i);
  });
  for (let i = 16; i < out.length; i++) out[i] = (i - 16) % 256;
  return out;
};
const labels = (values: number[], magic = 0x801): Buffer => {
  const out = Buffer.alloc(8 + values.length);
  out.writeUInt32BE(magic, 0);
  out.writeUInt32BE(values.length, 4);
  out.set(values, 8);
  return out;
};

type Files = Record<string, Buffer | undefined>;
const whole = (): Files => ({
  'train-images-idx3-ubyte': images(4, 3, 2),
  'train-labels-idx1-ubyte': labels([0, 9, 1, 2]),
  't10k-images-idx3-ubyte.gz': gzipSync(images(2, 3, 2)),
  't10k-labels-idx1-ubyte.gz': gzipSync(labels([3, 4])),
});

async function folder(name: string, changes: Files = {}): Promise<string> {
  const place = join(root, name);
  await mkdir(place, { recursive: true });
  for (const [file, bytes] of Object.entries({ ...whole(), ...changes })) {
    if (bytes !== undefined) await writeFile(join(place, file), bytes);
  }
  return place;
}

describe('idx', () => {
  test('reads plain and gzip files, pixels and labels in place', async () => {
    const place = await folder('good');
    const set = await openDataset(`idx:${place}`);
    expect(set.source).toBe(`idx:${place}`);
    expect(set.train).toMatchObject({ count: 4, height: 3, width: 2, channels: 1 });
    expect([...set.train.pixels]).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect([...set.train.labels]).toEqual([0, 9, 1, 2]);
    expect([...set.test.labels]).toEqual([3, 4]);
    expect(set.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(set.mirrorable).toBe(false);
    expect(set.mean[0]).toBeCloseTo(11.5 / 255, 12);
    expect(set.deviation[0]).toBeCloseTo(Math.sqrt((24 * 24 - 1) / 12) / 255, 12);
  });

  test('takes class names and mirrorability from the folder', async () => {
    const fashion = await openDataset(`idx:${await folder('fashion-mnist')}`);
    expect(fashion.classes[9]).toBe('Ankle boot');
    expect(fashion.mirrorable).toBe(true);
    const kmnist = await openDataset(`idx:${await folder('kmnist')}`);
    expect(kmnist.classes[9]).toBe('wo');
    expect(kmnist.mirrorable).toBe(false);
  });

  const long = gzipSync(images(2, 3, 2));
  const bad: [string, Files, RegExp][] = [
    [
      'a missing file',
      { 't10k-labels-idx1-ubyte.gz': undefined },
      /t10k-labels-idx1-ubyte \(or .*\.gz\) is missing.*nearest/,
    ],
    [
      'a cut-off gzip file',
      { 't10k-images-idx3-ubyte.gz': long.subarray(0, long.length - 12) },
      /t10k-images.*is cut off.*download it again/,
    ],
    [
      'a file that is no gzip',
      { 't10k-images-idx3-ubyte.gz': Buffer.from('<html>not found</html>') },
      /t10k-images.*is damaged.*incorrect header/,
    ],
    [
      'a label file for images',
      { 'train-images-idx3-ubyte': labels([1, 2, 3, 4, 5, 6, 7, 8]) },
      /train-images.*0x00000803.*0x00000801, which is a label file/,
    ],
    [
      'a cut-off file',
      { 'train-images-idx3-ubyte': images(4, 3, 2).subarray(0, 30) },
      /train-images.*cut off.*4 images of 3 x 2, which is 40 bytes, but it holds 30/,
    ],
    [
      'a file that is too long',
      { 'train-labels-idx1-ubyte': Buffer.concat([labels([0, 9, 1, 2]), Buffer.of(1)]) },
      /train-labels.*too long/,
    ],
    [
      'an empty file',
      { 'train-images-idx3-ubyte': Buffer.alloc(0) },
      /train-images.*cut off.*header of 16 bytes.*holds 0/,
    ],
    ['no images', { 'train-images-idx3-ubyte': images(0, 3, 2) }, /train-images.*0 images of 3 x 2/],
    [
      'other image size in the test set',
      { 't10k-images-idx3-ubyte.gz': gzipSync(images(2, 4, 4)) },
      /one size, but are 3 x 2 and 4 x 4/,
    ],
    ['too few labels', { 'train-labels-idx1-ubyte': labels([1, 2]) }, /train-labels.*4 images.*holds 2/],
    [
      'a label out of range',
      { 'train-labels-idx1-ubyte': labels([1, 2, 10, 0]) },
      /train-labels.*0 to 9, but label 2 is 10/,
    ],
  ];
  test.each(bad)('refuses %s in one sentence', async (name, changes, sentence) => {
    const place = await folder(name.replaceAll(' ', '-'), changes);
    const error = await openDataset(`idx:${place}`).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'ShiftAddError', code: 'data' });
    expect(error.message).toMatch(sentence);
    expect(error.message).not.toContain('\n');
  });

  test('refuses a folder that is not there, and a file in its place', async () => {
    await expect(openDataset(`idx:${join(root, 'nowhere')}`)).rejects.toThrow(
      /does not exist; check the path/,
    );
    const place = await folder('afile');
    await expect(openDataset(`idx:${join(place, 'train-images-idx3-ubyte')}`)).rejects.toThrow(
      /it is a file/,
    );
  });
});

const real = process.env.SHIFTADDNAS_DATA;
if (real === undefined) console.log('real idx data: skipped, SHIFTADDNAS_DATA is not set');
test.skipIf(real === undefined)(
  'Fashion-MNIST as published: 60000 and 10000 images, mean 0.2860, deviation 0.3530',
  async () => {
    const set = await openDataset(`idx:${join(real!, 'fashion-mnist')}`);
    expect(set.train).toMatchObject({ count: 60000, height: 28, width: 28, channels: 1 });
    expect(set.test.count).toBe(10000);
    expect(set.mean[0]).toBeCloseTo(0.286, 3);
    expect(set.deviation[0]).toBeCloseTo(0.353, 3);
    expect([...set.train.labels.subarray(0, 5)]).toEqual([9, 0, 0, 3, 0]);
    const few = await openDataset(`idx:${join(real!, 'fashion-mnist')}`, { limit: 100, seed: 3 });
    const counts = new Array(10).fill(0);
    for (const label of few.train.labels) counts[label]++;
    expect(counts).toEqual(new Array(10).fill(10));
  },
);
