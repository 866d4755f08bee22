/**
 * The loop nest of a layer cut into tiles for a row-stationary array (Eyeriss; spec 8.3):
 *
 *   index 3: temporal, outside the global buffer     index 1: spatial, over processing elements
 *   index 2: temporal, inside the global buffer      index 0: temporal, inside a register file
 *
 * n = n0 n3, m = m0 m1 m2 m3, c = c0 c1 c2, e = e1 e3, groups = g1 g3; f and s run inside an element, r over elements.
 * Sizes c and m of a grouped layer are those of one group.
 */
export interface Nest {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly r: number;
  readonly s: number;
  readonly m: number;
  readonly e: number;
  readonly f: number;
  readonly stride: number;
  readonly groups: number;
}

export interface Tiling {
  readonly n0: number;
  readonly n3: number;
  readonly m0: number;
  readonly m1: number;
  readonly m2: number;
  readonly m3: number;
  readonly c0: number;
  readonly c1: number;
  readonly c2: number;
  readonly e1: number;
  readonly e3: number;
  readonly g1: number;
  readonly g3: number;
}

/** Accesses of every memory level under a tiling, in words, summed over groups (table of spec 8.4 with C3 = 1). */
export interface AccessCounts {
  readonly outerInput: number;
  readonly outerWeight: number;
  readonly outerOutput: number;
  readonly bufferInput: number;
  readonly bufferOutput: number;
  readonly networkInput: number;
  readonly networkWeight: number;
  readonly networkPartial: number;
  readonly registerInput: number;
  readonly registerWeight: number;
  readonly registerPartial: number;
}

/** Words of the three tensors of one group. */
export function tensorWords(nest: Nest): { input: number; weight: number; output: number } {
  return {
    input: nest.n * nest.h * nest.w * nest.c,
    weight: nest.r * nest.s * nest.c * nest.m,
    output: nest.n * nest.e * nest.f * nest.m,
  };
}

export function accessCounts(nest: Nest, t: Tiling): AccessCounts {
  const { r, s, e, f, h, w, groups } = nest;
  const words = tensorWords(nest);
  const input = groups * words.input;
  const weight = groups * words.weight;
  const output = groups * words.output;
  const networkInput = t.m3 * t.m2 * t.m1 * r * (e / h) * input;
  return {
    outerInput: t.m3 * input,
    outerWeight: t.n3 * t.e3 * weight,
    outerOutput: output,
    bufferInput: t.m3 * t.m2 * input,
    bufferOutput: Math.max(2 * (t.c2 - 1), 1) * output,
    networkInput,
    networkWeight: t.n3 * e * weight,
    networkPartial: Math.max(t.c2 * (t.c1 * r - 1), 1) * output,
    registerInput: networkInput * t.m0 * s * (f / w),
    registerWeight: t.n3 * e * f * t.n0 * weight,
    registerPartial: Math.max(2 * t.c2 * t.c1 * r * (t.c0 * s - 1), 1) * output,
  };
}

/** Steps of the array under a tiling, one per clock cycle, without stalls (spec 8.4). */
export function arrayCycles(nest: Nest, t: Tiling): number {
  return t.n3 * t.n0 * t.m3 * t.m2 * t.m0 * t.c2 * t.c0 * t.e3 * nest.f * nest.s * t.g3;
}

const divisorTable = new Map<number, Int32Array>();

/** Divisors of a positive integer, ascending; memoised. */
export function divisors(value: number): Int32Array {
  let found = divisorTable.get(value);
  if (found === undefined) {
    const low: number[] = [];
    const high: number[] = [];
    for (let d = 1; d * d <= value; d++) {
      if (value % d !== 0) continue;
      low.push(d);
      if (d * d !== value) high.push(value / d);
    }
    found = Int32Array.from([...low, ...high.reverse()]);
    divisorTable.set(value, found);
  }
  return found;
}

/** How many of ascending numbers are at most `limit`. */
export function countAtMost(ascending: Int32Array, limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of ascending whole numbers are below `limit`. */
export const countBelow = (ascending: Int32Array, limit: number): number =>
  countAtMost(ascending, Math.ceil(limit) - 1);

/** The largest of ascending divisors that is at most `limit` (limit >= 1). */
export function largestAtMost(ascending: Int32Array, limit: number): number {
  return ascending[countAtMost(ascending, limit) - 1];
}
