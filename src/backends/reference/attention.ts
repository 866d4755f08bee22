/**
 * Attention of rows to rows, head by head, without a matrix of scores that outlives a row:
 *
 *   p[j] = exp(scale * q k[j] - statistic)        statistic = log of the sum of exp(scale * q k[j]) over the keys seen
 *   y    = sum over j of m[j] p[j] v[j]           m[j] = 1 / (1 - drop) for a kept weight, 0 for a dropped one
 *
 * With d = dy . y = sum over j of p[j] m[j] (dy . v[j]), the gradient of a score is p[j] (m[j] dy . v[j] - d), so that
 * the backward pass needs y and the statistic, and no weights.
 */
import { threefry } from '../../core/random.ts';
import type { AttentionShape } from '../backend.ts';

type Key = readonly [number, number];

/** Keys that query i of a sentence sees: the first so many. */
function keysSeen(shape: AttentionShape, length: number, i: number): number {
  return shape.causal ? Math.max(0, Math.min(length, shape.keys - shape.queries + i + 1)) : length;
}

/** m[j] of row r = (sentence * heads + head) * queries + query. */
function keptFactor(drop: number, key: Key, row: number, j: number): number {
  if (drop === 0) return 1;
  const word = threefry(key[0], key[1], row, Math.floor(j / 2))[j % 2];
  return (word >>> 8) / 2 ** 24 > drop ? 1 / (1 - drop) : 0;
}

function dot(a: Float32Array, aAt: number, b: Float32Array, bAt: number, width: number): number {
  let sum = 0;
  for (let d = 0; d < width; d++) sum += a[aAt + d] * b[bAt + d];
  return sum;
}

/** For every query of every head of every sentence: its row, where it stands, where its head's keys begin, keys seen. */
function forEachQuery(
  shape: AttentionShape,
  lengths: Int32Array | null,
  visit: (row: number, qAt: number, kAt: number, seen: number) => void,
): void {
  const { n, heads, queries, keys, width, keyRows } = shape;
  const columns = heads * width;
  for (let s = 0; s < n; s++) {
    const length = lengths === null ? keys : lengths[s];
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        const row = (s * heads + h) * queries + i;
        const qAt = (s * queries + i) * columns + h * width;
        visit(row, qAt, s * keyRows * columns + h * width, keysSeen(shape, length, i));
      }
    }
  }
}

export function attentionForward(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  lengths: Int32Array | null,
  y: Float32Array,
  statistics: Float32Array,
  shape: AttentionShape,
  key: Key,
): void {
  const { heads, keys, width, scale, drop } = shape;
  const columns = heads * width;
  const scores = new Float64Array(keys);
  const sums = new Float64Array(width);
  forEachQuery(shape, lengths, (row, qAt, kAt, seen) => {
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < seen; j++) {
      scores[j] = scale * dot(q, qAt, k, kAt + j * columns, width);
      most = Math.max(most, scores[j]);
    }
    let total = 0;
    sums.fill(0);
    for (let j = 0; j < seen; j++) {
      const weight = Math.exp(scores[j] - most);
      total += weight;
      const kept = weight * keptFactor(drop, key, row, j);
      for (let d = 0; d < width; d++) sums[d] += kept * v[kAt + j * columns + d];
    }
    for (let d = 0; d < width; d++) y[qAt + d] = seen === 0 ? 0 : sums[d] / total;
    statistics[row] = seen === 0 ? Number.NEGATIVE_INFINITY : most + Math.log(total);
  });
}

export function attentionBackward(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  lengths: Int32Array | null,
  y: Float32Array,
  statistics: Float32Array,
  dy: Float32Array,
  dq: Float32Array,
  dk: Float32Array,
  dv: Float32Array,
  shape: AttentionShape,
  key: Key,
): void {
  const { n, heads, width, keyRows, scale, drop } = shape;
  const columns = heads * width;
  const keySums = new Float64Array(n * keyRows * columns);
  const valueSums = new Float64Array(n * keyRows * columns);
  const querySums = new Float64Array(width);
  forEachQuery(shape, lengths, (row, qAt, kAt, seen) => {
    const mean = dot(dy, qAt, y, qAt, width);
    querySums.fill(0);
    for (let j = 0; j < seen; j++) {
      const at = kAt + j * columns;
      const weight = Math.exp(scale * dot(q, qAt, k, at, width) - statistics[row]);
      const kept = keptFactor(drop, key, row, j);
      const slope = scale * weight * (kept * dot(dy, qAt, v, at, width) - mean);
      for (let d = 0; d < width; d++) {
        querySums[d] += slope * k[at + d];
        keySums[at + d] += slope * q[qAt + d];
        valueSums[at + d] += weight * kept * dy[qAt + d];
      }
    }
    dq.set(querySums, qAt);
  });
  dk.set(keySums);
  dv.set(valueSums);
}
