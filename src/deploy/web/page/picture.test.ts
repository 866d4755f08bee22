/** The page's scaling against sharp's, as `readImage` calls it: the same bytes, whatever size a picture has. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../../core/random.ts';
import { readImage } from '../../../data/image.ts';
import { encodePng } from '../../../data/png.ts';

const { scaledToFit } = await import(new URL('./picture.js', import.meta.url).href);
const sharp = await import('sharp').then(
  (module) => module.default,
  () => undefined,
);
/** Whose rounding is followed to the last bit. */
const LIBVIPS = '8.18';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'picture-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Waves, a checkerboard and noise: edges, gradients, and values at both ends. */
function drawPicture(random: Random, width: number, height: number): Uint8Array {
  const [across, down] = [random.uniform(1, 12), random.uniform(1, 12)];
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, k] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    const waves = 90 * Math.sin((x * across) / width + k) + 70 * Math.cos((y * down) / height);
    const board = ((x >> 3) + (y >> 3)) % 2 === 0 ? 40 : -40;
    return Math.min(255, Math.max(0, 128 + waves + board + random.uniform(-40, 40)));
  });
}

const opaque = (pixels: Uint8Array) =>
  Uint8Array.from({ length: (pixels.length / 3) * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : pixels[Math.floor(i / 4) * 3 + (i % 4)],
  );

test.skipIf(sharp === undefined).each([
  ['as it is', 28, 28, [28, 28, 3]],
  ['halved', 56, 56, [28, 28, 3]],
  ['a tenth, blocks of five', 280, 280, [28, 28, 1]],
  ['blocks of three, cut left and right', 153, 125, [16, 16, 3]],
  ['blocks of seven', 251, 230, [16, 16, 3]],
  ['cut above and below', 60, 95, [28, 28, 1]],
  ['a little less', 120, 121, [96, 96, 3]],
  ['to another shape', 97, 131, [20, 33, 3]],
  ['larger', 20, 20, [28, 28, 3]],
  ['larger, cut above and below', 10, 17, [32, 32, 1]],
  ['one pixel', 1, 1, [16, 16, 3]],
] as const)('%s: %d x %d to %j (needs the optional package sharp)', async (_, width, height, shape) => {
  const random = Random.fromSeed(`${width} ${height}`);
  const pixels = drawPicture(random, width, height);
  const file = join(folder, `${width}-${height}.png`);
  fs.writeFileSync(file, encodePng({ height, width, channels: 3, pixels }));
  const [h, w, c] = shape;
  const expected = await readImage(file, { height: h, width: w, channels: c });
  const found: Uint8Array = scaledToFit({ data: opaque(pixels), width, height }, shape);
  const apart = expected.map((value, i) => Math.abs(value - found[i]));
  expect(found).toHaveLength(h * w * c);
  const most = apart.reduce((a, b) => Math.max(a, b));
  expect(most).toBeLessThanOrEqual(sharp!.versions.vips.startsWith(LIBVIPS) ? 0 : 2);
});
