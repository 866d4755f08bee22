/**
 * Few that stand for a front: its best by the first score among the objectives, then always the one farthest from all
 * taken (farthest-first traversal, Gonzalez 1985), each objective measured by its range on the front. When a front is used
 * up, that of the others follows (the ranks of NSGA-II). What is worse than guessing comes after everything else.
 */
import { ranksInTurn } from './crowding.ts';
import type { Point } from './front.ts';
import { isScore, type Objective, objectivePoint, SCORE_OBJECTIVES, violation } from './objectives.ts';
import type { Scored } from './problem.ts';

export interface Spreading {
  readonly objectives: readonly Objective[];
  /** Classes or subwords: guessing is right once in so many. */
  readonly choices: number;
}

/** Up to `count`, the best first; of equals the first of `ranked`. */
export function spreadFront<G>(
  ranked: readonly Scored<G>[],
  count: number,
  { objectives, choices }: Spreading,
): Scored<G>[] {
  const scores = objectives.filter(isScore);
  const guessing = Object.fromEntries(scores.map((name) => [name, SCORE_OBJECTIVES[name].guessing(choices)]));
  const points = ranked.map((one) => objectivePoint(one, objectives));
  const violations = ranked.map((one) => violation(one, guessing));
  const lead = Math.max(0, objectives.findIndex(isScore));
  const taken: number[] = [];
  for (const rank of ranksInTurn(points, violations)) {
    if (taken.length >= count) break;
    const spread = farthestFrom(
      rank.map((i) => points[i]),
      lead,
    );
    taken.push(...spread.slice(0, count - taken.length).map((position) => rank[position]));
  }
  return taken.map((i) => ranked[i]);
}

/** All positions: the lowest in axis `lead`, then always the farthest from those before. */
function farthestFrom(points: readonly Point[], lead: number): number[] {
  const ranges = points[0].map((_, k) => {
    const values = points.map((point) => point[k]);
    return Math.max(...values) - Math.min(...values) || 1;
  });
  const apart = (a: Point, b: Point) =>
    a.reduce((sum, value, k) => sum + ((value - b[k]) / ranges[k]) ** 2, 0);
  const left = new Set(points.keys());
  const distance = points.map((point) => -point[lead]);
  const order: number[] = [];
  while (left.size > 0) {
    const next = [...left].reduce((best, i) => (distance[i] > distance[best] ? i : best));
    left.delete(next);
    for (const i of left) {
      const now = apart(points[i], points[next]);
      distance[i] = order.length === 0 ? now : Math.min(distance[i], now);
    }
    order.push(next);
  }
  return order;
}
