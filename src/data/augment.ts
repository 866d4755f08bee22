/**
 * Random changes that keep an image's class, as amounts. They are drawn for each example of a batch from that
 * batch's own random stream.
 */
import { require_ } from '../core/errors.ts';
import type { Random } from '../core/random.ts';

export interface Augmentation {
  /** Mirror left and right with probability 1/2. Only for sets whose `mirrorable` is true. */
  readonly mirror: boolean;
  /** Pad by this many pixels on all sides, then crop back to the size at a random place. */
  readonly cropPad: number;
  /** What stands in the padding: black, or the nearest pixel of the border. Default black. */
  readonly padding?: 'black' | 'edge' | undefined;
  /** Side in pixels of a square set to the mean at a random place (DeVries and Taylor, 2017); 0 or absent: none. */
  readonly cutout?: number | undefined;
}

export const NO_AUGMENTATION: Augmentation = { mirror: false, cropPad: 0 };

/** What was drawn for one example. */
export interface Placement {
  mirrored: boolean;
  /** Row and column of the source that the output's corner shows; may be outside. */
  top: number;
  left: number;
  /** Centre of the cutout square. */
  cutRow: number;
  cutColumn: number;
}

/** Throws `usage` for amounts that are negative or not whole. */
export function checkAugmentation({ cropPad, cutout = 0 }: Augmentation): void {
  for (const [name, value] of [
    ['cropPad', cropPad],
    ['cutout', cutout],
  ] as const) {
    require_(
      Number.isInteger(value) && value >= 0,
      'usage',
      () => `augmentation: ${name} must be a whole number of pixels, 0 or more, but got ${value}; change it`,
      { name, value },
    );
  }
}

/** Draws a placement into `out`. The number of draws depends on the amounts only. */
export function drawPlacement(
  augmentation: Augmentation,
  height: number,
  width: number,
  random: Random,
  out: Placement,
): void {
  const { mirror, cropPad, cutout = 0 } = augmentation;
  out.mirrored = mirror && random.boolean();
  out.top = cropPad > 0 ? random.integer(2 * cropPad + 1) - cropPad : 0;
  out.left = cropPad > 0 ? random.integer(2 * cropPad + 1) - cropPad : 0;
  out.cutRow = cutout > 0 ? random.integer(height) : 0;
  out.cutColumn = cutout > 0 ? random.integer(width) : 0;
}
