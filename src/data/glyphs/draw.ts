/**
 * One glyph image: a digit under a random affine map and a smooth wobble, drawn with a pen of random width
 * over a sloping background with stray strokes and noise, dark on light as often as light on dark. The
 * polarity alone takes a linear model most of what it could learn; edges and junctions stay, which is what
 * a convolutional network reads.
 */
import type { Random } from '../../core/random.ts';
import { Raster } from './raster.ts';
import { flatten, GLYPHS } from './strokes.ts';

const NOISE_LENGTH = 8192; // a power of two

export class GlyphPainter {
  private readonly size: number;
  private readonly glyph: Raster;
  private readonly clutter: Raster;
  private readonly chains = GLYPHS.map(flatten);
  /** Standard normal values, read at a random place with a random stride: cheaper than one draw a pixel. */
  private readonly noise: Float32Array;

  constructor(size: number, random: Random) {
    this.size = size;
    this.glyph = new Raster(size, size);
    this.clutter = new Raster(size, size);
    const noise = random.split('noise');
    this.noise = Float32Array.from({ length: NOISE_LENGTH }, () => noise.normal());
  }

  /** Draws class `label` into out [size, size]; everything that varies comes from `random`. */
  draw(label: number, random: Random, out: Uint8Array): void {
    const unit = this.size / 28; // sizes below are in pixels of the 28 x 28 image
    this.drawClutter(random, unit);
    this.drawGlyph(label, random, unit);

    const lightOnDark = random.boolean();
    const contrast = random.uniform(0.4, 0.8);
    const low = random.uniform(0.05, 0.95 - contrast);
    const ground = lightOnDark ? low : low + contrast;
    const ink = lightOnDark ? low + contrast : low;
    const clutterInk = ground + (ink - ground) * random.uniform(0.4, 0.8);
    const slopeX = random.uniform(-0.12, 0.12) / this.size;
    const slopeY = random.uniform(-0.12, 0.12) / this.size;
    const sigma = random.uniform(0.02, 0.09);
    const stride = 2 * random.integer(NOISE_LENGTH / 2) + 1;
    let place = random.integer(NOISE_LENGTH);

    const { size, noise } = this;
    const cover = this.glyph.coverage;
    const stray = this.clutter.coverage;
    for (let row = 0, at = 0; row < size; row++) {
      const rowGround = ground + slopeY * (row - size / 2);
      for (let column = 0; column < size; column++, at++) {
        let value = rowGround + slopeX * (column - size / 2);
        value += (clutterInk - value) * stray[at];
        value += (ink - value) * cover[at];
        value += sigma * noise[place];
        place = (place + stride) & (NOISE_LENGTH - 1);
        out[at] = value <= 0 ? 0 : value >= 1 ? 255 : (value * 255 + 0.5) | 0;
      }
    }
  }

  private drawGlyph(label: number, random: Random, unit: number): void {
    const angle = random.uniform(-0.3, 0.3);
    const shear = random.uniform(-0.3, 0.3);
    const halfHeight = random.uniform(7.2, 10.4) * unit;
    const halfWidth = halfHeight * random.uniform(0.8, 1.15);
    const centreX = this.size / 2 + random.uniform(-3.5, 3.5) * unit;
    const centreY = this.size / 2 + random.uniform(-3, 3) * unit;
    const pen = random.uniform(0.75, 1.5) * unit;
    const wobble = random.uniform(0, 0.09);
    const phaseX = random.uniform(0, 2 * Math.PI);
    const phaseY = random.uniform(0, 2 * Math.PI);
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);

    this.glyph.clear();
    for (const chain of this.chains[label]) {
      const points = new Float64Array(chain.length);
      for (let i = 0; i < chain.length; i += 2) {
        const bentX = chain[i] + wobble * Math.sin(3.1 * chain[i + 1] + phaseX);
        const bentY = chain[i + 1] + wobble * Math.sin(3.7 * chain[i] + phaseY);
        const x = (bentX + shear * bentY) * halfWidth;
        const y = bentY * halfHeight;
        points[i] = centreX + cos * x - sin * y;
        points[i + 1] = centreY + sin * x + cos * y;
      }
      this.glyph.stroke(points, pen);
    }
  }

  /** Up to three short stray strokes, thinner and fainter than the glyph, begun near the border. */
  private drawClutter(random: Random, unit: number): void {
    this.clutter.clear();
    const strokes = random.integer(4);
    for (let i = 0; i < strokes; i++) {
      const around = random.uniform(0, 2 * Math.PI);
      const far = random.uniform(9, 14) * unit;
      const x = this.size / 2 + far * Math.cos(around);
      const y = this.size / 2 + far * Math.sin(around);
      const towards = random.uniform(0, 2 * Math.PI);
      const length = random.uniform(3, 8) * unit;
      const points = Float64Array.of(x, y, x + length * Math.cos(towards), y + length * Math.sin(towards));
      this.clutter.stroke(points, random.uniform(0.4, 0.9) * unit);
    }
  }
}
