/**
 * How alike two scores order the same items: does the supernet rank architectures as training alone does?
 * Both give 1 for the same order, -1 for the reverse, and NaN when either score is the same for all items.
 */
import { require_ } from '../core/errors.ts';

function checkPairs(a: ArrayLike<number>, b: ArrayLike<number>): void {
  require_(
    a.length === b.length && a.length >= 2,
    'shape',
    () => `rank correlation takes two lists of one length, at least 2, but got ${a.length} and ${b.length}`,
    { a: a.length, b: b.length },
  );
}

/** Kendall's tau-b (Kendall, 1945), which corrects for ties. Over all pairs: quadratic, meant for thousands at most. */
export function kendallTau(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkPairs(a, b);
  let agree = 0;
  let untiedA = 0;
  let untiedB = 0;
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const signA = Math.sign(a[i] - a[j]);
      const signB = Math.sign(b[i] - b[j]);
      agree += signA * signB;
      untiedA += signA * signA;
      untiedB += signB * signB;
    }
  }
  return agree / (Math.sqrt(untiedA) * Math.sqrt(untiedB));
}

/** Spearman's rho: Pearson's correlation of the ranks, equal values sharing their average rank. */
export function spearmanRho(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkPairs(a, b);
  const ranksA = averageRanks(a);
  const ranksB = averageRanks(b);
  const middle = (a.length + 1) / 2;
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = ranksA[i] - middle;
    const y = ranksB[i] - middle;
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return product / (Math.sqrt(squaresA) * Math.sqrt(squaresB));
}

/** Ranks from 1; ties get the average of the places they take. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((i, j) => values[i] - values[j]);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let i = start; i < end; i++) ranks[order[i]] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}
