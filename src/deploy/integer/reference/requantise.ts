/** From accumulators to stored numbers, in both ways; the meaning of `Multiply` and `Terms`. */
import type { IntegerProgram, Requantise, Value } from '../program.ts';

/** acc of output channel `channel` as it is stored. */
export type Requantiser = (acc: number, channel: number) => number;

export const clamp = (q: number, { low, high }: Pick<Value, 'low' | 'high'>): number =>
  Math.min(high, Math.max(low, q));

/** acc * 2^place, rounded down. */
export const shifted = (acc: number, place: number): number => Math.floor(acc * 2 ** place);

/** addend + sum of sign * (acc shifted by place), then shifted right; before any clamp. */
export function sumOfTerms(
  acc: number,
  signs: ArrayLike<number>,
  places: ArrayLike<number>,
  addend: number,
  shift: number,
): number {
  let t = addend;
  for (let k = 0; k < signs.length; k++) if (signs[k] !== 0) t += signs[k] * shifted(acc, places[k]);
  return shifted(t, -shift);
}

export function requantiser({ tensors }: IntegerProgram, how: Requantise, y: Value): Requantiser {
  const data = (name: string) => tensors.get(name)!.data;
  const addends = data(how.addends);
  if (how.kind === 'multiply') {
    const [multipliers, shifts] = [data(how.multipliers), data(how.shifts)];
    // below 2^53, so doubles are exact
    return (acc, c) => clamp(shifted(acc * multipliers[c] + addends[c], -shifts[c]), y);
  }
  const [signs, places] = [data(how.signs), data(how.places)];
  const terms = tensors.get(how.signs)!.shape[1];
  return (acc, c) => {
    const [from, to] = [c * terms, (c + 1) * terms];
    return clamp(
      sumOfTerms(acc, signs.subarray(from, to), places.subarray(from, to), addends[c], how.shift),
      y,
    );
  };
}
