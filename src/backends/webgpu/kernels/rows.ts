/**
 * Programs that take a row at a time: normalisation over columns, softmax, losses. Some lanes share a row; `total` and
 * `most` merge what each of them has, pairwise and so in a fixed order, and give the result to all.
 */
import type { Buffer } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { GRID, MAIN, type Program, THREADS } from '../program.ts';
import { ceilDivide, fold } from './grid.ts';
import { lanesOf, mergeLanes } from './lanes.ts';

export interface RowProgram {
  readonly name: string;
  readonly buffers: readonly string[];
  /** Numbers beside `rows` and `columns`. */
  readonly params?: readonly string[];
  /**
   * Runs in every lane, for `row`, whose elements begin at `start`; EACH(j) steps through this lane's columns. What lanes
   * without a row compute is thrown away, so what is no element is written `if (first)`: once a row.
   */
  readonly code: string;
}

const made = new Map<string, Program>();

function programOf(rowProgram: RowProgram, lanes: number, subgroup: number): Program {
  const name = `${rowProgram.name} ${lanes}${subgroup > 1 ? ` subgroups ${subgroup}` : ''}`;
  let program = made.get(name);
  if (program !== undefined) return program;
  // Within a subgroup all lanes of a row have the result at once; else the row's first lane tells the others.
  const told =
    subgroup > 1
      ? `
  if (local % ${lanes}u == 0u) { lanes[local] = sum; }
  workgroupBarrier();`
      : '';
  const steps = (merge: string): string => `
  var sum = value;
  ${mergeLanes(lanes / 2, 1, merge, subgroup)}
  ${
    lanes <= subgroup
      ? 'return sum;'
      : `${told}
  let merged = lanes[local - local % ${lanes}u];
  workgroupBarrier();
  return merged;`
  }`;
  program = {
    name,
    buffers: rowProgram.buffers,
    params: ['u32 rows', 'u32 columns', ...(rowProgram.params ?? [])],
    code: `
${lanesOf('f32', THREADS)}
fn total(value: f32, local: u32) -> f32 {${steps('a + b')}
}
fn most(value: f32, local: u32) -> f32 {${steps('select(select(b, a, a > b), a + b, isNaN(a) || isNaN(b))')}
}
${MAIN}
fn main(${GRID}) {
  let row = (group.y * groups.x + group.x) * ${THREADS / lanes}u + local / ${lanes}u;
  let start = row * p.columns;
  let end = select(0u, p.columns, row < p.rows);
  let first = row < p.rows && local % ${lanes}u == 0u;
  ${rowProgram.code.replaceAll(/EACH\((\w+)\)/g, `for (var $1 = local % ${lanes}u; $1 < end; $1 += ${lanes}u)`)}
}`,
  };
  made.set(name, program);
  return program;
}

export function launchRows(
  gpu: Launcher,
  rowProgram: RowProgram,
  buffers: readonly Buffer[],
  rows: number,
  columns: number,
  params: readonly number[] = [],
): void {
  const lanes = columns <= 16 ? 8 : columns <= 128 ? 32 : THREADS;
  const grid = fold(ceilDivide(rows, THREADS / lanes));
  gpu.launch(programOf(rowProgram, lanes, gpu.subgroup), buffers, [rows, columns, ...params], ...grid);
}
