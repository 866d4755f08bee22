/**
 * A first generation spread over prices. A price takes microseconds and a score takes training data, so more is drawn
 * than can be scored, and what lies far apart in the costs that are objectives is taken (farthest-first traversal,
 * Gonzalez 1985): a front is a range of prices, and blind draws crowd in the middle of it.
 */
import type { Collector, Priced } from './collector.ts';
import type { Objective } from './objectives.ts';
import { COST_NAMES, type Costs, type SearchProblem } from './problem.ts';

/** Adds up to `count` candidates out of `draws`, the cheapest first. None where no objective is a cost. */
export function offerSpread<G>(
  problem: SearchProblem<G>,
  collector: Collector<G>,
  objectives: readonly Objective[],
  { count, draws }: { readonly count: number; readonly draws: number },
): void {
  const costs = objectives.filter((name): name is keyof Costs => COST_NAMES.includes(name as keyof Costs));
  if (costs.length === 0) return;
  const pool = new Map<string, Priced<G>>();
  for (let i = 0; i < draws; i++) {
    const found = collector.consider(problem.sample(collector.random));
    if (found !== undefined) pool.set(found.key, found);
  }
  const drawn = [...pool.values()];
  const values = costs.map((cost) => drawn.map((one) => one.costs[cost] ?? 0));
  for (const i of farthestFirst(values.map(onLogScale), count)) collector.take(drawn[i]);
}

/** 0 for the smallest, 1 for the largest, by log(1 + value / smallest above 0). */
function onLogScale(values: readonly number[]): number[] {
  const unit = values.reduce((least, v) => (v > 0 && v < least ? v : least), Number.POSITIVE_INFINITY);
  const logs = values.map((v) => Math.log1p(v / unit));
  const low = logs.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = logs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return logs.map((v) => (high > low ? (v - low) / (high - low) : 0));
}

/**
 * The one nearest to 0 in all axes, then always the one farthest from all taken and from 1 in all axes: what is dearest
 * in everything adds nothing to a front that its neighbours do not. Axes [axis][point]. Up to `count` positions.
 */
export function farthestFirst(axes: readonly (readonly number[])[], count: number): number[] {
  const [first = []] = axes;
  const length = (i: number) => axes.reduce((sum, axis) => sum + axis[i], 0);
  const apart = (i: number, to: (axis: readonly number[]) => number) =>
    axes.reduce((sum, axis) => sum + (axis[i] - to(axis)) ** 2, 0);
  const distance = first.map((_, i) => apart(i, () => 1));
  const taken: number[] = [];
  while (taken.length < Math.min(count, first.length)) {
    let next = -1;
    for (let i = 0; i < first.length; i++) {
      if (distance[i] < 0) continue;
      if (next < 0 || (taken.length === 0 ? length(i) < length(next) : distance[i] > distance[next]))
        next = i;
    }
    taken.push(next);
    distance[next] = -1;
    for (let i = 0; i < first.length; i++) {
      if (distance[i] >= 0)
        distance[i] = Math.min(
          distance[i],
          apart(i, (axis) => axis[next]),
        );
    }
  }
  return taken;
}
