import { averageRanks } from '../metrics/rank.ts';

/**
 * A small model that puts genotypes in order: the sum of one weight for each feature, fitted by ridge regression to
 * the ranks of the losses, not to the losses themselves, so that a few hopeless networks do not decide it. Plain
 * data; the same examples in the same order give the same weights.
 */
export interface RankingModel {
  /** Weight by feature; positive makes a network look worse. */
  readonly weights: Readonly<Record<string, number>>;
  /** Examples it was fitted to. */
  readonly examples: number;
}

/** Steps of conjugate gradients: far fewer than features bring the order to rest. */
const STEPS = 60;

/**
 * Fits weights to examples. `features`: the words of each example (a word that stands twice counts twice);
 * `losses`: lower is better; `ridge`: how strongly weights are drawn to zero, in examples.
 */
export function fitRanking(
  features: readonly (readonly string[])[],
  losses: readonly number[],
  ridge: number,
): RankingModel {
  // Place 0 is true of every example: where the weights start from. It does not change an order, so it is not kept.
  const places = new Map<string, number>();
  const rows = features.map((words) => [
    0,
    ...words.map((word) => {
      const place = places.get(word) ?? places.size + 1;
      places.set(word, place);
      return place;
    }),
  ]);
  const middle = (losses.length + 1) / 2;
  const targets = averageRanks(losses).map((rank) => (rank - middle) / losses.length);
  const weights = solve(rows, targets, places.size + 1, ridge);
  return {
    weights: Object.fromEntries([...places].map(([word, place]) => [word, weights[place]])),
    examples: losses.length,
  };
}

/** Where a genotype would stand: lower is better. Words that were never seen say nothing. */
export function predictRank({ weights }: RankingModel, words: readonly string[]): number {
  let sum = 0;
  for (const word of words) sum += Object.hasOwn(weights, word) ? weights[word] : 0;
  return sum;
}

/** Conjugate gradients on (XᵀX + ridge) w = Xᵀy, X given by the places of its ones. */
function solve(
  rows: readonly (readonly number[])[],
  targets: ArrayLike<number>,
  size: number,
  ridge: number,
): Float64Array {
  const weights = new Float64Array(size);
  const residual = new Float64Array(size);
  rows.forEach((row, i) => {
    for (const place of row) residual[place] += targets[i];
  });
  const direction = residual.slice();
  const product = new Float64Array(size);
  let norm = dot(residual, residual);
  for (let step = 0; step < STEPS && norm > 1e-18; step++) {
    for (let j = 0; j < size; j++) product[j] = ridge * direction[j];
    for (const row of rows) {
      let sum = 0;
      for (const place of row) sum += direction[place];
      for (const place of row) product[place] += sum;
    }
    const rate = norm / dot(direction, product);
    for (let j = 0; j < size; j++) {
      weights[j] += rate * direction[j];
      residual[j] -= rate * product[j];
    }
    const next = dot(residual, residual);
    for (let j = 0; j < size; j++) direction[j] = residual[j] + (next / norm) * direction[j];
    norm = next;
  }
  return weights;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
