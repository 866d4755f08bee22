/**
 * The WGSL of a tiling (tile.ts): strips of both operands in the workgroup's memory, a block of sums in registers of
 * each thread, loops over rows and columns of a block written out.
 */
import { type Extent, fetchesOf, partCode, putCode, range, type Side } from './strips.ts';
import type { Operation, Tiling } from './tile.ts';

/** With the sizes of a thread's block. */
export interface Tile extends Extent {
  readonly high: 4 | 8;
  readonly wide: 4 | 8;
}

/** Takes elements a and b into vectors of sums; o is the element `own` of the result's place. */
const STEP: Readonly<Record<Operation, (sum: string, a: string, b: string, own: string) => string>> = {
  product: (sum, a, b) => `${sum} += ${a} * ${b};`,
  distance: (sum, a, b) => `${sum} -= abs(${a} - ${b});`,
  clipped: (sum, a, b, own) => `${sum} += clamp(${b} - ${own}, vec4f(-1.0), vec4f(1.0)) * ${a};`,
  difference: (sum, a, b, own) => `${sum} += (${a} - ${own}) * ${b};`,
};

const PART = ['x', 'y', 'z', 'w'];

/** Vectors of a line of a strip: one more than it has, where threads write along k, so that they meet different banks. */
function lineOf(vectors: number, along: string): number {
  return along === 'depth' ? vectors + 1 : vectors;
}

/**
 * A difference that is NaN would be clipped to a number: what is not finite in a column of right is noted, NaN as 1,
 * infinities as 2 and 4, and the sums where it met an `own` with which it gives NaN are NaN.
 */
const clippedCode = (columns: number): string => `
var<workgroup> noted: array<atomic<u32>, ${columns}>;
var<private> NOTHING_BITS: u32 = 0x7fc00000u;
fn note(v: f32, column: u32) {
  if (!isFinite(v)) { atomicOr(&noted[column], select(select(4u, 2u, v > 0.0), 1u, isNaN(v))); }
}
fn clippedAway(own: f32, column: u32) -> bool {
  let bad = 1u | select(0u, select(4u, 2u, own > 0.0), !isFinite(own));
  return isNaN(own) || (atomicLoad(&noted[column]) & bad) != 0u;
}`;

/**
 * With `half`, strips are kept as binary16, two in a word, which any adapter can; what is summed is float32 as ever. A
 * gradient may be too small for it, so an operand that is one is kept as it is.
 */
export function tileCode(tiling: Tiling, tile: Tile, split: boolean, half: boolean): string {
  const halfLeft = half && tiling.gradient !== 'left';
  const halfRight = half && tiling.gradient !== 'right';
  const { rows, columns, depth, high, wide } = tile;
  const [across, down] = [columns / wide, rows / high];
  const threads = across * down;
  const [leftLine, rightLine] = [lineOf(rows / 4, tiling.leftAlong), lineOf(columns / 4, tiling.rightAlong)];
  const keep =
    (side: Side, line: number, halved: boolean) =>
    (k: string, vector: string, value: string): string =>
      `${side}s[${k} * ${line}u + ${vector}] = ${halved ? `halves(${value})` : value};`;
  const fetches = [
    ...fetchesOf('left', tiling, tile, threads, keep('left', leftLine, halfLeft)),
    ...fetchesOf('right', tiling, tile, threads, keep('right', rightLine, halfRight)),
  ];
  const typeOf = (halved: boolean): string => (halved ? 'vec2u' : 'vec4f');
  const taken = (element: string, halved: boolean): string => (halved ? `whole(${element})` : element);
  const clipped = tiling.operation === 'clipped';
  const hasOwn = clipped || tiling.operation === 'difference';
  const [blockRows, blockColumns] = [range(high), range(wide / 4)];
  const rowOf = (i: number): string => `firstRow + 4u * y + ${i < 4 ? i : down * 4 + i - 4}u`;
  const columnOf = (q: number, j: number): string => `firstColumn + 4u * x + ${q * across * 4 + j}u`;
  const block = (line: (i: number, q: number) => string, between = '\n  '): string =>
    blockRows.flatMap((i) => blockColumns.map((q) => line(i, q))).join(between);
  const own = (i: number, q: number): string =>
    `let own${i}_${q} = vec4f(${range(4).map((j) => `own(ownRow${i}, columnAt(min(${columnOf(q, j)}, p.columns - 1u)))`)});`;
  const step = (i: number, q: number): string =>
    STEP[tiling.operation](`sum${i}_${q}`, `a${i >> 2}.${PART[i & 3]}`, `b${q}`, `own${i}_${q}`);
  const finished = (i: number, q: number, j: number): string => {
    const sum = `sum${i}_${q}.${PART[j]}`;
    if (!clipped) return sum;
    return `select(${sum}, bitcast<f32>(NOTHING_BITS), clippedAway(own${i}_${q}.${PART[j]}, 4u * x + ${q * across * 4 + j}u))`;
  };
  const stores = blockRows.map(
    (i) => `
  if (${rowOf(i)} < p.rows) {
    let m = ${rowOf(i)};
    let row = rowAt(m);
    ${blockColumns.flatMap((q) => range(4).map((j) => `put(row, m, ${columnOf(q, j)}, ${finished(i, q, j)}, z);`)).join('\n    ')}
  }`,
  );
  return `
${tiling.code}
var<workgroup> lefts: array<${typeOf(halfLeft)}, ${depth * leftLine}>;
var<workgroup> rights: array<${typeOf(halfRight)}, ${depth * rightLine}>;
${clipped ? clippedCode(columns) : ''}
${putCode(split)}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {${partCode(tile)}
  let x = local % ${across}u;
  let y = local / ${across}u;
  ${fetches.map(({ declare }) => declare).join('')}
  ${block((i, q) => `var sum${i}_${q} = vec4f();`)}
  ${hasOwn ? `${blockRows.map((i) => `let ownRow${i} = rowAt(min(${rowOf(i)}, p.rows - 1u));`).join('\n  ')}\n  ${block(own)}` : ''}
  ${clipped ? `for (var i = local; i < ${columns}u; i += ${threads}u) { atomicStore(&noted[i], 0u); }\n  workgroupBarrier();` : ''}
  // The strip at k is fetched while the one before it, which lies in the workgroup's memory, is computed with.
  for (var k = start; k < end + ${depth}u; k += ${depth}u) {
    ${fetches.map((one) => one.fetch).join('')}
    for (var i = 0u; i < select(0u, ${depth}u, k > start); i++) {
      ${range(high / 4)
        .map((h) => `let a${h} = ${taken(`lefts[i * ${leftLine}u + y + ${h * down}u]`, halfLeft)};`)
        .join(' ')}
      ${blockColumns.map((q) => `let b${q} = ${taken(`rights[i * ${rightLine}u + x + ${q * across}u]`, halfRight)};`).join(' ')}
      ${block(step, '\n      ')}
    }
    workgroupBarrier();
    ${fetches.map(({ keep }) => keep).join('\n    ')}
    workgroupBarrier();
  }
  ${stores.join('')}
}`;
}
