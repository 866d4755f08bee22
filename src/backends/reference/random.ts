/**
 * Counter-based draws: element i comes from the block threefry(key, i, 0) and from nothing else, so any element
 * can be drawn anywhere in any order.
 */
import { threefry } from '../../core/random.ts';

const STEPS = 2 ** 24;

/**
 * uniform: the upper 24 bits of the first word, over 2^24: in [0, 1), exact in float32.
 * normal: Box-Muller, sqrt(-2 ln u) cos(2 pi v), with u in (0, 1] from the first word and v from the second.
 */
export function random(
  kind: 'uniform' | 'normal',
  y: Float32Array,
  length: number,
  key: readonly [number, number],
): void {
  for (let i = 0; i < length; i++) {
    const [first, second] = threefry(key[0], key[1], i, 0);
    if (kind === 'uniform') {
      y[i] = (first >>> 8) / STEPS;
    } else {
      const radius = Math.sqrt(-2 * Math.log(((first >>> 8) + 1) / STEPS));
      y[i] = radius * Math.cos((2 * Math.PI * (second >>> 8)) / STEPS);
    }
  }
}
