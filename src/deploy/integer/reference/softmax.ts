/**
 * The softmax of a row of whole scores, in whole numbers. Exponentials have the base 2: a distance from the largest score
 * is counted in 256ths of an octave; its whole octaves shift, the rest looks up a table.
 *
 *   u[j] = floor(((largest - score[j]) * multiplier + 2^(shift-1)) / 2^shift)
 *   e[j] = TABLE[u mod 256] >> floor(u / 256), 0 from 16 octaves on        TABLE[i] = round(2^(15 - i / 256))
 *   S    = sum of e;  n = the smallest with S >> n < 2^16;  R = floor(2^30 / (S >> n))
 *   p[j] = min(32767, (e[j] * R + 2^(14+n)) >> (15+n))                      in units of 2^-15
 *
 * An exponential is off by at most 2^(1/512) - 1 = 0.14 % from rounding u and by 1 unit of 2^-15 from the shift; S >> n
 * and R lose less than 2^-15 and 2^-14 of themselves, and p is rounded to half a unit of 2^-15.
 */

const OCTAVE = 256;

export const TABLE: Int32Array = Int32Array.from({ length: OCTAVE }, (_, i) =>
  Math.round(2 ** (15 - i / OCTAVE)),
);

/** Scores that fit 31 bits with their distances -> shares of 2^15. */
export function integerSoftmax(scores: ArrayLike<number>, multiplier: number, shift: number): Int32Array {
  let largest = scores[0];
  for (let j = 1; j < scores.length; j++) largest = Math.max(largest, scores[j]);
  const e = new Int32Array(scores.length);
  let sum = 0;
  for (let j = 0; j < e.length; j++) {
    const u = Math.floor(((largest - scores[j]) * multiplier + 2 ** (shift - 1)) / 2 ** shift);
    e[j] = u >= 16 * OCTAVE ? 0 : TABLE[u % OCTAVE] >> Math.floor(u / OCTAVE);
    sum += e[j];
  }
  let n = 0;
  while (sum >> n >= 2 ** 16) n++;
  const reciprocal = Math.floor(2 ** 30 / (sum >> n));
  return e.map((part) => Math.min(32767, Math.floor((part * reciprocal + 2 ** (14 + n)) / 2 ** (15 + n))));
}
