import type { Limits, Score, SearchProblem } from './problem.ts';

/**
 * A problem small enough to know by heart, for the conformance suite: words of five digits 0, 1, 2 (243 of them).
 * A digit costs one and its value in energy, less one for the word, so energy runs from 1 to 11 mJ; the loss falls
 * with the digits, more for later ones, and neighbours that differ pay a little.
 */
export type Digits = readonly number[];

const LENGTH = 5;
const BASE = 3;
const energyOf = (digits: Digits): number => 1 + digits.reduce((sum, digit) => sum + digit, 0);

export const toyProblem: SearchProblem<Digits> = {
  sample: (random) => Array.from({ length: LENGTH }, () => random.integer(BASE)),
  mutate: (digits, random) => digits.map((digit) => (random.boolean(0.2) ? random.integer(BASE) : digit)),
  crossover: (a, b, random) => a.map((digit, i) => (random.boolean() ? digit : b[i])),
  neighbours: (digits) =>
    digits.flatMap((digit, i) =>
      Array.from({ length: BASE - 1 }, (_, k) => digits.with(i, (digit + k + 1) % BASE)),
    ),
  key: (digits) => digits.join(''),
  price: (digits) => ({
    energyMj: energyOf(digits),
    latencyMs: 1,
    params: 100 * energyOf(digits),
    macs: 1000,
  }),
};

export function toyScore(digits: Digits): Score {
  const gain = digits.reduce((sum, digit, i) => sum + (i + 1) * digit, 0);
  const changes = digits.slice(1).filter((digit, i) => digit !== digits[i]).length;
  const loss = 10 - gain / 4 + changes / 10;
  return { loss, accuracy: 1 / (1 + loss) };
}

/** All words, in order. */
export function toyWords(): Digits[] {
  return Array.from({ length: BASE ** LENGTH }, (_, n) =>
    Array.from({ length: LENGTH }, (_, i) => Math.floor(n / BASE ** (LENGTH - 1 - i)) % BASE),
  );
}

/** Half the energy there is; the word below is the best within it, found by walking all (see the test). */
export const LIMITS: Limits = { energyMj: 6 };
export const OPTIMUM = '00122';
/** Words within the limit, the optimum among them. */
export const FEASIBLE = 147;
