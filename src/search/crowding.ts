import { front, type Point } from './front.ts';

/**
 * Ranks and crowding of NSGA-II (Deb et al., IEEE Trans. Evol. Comput. 2002, sections III.A and III.B): rank 0 is
 * the non-dominated set, rank 1 what is non-dominated without it, and so on; within a rank a point in an emptier
 * region comes first, the ends before all.
 */

/** Indices of the points by rank: each entry is one front, ascending. */
export function ranks(points: readonly Point[]): number[][] {
  return constrainedRanks(
    points,
    points.map(() => 0),
  );
}

/**
 * Ranks under constraint domination (section VI.A): feasible points before infeasible ones, feasible ones by front,
 * infeasible ones by the amount of their violation alone. `violations`: 0 where a point is feasible.
 */
export function constrainedRanks(points: readonly Point[], violations: readonly number[]): number[][] {
  return [...ranksInTurn(points, violations)];
}

/** The same ranks one at a time, for those who need only the first few. */
export function* ranksInTurn(
  points: readonly Point[],
  violations: readonly number[],
): Generator<number[], void, void> {
  const indices = points.map((_, i) => i);
  let left = indices.filter((i) => violations[i] === 0);
  while (left.length > 0) {
    const best = front(left.map((i) => points[i])).map((position) => left[position]);
    yield best;
    const taken = new Set(best);
    left = left.filter((i) => !taken.has(i));
  }
  const amounts = [...new Set(violations.filter((amount) => amount > 0))].sort((a, b) => a - b);
  for (const amount of amounts) yield indices.filter((i) => violations[i] === amount);
}

/**
 * Crowding distance of each point: the sum over objectives of the gap between its two neighbours, relative to the
 * range; infinite at the ends. An objective in which all are equal says nothing.
 */
export function crowding(points: readonly Point[]): number[] {
  const distance = new Array<number>(points.length).fill(0);
  const objectives = points[0]?.length ?? 0;
  for (let k = 0; k < objectives; k++) {
    const order = points.map((_, i) => i).sort((i, j) => points[i][k] - points[j][k] || i - j);
    const first = order[0];
    const last = order[order.length - 1];
    const range = points[last][k] - points[first][k];
    if (range === 0) continue;
    distance[first] = Number.POSITIVE_INFINITY;
    distance[last] = Number.POSITIVE_INFINITY;
    for (let i = 1; i + 1 < order.length; i++)
      distance[order[i]] += (points[order[i + 1]][k] - points[order[i - 1]][k]) / range;
  }
  return distance;
}
