import { require_ } from '../core/errors.ts';

/**
 * Non-dominated sets, all objectives minimised. A point dominates another when it is nowhere worse and somewhere
 * better; equal points do not dominate each other, so both stay.
 *
 *   y |  x               x on the front, o dominated
 *     |    x   o
 *     |       x    o
 *     +------------- x
 */
export type Point = readonly number[];

export function dominates(a: Point, b: Point): boolean {
  let better = false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] > b[i]) return false;
    if (a[i] < b[i]) better = true;
  }
  return better;
}

/** Order by the first objective, ties by the next: nothing is dominated by what comes after it. */
function lexicographic(a: Point, b: Point): number {
  for (let i = 0; i < a.length; i++) {
    if (a[i] < b[i]) return -1;
    if (a[i] > b[i]) return 1;
  }
  return 0;
}

/**
 * Indices of the non-dominated points, ascending. Two objectives: O(n log n); more: every point against the front so
 * far. Throws `shape` for points of different lengths and for NaN.
 */
export function front(points: readonly Point[]): number[] {
  for (const point of points) checkPoint(point, points[0].length);
  return points[0]?.length === 2 ? flatFront(points) : deepFront(points);
}

/**
 * Two objectives without comparing points: only the first values are sorted, as plain numbers. A point stays when it
 * has the lowest second value of its own first value, and that is below all of smaller first values.
 */
function flatFront(points: readonly Point[]): number[] {
  const n = points.length;
  const firsts = new Float64Array(n);
  const seconds = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    firsts[i] = points[i][0];
    seconds[i] = points[i][1];
  }
  const sorted = firsts.slice().sort();
  const place = new Uint32Array(n);
  const lowest = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < n; i++) {
    const at = lowerBound(sorted, firsts[i]);
    place[i] = at;
    if (seconds[i] < lowest[at]) lowest[at] = seconds[i];
  }
  /** before[r]: the lowest second value of all first values that rank below r. */
  const before = new Float64Array(n + 1).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < n; i++) before[i + 1] = Math.min(before[i], lowest[i]);
  const kept: number[] = [];
  for (let i = 0; i < n; i++) {
    const rank = place[i];
    // At rank 0 nothing has a smaller first value, so even an infinite second value can stay.
    if (seconds[i] === lowest[rank] && (rank === 0 || seconds[i] < before[rank])) kept.push(i);
  }
  return kept;
}

/** The first position of a sorted list that holds `value`, which is in it. */
function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function deepFront(points: readonly Point[]): number[] {
  const order = points.map((_, i) => i).sort((i, j) => lexicographic(points[i], points[j]));
  const kept: number[] = [];
  for (const i of order) {
    if (!kept.some((j) => dominates(points[j], points[i]))) kept.push(i);
  }
  return kept.sort((a, b) => a - b);
}

/** A front that grows: entries in lexicographic order, plain data. */
export interface FrontEntry<T> {
  readonly values: Point;
  readonly item: T;
}

/**
 * Adds an entry to a front kept by this function, in place, removing what it dominates. False when it is dominated
 * itself. Two objectives: a binary search and the removal; more: one pass.
 */
export function insert<T>(entries: FrontEntry<T>[], entry: FrontEntry<T>): boolean {
  const { values } = entry;
  checkPoint(values, entries[0]?.values.length ?? values.length);
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lexicographic(entries[middle].values, values) <= 0) low = middle + 1;
    else high = middle;
  }
  const flat = values.length <= 2;
  // Only what comes before can dominate; in two objectives, if any does, then the nearest before does.
  for (let i = low - 1; i >= 0; i--) {
    if (dominates(entries[i].values, values)) return false;
    if (flat) break;
  }
  // Only what comes after can be dominated; in two objectives those stand together.
  let kept = low;
  let i = low;
  for (; i < entries.length; i++) {
    if (dominates(values, entries[i].values)) continue;
    if (flat) break;
    entries[kept++] = entries[i];
  }
  entries.splice(kept, i - kept);
  entries.splice(low, 0, entry);
  return true;
}

function checkPoint(point: Point, length: number): void {
  let sound = point.length === length;
  for (let i = 0; i < point.length; i++) if (Number.isNaN(point[i])) sound = false;
  if (sound) return;
  require_(
    false,
    'shape',
    () => `points of a front must have ${length} numbers each, got [${point.join(', ')}]`,
  );
}
