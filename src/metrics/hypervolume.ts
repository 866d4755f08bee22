/**
 * The area that a set of points dominates, both coordinates to be made small, up to a reference point
 * (Zitzler and Thiele, 1998). For accuracy against energy pass (1 - accuracy, energy).
 *
 *   y |----------R
 *     |  a#######|     a, b, c: the front; everything marked is dominated by one of them
 *     |   ##b####|
 *     |     ###c#|
 *     +----------- x
 */
export type Point = readonly [x: number, y: number];

/** Points that no other dominates, by ascending x; of equal points one. Points with NaN are left out. */
export function front2d(points: readonly Point[]): Point[] {
  const sorted = points
    .filter(([x, y]) => !Number.isNaN(x) && !Number.isNaN(y))
    .sort((p, q) => p[0] - q[0] || p[1] - q[1]);
  const front: Point[] = [];
  for (const point of sorted) {
    if (front.length === 0 || point[1] < front[front.length - 1][1]) front.push(point);
  }
  return front;
}

/**
 * The volume that points of any number of dimensions dominate within `reference`, in the product of the units: what one
 * point after the other adds, best first in the last dimension, so that it adds a volume of one dimension less (While,
 * Bradstreet and Barone, 2012). Exact, and meant for fronts of some hundred points in up to five dimensions. Points with
 * NaN are left out.
 */
export function hypervolume(points: readonly (readonly number[])[], reference: readonly number[]): number {
  const last = reference.length - 1;
  const inside = points.filter((point) => reference.every((bound, k) => point[k] < bound));
  if (inside.length === 0) return 0;
  if (last === 0) return reference[0] - Math.min(...inside.map(([value]) => value));
  if (last === 1) return hypervolume2d(inside as unknown as readonly Point[], [reference[0], reference[1]]);
  const best = nonDominated(inside).sort((p, q) => p[last] - q[last]);
  const flat = best.map((point) => point.slice(0, last));
  return best.reduce((volume, point, i) => {
    const added = hypervolumeGain(flat[i], flat.slice(0, i), reference.slice(0, last));
    return volume + (reference[last] - point[last]) * added;
  }, 0);
}

/** The volume within `reference` that `point` dominates and none of `others` does. */
export function hypervolumeGain(
  point: readonly number[],
  others: readonly (readonly number[])[],
  reference: readonly number[],
): number {
  const shared = others.map((other) => other.map((value, k) => Math.max(value, point[k])));
  return hypervolume([point], reference) - hypervolume(shared, reference);
}

/** The same as a part of the box from 0 to `reference`; 0 where the box is flat. */
export function hypervolumeShare(
  points: readonly (readonly number[])[],
  reference: readonly number[],
): number {
  const box = reference.reduce((product, value) => product * value, 1);
  return box > 0 ? hypervolume(points, reference) / box : 0;
}

/** Points that no other dominates; of equal ones the first. */
function nonDominated(points: readonly (readonly number[])[]): (readonly number[])[] {
  const kept: (readonly number[])[] = [];
  const within = (p: readonly number[], q: readonly number[]) => p.every((value, k) => value <= q[k]);
  for (const point of [...points].sort((p, q) => total(p) - total(q)))
    if (!kept.some((other) => within(other, point))) kept.push(point);
  return kept;
}

const total = (point: readonly number[]) => point.reduce((sum, value) => sum + value, 0);

/** Area dominated by `points` within `reference`, in the product of the two units; 0 when none is inside. */
export function hypervolume2d(points: readonly Point[], reference: Point): number {
  const inside = points.filter(([x, y]) => x < reference[0] && y < reference[1]);
  let area = 0;
  let top = reference[1];
  for (const [x, y] of front2d(inside)) {
    area += (reference[0] - x) * (top - y);
    top = y;
  }
  return area;
}
