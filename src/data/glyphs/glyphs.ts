/**
 * `glyphs`: a built-in set of grey images of the ten digits, drawn when it is opened, the same for the same
 * seed. Image i of a set depends on the seed, the set's name and i alone, and its class is i mod 10, so any
 * prefix is balanced and a smaller set is the beginning of a larger one.
 */
import { require_ } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import type { ImageDataset, ImageSet } from '../dataset.ts';
import { assemble } from '../statistics.ts';
import { GlyphPainter } from './draw.ts';
import { GLYPHS } from './strokes.ts';

export interface GlyphOptions {
  readonly seed?: number | string | undefined; // 0
  readonly train?: number | undefined; // images, 6000
  readonly test?: number | undefined; // images, 1500
  readonly size?: number | undefined; // pixels a side, 28
}

/** Draws the set: images [n, size, size, 1]. Throws `usage` for sizes below 12 or counts that are not positive. */
export function drawGlyphs(options: GlyphOptions = {}): ImageDataset {
  const { seed = 0, train = 6000, test = 1500, size = 28 } = options;
  for (const [name, value, least] of [
    ['training images', train, 1],
    ['test images', test, 1],
    ['image size', size, 12],
  ] as const) {
    require_(
      Number.isInteger(value) && value >= least,
      'usage',
      () => `glyphs: the number for ${name} must be whole and at least ${least}, but got ${value}; change it`,
      { name, value, least },
    );
  }
  const random = Random.fromSeed(seed).split('glyphs');
  const painter = new GlyphPainter(size, random);
  return assemble({
    source: 'glyphs',
    classes: GLYPHS.map((glyph) => glyph.name),
    train: drawSet(painter, random.split('train'), train, size),
    test: drawSet(painter, random.split('test'), test, size),
    mirrorable: false,
    notes: [],
    seed,
  });
}

function drawSet(painter: GlyphPainter, random: Random, count: number, size: number): ImageSet {
  const pixels = new Uint8Array(count * size * size);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = i % GLYPHS.length;
    painter.draw(labels[i], random.split(i), pixels.subarray(i * size * size, (i + 1) * size * size));
  }
  return { count, height: size, width: size, channels: 1, pixels, labels };
}
