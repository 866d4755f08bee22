/**
 * The WGSL of a tiling (tile.ts) whose products a matrix unit makes: strips of both operands in the workgroup's memory as
 * with tile-code.ts, rounded to halves, but the sums are matrices of the unit that a subgroup holds (unit-tile.ts). On
 * their way out they pass through the workgroup's memory, one of each block at a time, for only there their elements can
 * be told apart.
 *
 * The extension is an experiment of Dawn's; its text may change, and then the unit is not used (unit-check.ts).
 */
import type { MatrixUnit } from '../matrix-unit.ts';
import { fetchesOf, partCode, putCode, range, type Side } from './strips.ts';
import type { Tiling } from './tile.ts';
import { unitTile } from './unit-tile.ts';

/** For products of two operands in half precision; `split` as in strips.ts. */
export function unitCode(tiling: Tiling, unit: MatrixUnit, split: boolean): string {
  const tile = unitTile(unit);
  const { threads, blocks, across, blockRows, blockColumns, leftLine, rightLine } = tile;
  const { component, rows, columns, depth } = unit;
  const rounded =
    component === 'f16'
      ? (v: string) => `bitcast<vec4h>(halves(${v}))`
      : (v: string) => `whole(halves(${v}))`;
  const keep =
    (side: Side, line: number) =>
    (k: string, vector: string, value: string): string =>
      `let at = ${k} * ${line}u + 4u * ${vector}; let h = ${rounded(value)}; ${range(4)
        .map((j) => `${side}s[at + ${j}u] = h[${j}];`)
        .join(' ')}`;
  const fetches = [
    ...fetchesOf('left', tiling, tile, threads, keep('left', leftLine)),
    ...fetchesOf('right', tiling, tile, threads, keep('right', rightLine)),
  ];
  const [down, wide] = [range(tile.high), range(tile.wide)];
  const each = (line: (i: number, j: number) => string, between: string): string =>
    down.flatMap((i) => wide.map((j) => line(i, j))).join(between);
  const lefts = down.map(
    (i) =>
      `let a${i} = subgroupMatrixLoad<subgroup_matrix_left<${component}, ${depth}, ${rows}>, col_major>(&lefts, step * ${leftLine}u + blockRow + ${i * rows}u, ${leftLine}u);`,
  );
  const rights = wide.map(
    (j) =>
      `let b${j} = subgroupMatrixLoad<subgroup_matrix_right<${component}, ${columns}, ${depth}>, row_major>(&rights, step * ${rightLine}u + blockColumn + ${j * columns}u, ${rightLine}u);`,
  );
  return `
${tiling.code}
var<workgroup> lefts: array<${component}, ${tile.depth * leftLine}>;
var<workgroup> rights: array<${component}, ${tile.depth * rightLine}>;
var<workgroup> sums: array<f32, ${blocks * rows * columns}>;
${putCode(split)}
fn putAll(firstRow: u32, firstColumn: u32, local: u32, z: u32) {
  for (var i = local; i < ${blocks * rows * columns}u; i += ${threads}u) {
    let block = i / ${rows * columns}u;
    let m = firstRow + (block / ${across}u) * ${blockRows}u + (i % ${rows * columns}u) / ${columns}u;
    let n = firstColumn + (block % ${across}u) * ${blockColumns}u + i % ${columns}u;
    if (m < p.rows) { put(rowAt(m), m, n, sums[i], z); }
  }
}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
) {${partCode(tile)}
  let blockRow = (subgroup / ${across}u) * ${blockRows}u;
  let blockColumn = (subgroup % ${across}u) * ${blockColumns}u;
  ${fetches.map(({ declare }) => declare).join('')}
  ${each((i, j) => `var sum${i}_${j} = subgroup_matrix_result<f32, ${columns}, ${rows}>();`, '\n  ')}
  // The strip at k is fetched while the one before it, which lies in the workgroup's memory, is computed with.
  for (var k = start; k < end + ${tile.depth}u; k += ${tile.depth}u) {
    ${fetches.map(({ fetch }) => fetch).join('')}
    if (k > start && subgroup < ${blocks}u) {
      for (var step = 0u; step < ${tile.depth}u; step += ${depth}u) {
        ${[...lefts, ...rights].join('\n        ')}
        ${each((i, j) => `sum${i}_${j} = subgroupMatrixMultiplyAccumulate(a${i}, b${j}, sum${i}_${j});`, '\n        ')}
      }
    }
    workgroupBarrier();
    ${fetches.map((one) => one.keep).join('\n    ')}
    workgroupBarrier();
  }
  ${each(
    (i, j) => `
  if (subgroup < ${blocks}u) { subgroupMatrixStore<row_major>(&sums, subgroup * ${rows * columns}u, sum${i}_${j}, ${columns}u); }
  workgroupBarrier();
  putAll(firstRow + ${i * rows}u, firstColumn + ${j * columns}u, local, z);
  workgroupBarrier();`,
    '',
  )}
}`;
}
