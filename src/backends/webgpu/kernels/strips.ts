/**
 * What programs of tilings (tile.ts) have in common, whatever multiplies: which part of the result a workgroup computes
 * and which piece of k, how threads fetch the strips of both operands, and where a sum goes.
 */
import type { Tiling } from './tile.ts';

/** Sizes of a workgroup's part of the result, and of a strip. */
export interface Extent {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

export type Side = 'left' | 'right';

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Four elements of a strip, of neighbouring rows or columns at one k, as the thread fetches and keeps them. */
export interface Fetch {
  /** Declarations before the walk along k. */
  readonly declare: string;
  /** Statements that fetch them for the strip at k. */
  readonly fetch: string;
  readonly keep: string;
}

/** `keep`: a statement that brings a vec4f to its place in the strip, which names vector `vector` of line `k`. */
export function fetchesOf(
  side: Side,
  tiling: Tiling,
  extent: Extent,
  threads: number,
  keep: (k: string, vector: string, value: string) => string,
): Fetch[] {
  const left = side === 'left';
  const vectors = (left ? extent.rows : extent.columns) / 4;
  const along = left ? tiling.leftAlong : tiling.rightAlong;
  const { depth } = extent;
  const [first, most, place] = left
    ? ['firstRow', 'p.rows', 'rowAt']
    : ['firstColumn', 'p.columns', 'columnAt'];
  const lanes = range(4);
  return range(Math.ceil((vectors * depth) / threads)).map((i) => {
    const value = `${side}${i}`;
    const unit = `(local + ${i * threads}u)`;
    const [vector, k] =
      along === 'depth'
        ? [`${unit} / ${depth}u`, `${unit} % ${depth}u`]
        : [`${unit} % ${vectors}u`, `${unit} / ${vectors}u`];
    const elements = lanes.map((j) =>
      left ? `left(${value}At${j}, place)` : `right(place, ${value}At${j})`,
    );
    const marks = tiling.operation === 'clipped' && !left;
    const mark = lanes.map((j) => `note(${value}[${j}], 4u * ${value}Vector + ${j}u);`);
    return {
      declare: `
  let ${value}Vector = ${vector};
  let ${value}K = ${k};
  ${lanes.map((j) => `let ${value}At${j} = ${place}(min(${first} + 4u * ${value}Vector + ${j}u, ${most} - 1u));`).join('\n  ')}
  var ${value} = vec4f();`,
      fetch: `
    ${value} = vec4f();
    if (k + ${value}K < end) {
      let place = depthAt(k + ${value}K);
      ${value} = vec4f(${elements});
      ${marks ? mark.join(' ') : ''}
    }`,
      keep: `if (${value}Vector < ${vectors}u && ${value}K < ${depth}u) { ${keep(`${value}K`, `${value}Vector`, value)} }`,
    };
  });
}

/** Declares a workgroup's part of the result (firstRow, firstColumn), its layer z and its piece of k (start, end). */
export const partCode = ({ rows, columns, depth }: Extent): string => `
  let index = group.y * groups.x + group.x;
  let firstRow = index / p.columnTiles * ${rows}u;
  let firstColumn = index % p.columnTiles * ${columns}u;
  let z = p.first + group.z;
  begin(z / p.splits);
  let all = depthOf(z / p.splits);
  let piece = (all + p.splits * ${depth}u - 1u) / (p.splits * ${depth}u) * ${depth}u;
  let start = z % p.splits * piece;
  let end = min(all, start + piece);`;

/**
 * A function that puts a sum where it belongs. With `split`, z also counts pieces of k, and the sums go to result
 * [splits, batch, rows, columns].
 */
export const putCode = (split: boolean): string => `
fn put(row: Row, m: u32, n: u32, sum: f32, z: u32) {
  if (n < p.columns) {
    ${
      split
        ? 'result[((z % p.splits * p.batches + z / p.splits) * p.rows + m) * p.columns + n] = sum;'
        : 'store(row, columnAt(n), m, n, sum);'
    }
  }
}`;
