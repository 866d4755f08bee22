/** Dropout by draws that can be made again: nothing needs to be kept for the backward pass. */
import { threefry } from '../../core/random.ts';

/** y = x times 1 / (1 - rate) where draw i (random.ts) is above `rate`, times 0 elsewhere. */
export function dropout(
  x: Float32Array,
  y: Float32Array,
  length: number,
  rate: number,
  key: readonly [number, number],
): void {
  const factor = Math.fround(1 / (1 - rate));
  for (let i = 0; i < length; i++) {
    const draw = (threefry(key[0], key[1], i, 0)[0] >>> 8) / 2 ** 24;
    y[i] = x[i] * (draw > rate ? factor : 0);
  }
}
