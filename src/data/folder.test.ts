import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSharp, readImage } from './image.ts';
import { openDataset } from './open.ts';
import { encodePng } from './png.ts';

const sharp = await loadSharp().catch((error) => {
  console.log(`folder data: skipped, ${error.message}`);
  return undefined;
});

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'folder-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const flat = (colour: number[], height = 6, width = 6): Buffer =>
  encodePng({
    height,
    width,
    channels: colour.length,
    pixels: Uint8Array.from({ length: height * width * colour.length }, (_, i) => colour[i % colour.length]),
  });

async function folder(name: string, files: Record<string, Uint8Array>): Promise<string> {
  const place = join(root, name);
  await mkdir(place, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(place, file)), { recursive: true });
    await writeFile(join(place, file), bytes);
  }
  return place;
}
const many = (place: string, count: number, bytes: Uint8Array) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${place}/${String(i).padStart(3, '0')}.png`, bytes]),
  );

test('says how to install sharp when it does not load', async () => {
  const load = () => Promise.reject(new Error("Cannot find package 'sharp'"));
  await expect(loadSharp(load)).rejects.toMatchObject({
    code: 'missing',
    message: expect.stringMatching(/needs the optional package sharp.*npm install sharp/),
  });
});

describe.skipIf(sharp === undefined)('folder', () => {
  test('reads colour, grey, alpha and JPEG into one size and three channels', async () => {
    const jpeg = await sharp!(flat([10, 200, 30], 12, 8))
      .jpeg({ quality: 100 })
      .toBuffer();
    const place = await folder('mixed', {
      'train/cat/a.png': flat([255, 0, 0]),
      'train/cat/b.png': flat([90]),
      'train/dog/a.jpg': jpeg,
      'train/dog/b.png': flat([0, 0, 0, 0]),
      'val/dog/a.JPEG': jpeg,
    });
    const set = await openDataset(`folder:${place}`, { imageSize: 6 });
    expect(set.classes).toEqual(['cat', 'dog']);
    expect(set.train).toMatchObject({ count: 4, height: 6, width: 6, channels: 3 });
    expect([...set.train.labels]).toEqual([0, 0, 1, 1]);
    const pixel = (i: number) => [...set.train.pixels.subarray(i * 108, i * 108 + 3)];
    expect(pixel(0)).toEqual([255, 0, 0]);
    expect(pixel(1)).toEqual([90, 90, 90]);
    expect(Math.abs(pixel(2)[1] - 200)).toBeLessThan(6);
    expect(pixel(3)).toEqual([255, 255, 255]);
    expect([...set.test.labels]).toEqual([1]);
    expect(set.mirrorable).toBe(true);
  });

  test('keeps one channel when nothing has colour, and resizes with a centre crop', async () => {
    const wide = new Uint8Array(8 * 16).fill(50);
    for (let row = 0; row < 8; row++) wide.fill(200, row * 16 + 4, row * 16 + 12);
    const picture = encodePng({ height: 8, width: 16, channels: 1, pixels: wide });
    const place = await folder('grey', {
      'train/a/1.png': picture,
      'train/b/1.png': picture,
      'test/a/1.png': picture,
    });
    const set = await openDataset(`folder:${place}`, { imageSize: 8 });
    expect(set.train).toMatchObject({ count: 2, height: 8, width: 8, channels: 1 });
    expect(set.train.pixels.every((value) => value === 200)).toBe(true);
    expect((await openDataset(`folder:${place}`)).train).toMatchObject({ height: 8, width: 16 });
  });

  test('skips, names and counts corrupt images up to 5 %, then stops', async () => {
    const good = flat([1, 2, 3]);
    const broken = flat([1, 2, 3], 40, 40).subarray(0, 60);
    const files = { ...many('train/a', 19, good), ...many('train/b', 20, good), ...many('test/a', 1, good) };
    const place = await folder('corrupt', { ...files, 'train/a/broken.png': broken });
    const set = await openDataset(`folder:${place}`);
    expect(set.train.count).toBe(39);
    expect(set.notes).toHaveLength(1);
    expect(set.notes[0]).toMatch(/skipped 1 of 40 images that could not be read: .*broken\.png\./);
    await folder('corrupt', { 'train/a/b2.png': broken, 'train/a/b3.png': Buffer.from('no') });
    await expect(openDataset(`folder:${place}`)).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(
        /at most 5 % of the 42 images .*but 3 are .*broken\.png.*replace or remove/,
      ),
    });
    const allowed = await openDataset(`folder:${place}`, { unreadableShare: 0.08 });
    expect(allowed.train.count).toBe(39);
    expect(allowed.notes[0]).toMatch(/skipped 3 of 42/);
  });

  test('names, counts and skips a corrupt JPEG among a thousand good ones, each kind of damage', async () => {
    const pixels = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 7919 + ((i * i) >> 3)) & 255);
    const good = await sharp!(pixels, { raw: { width: 32, height: 32, channels: 3 } })
      .jpeg({ quality: 90 })
      .toBuffer();
    const scan = good.indexOf(Buffer.from([0xff, 0xda])) + 14; // the entropy-coded part begins behind this marker
    const bits = Buffer.from(good);
    for (let i = scan; i < bits.length - 2; i += 37) bits[i] = (bits[i] ^ 0x55) & 0xfe;
    const damaged = {
      cut: good.subarray(0, scan + 200),
      header: good.subarray(0, 30),
      bits,
      empty: Buffer.alloc(0),
    };
    const named = (set: string, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${set}/${i}.jpg`, good]));
    for (const [kind, bytes] of Object.entries(damaged)) {
      const half = kind === 'bits' ? 500 : 10; // the thousand once; what matters below is the damage
      const place = await folder(`damaged-${kind}`, {
        ...named('train/a', half),
        ...named('train/b', half),
        [`train/b/${kind}.jpg`]: bytes,
        'test/a/1.jpg': good,
      });
      const set = await openDataset(`folder:${place}`);
      expect(set.train.count, kind).toBe(2 * half);
      const file = join(place, 'train', 'b', `${kind}.jpg`);
      expect(set.notes).toEqual([
        `${join(place, 'train')}: skipped 1 of ${2 * half + 1} images that could not be read: ${file}.`,
      ]);
    }
  });

  test('keeps a JPEG with bytes behind its picture: that is no damage', async () => {
    const good = await sharp!(flat([9, 9, 9]))
      .jpeg()
      .toBuffer();
    const tail = Buffer.concat([good, Buffer.from('made by a camera')]);
    const place = await folder('tail', {
      'train/a/1.jpg': good,
      'train/b/1.jpg': tail,
      'test/a/1.jpg': good,
    });
    const { train, notes } = await openDataset(`folder:${place}`);
    expect([train.count, notes]).toEqual([2, []]);
  });

  test('reads 16-bit, palette, CMYK and half-transparent images of many sizes as 8-bit RGB of one size', async () => {
    const raw = (width: number, height: number, colour: number[]) =>
      sharp!(
        Uint8Array.from({ length: width * height * colour.length }, (_, i) => colour[i % colour.length]),
        { raw: { width, height, channels: colour.length as 3 } },
      );
    const place = await folder('kinds', {
      'train/a/0.png': flat([250, 10, 20], 8, 8),
      'train/a/deep.png': await raw(5, 9, [250, 10, 20]).toColourspace('rgb16').png().toBuffer(),
      'train/a/palette.png': await raw(40, 3, [250, 10, 20]).png({ palette: true }).toBuffer(),
      'train/b/ink.jpg': await raw(16, 16, [250, 10, 20]).toColourspace('cmyk').jpeg().toBuffer(),
      'train/b/half.png': flat([0, 0, 0, 127], 3, 21),
      'train/b/grey-alpha.png': await raw(7, 7, [90, 90, 90, 255]).toColourspace('b-w').png().toBuffer(),
      'test/a/0.png': flat([1, 2, 3], 1, 1),
    });
    await expect(openDataset(`folder:${place}`)).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(
        /one size unless .*deep\.png is 5x9 and others are 8x8; .*--image-size 8$/,
      ),
    });
    const { train, notes } = await openDataset(`folder:${place}`, { imageSize: 8 });
    expect([train.count, train.height, train.width, train.channels]).toEqual([6, 8, 8, 3]);
    const middle = (i: number) => [...train.pixels.subarray((i * 64 + 36) * 3, (i * 64 + 36) * 3 + 3)];
    for (const i of [0, 1, 2]) expect(middle(i)).toEqual([250, 10, 20]);
    // In the order of names: grey-alpha, half, ink. Half black on white is middle grey; inks come near.
    expect(middle(3)).toEqual([90, 90, 90]);
    for (const value of middle(4)) expect(Math.abs(value - 128)).toBeLessThan(2);
    expect(middle(5)[0]).toBeGreaterThan(150);
    expect(middle(5)[1]).toBeLessThan(100);
    expect(notes).toEqual([]);
  });

  const one = flat([1]);
  test.each([
    ['no train folder', { 'cats/a.png': one }, /must hold a folder train\//],
    [
      'no class folder',
      { 'train/a.png': one, 'test/a/a.png': one },
      /at least two class folders, but holds 0/,
    ],
    ['no test folder', { 'train/a/1.png': one, 'train/b/1.png': one }, /must hold test\/ or val\//],
    [
      'an empty class',
      { 'train/a/1.png': one, 'train/b/readme.txt': one, 'test/a/1.png': one },
      /train.b must hold PNG or JPEG files, but holds none/,
    ],
    [
      'an unknown test class',
      { 'train/a/1.png': one, 'train/b/1.png': one, 'test/c/1.png': one },
      /test.c is a class that train\/ does not have/,
    ],
    [
      'nothing readable',
      { 'train/a/1.png': Buffer.from('x'), 'train/b/1.png': Buffer.from('x'), 'test/a/1.png': one },
      /none of the 2 files/,
    ],
  ] as [string, Record<string, Uint8Array>, RegExp][])('refuses %s', async (name, files, sentence) => {
    const place = await folder(`bad-${name.replaceAll(' ', '-')}`, files);
    const error = await openDataset(`folder:${place}`).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'data' });
    expect(error.message).toMatch(sentence);
  });

  test('reads one image to the size and channels of a network', async () => {
    const place = await folder('single', {
      'a.png': flat([100, 150, 200, 255], 10, 10),
      'b.png': Buffer.from('no image'),
    });
    const grey = await readImage(join(place, 'a.png'), { height: 4, width: 5, channels: 1 });
    expect(grey).toHaveLength(20);
    expect(grey[0]).toBe(Math.round(0.299 * 100 + 0.587 * 150 + 0.114 * 200));
    const rgb = await readImage(join(place, 'a.png'), { height: 4, width: 5, channels: 3 });
    expect([...rgb.subarray(0, 3)]).toEqual([100, 150, 200]);
    for (const file of ['b.png', 'missing.png']) {
      await expect(readImage(join(place, file), { height: 4, width: 4, channels: 1 })).rejects.toMatchObject({
        code: 'data',
        message: expect.stringMatching(/is not an image that can be read.*check the path/),
      });
    }
  });
});
