/**
 * Reductions over the middle axis of [outer, axis, inner], of which sums, statistics and extremes are instances. A
 * workgroup takes some columns (places of outer and inner) and a chunk of the axis; lanes walk through the chunk and
 * are merged pairwise; a second launch merges the chunks. The order depends on the shape alone, so sums are the same
 * bits every time.
 *
 *   256 threads = lanes over columns x lanes over the axis, as the shape asks: neighbours read neighbours
 */
import type { Buffer } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { GRID, MAIN, type Program, THREADS } from '../program.ts';
import { ceilDivide, fold } from './grid.ts';
import { lanesOf, mergeLanes } from './lanes.ts';

export interface Folding {
  readonly name: string;
  /** Of what is carried along. */
  readonly type: 'f32' | 'vec2f' | 'vec4f';
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Numbers beside `columns`, `axis` and `inner`. */
  readonly params?: readonly string[];
  /** Functions that `fold` calls, and that `merge` calls. */
  readonly folding?: string;
  readonly merging?: string;
  readonly start: string;
  /** A statement that takes element `at` of `column` into `sum`. */
  readonly fold: string;
  /** An expression of two carried values, `a` before `b`. */
  readonly merge: string;
  /** A statement that writes `sum` of `column`. */
  readonly finish: string;
}

export interface FoldingShape {
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
}

/** Workgroups that are enough to fill a GPU. */
const ENOUGH = 512;
/** Elements that a lane takes at least before the axis is cut into more chunks. */
const LEAST = 4;

/** The whole reduction, its first half that leaves chunks, and its second half that merges them. */
type Half = 'whole' | 'chunks' | 'merged';

const made = new Map<string, Program>();

function foldingProgram(folding: Folding, half: Half, columnLanes: number, subgroup: number): Program {
  const { type, reads, writes, params = [], start, merge, finish, merging = '' } = folding;
  const name = `${folding.name} ${half} ${columnLanes}${subgroup > 1 ? ` subgroups ${subgroup}` : ''}`;
  let program = made.get(name);
  if (program !== undefined) return program;
  const rowLanes = THREADS / columnLanes;
  const step = half === 'merged' ? 'sum = merge(sum, parts[at]);' : folding.fold;
  const end = half === 'chunks' ? 'parts[group.z * p.columns + column] = sum;' : finish;
  const tree = mergeLanes(THREADS / 2, columnLanes, 'merge(a, b)', subgroup);
  program = {
    name,
    buffers: [
      ...(half === 'merged' ? [`read parts: ${type}`] : reads),
      ...(half === 'chunks' ? [`write parts: ${type}`] : writes),
    ],
    params: ['u32 columns', 'u32 axis', 'u32 inner', 'u32 chunk', ...params],
    code: `
${rowLanes > 1 ? lanesOf(type, THREADS) : ''}
${half === 'merged' ? '' : (folding.folding ?? '')}
${merging}
fn merge(a: ${type}, b: ${type}) -> ${type} { return ${merge}; }
${MAIN}
fn main(${GRID}) {
  let column = (group.y * groups.x + group.x) * ${columnLanes}u + local % ${columnLanes}u;
  let row = local / ${columnLanes}u;
  var sum = ${start};
  if (column < p.columns) {
    let first = column / p.inner * p.axis * p.inner + column % p.inner;
    let end = min(p.axis, (group.z + 1u) * p.chunk);
    for (var i = group.z * p.chunk + row; i < end; i += ${rowLanes}u) {
      let at = first + i * p.inner;
      ${step}
    }
  }
  ${rowLanes > 1 ? tree : ''}
  if (row == 0u && column < p.columns) { ${end} }
}`,
  };
  made.set(name, program);
  return program;
}

/** Of the lanes those over columns: so many that neighbours read neighbours, so few that a short list of columns fills them. */
function columnLanesOf({ axis, inner }: FoldingShape): number {
  if (axis <= 8) return THREADS;
  if (inner === 1) return axis <= 256 ? 16 : 1;
  return inner <= 16 ? 16 : 64;
}

export function launchFolding(
  gpu: Launcher,
  folding: Folding,
  reads: readonly Buffer[],
  writes: readonly Buffer[],
  shape: FoldingShape,
  params: readonly number[] = [],
): void {
  const { outer, axis, inner } = shape;
  const columns = outer * inner;
  if (columns === 0) return;
  const lanes = columnLanesOf(shape);
  const groups = ceilDivide(columns, lanes);
  const most = ceilDivide(axis, LEAST * (THREADS / lanes));
  const chunks = Math.max(1, Math.min(most, Math.floor(ENOUGH / groups)));
  const grid = fold(groups);
  if (chunks === 1) {
    const program = foldingProgram(folding, 'whole', lanes, gpu.subgroup);
    gpu.launch(program, [...reads, ...writes], [columns, axis, inner, axis, ...params], ...grid);
    return;
  }
  const chunk = ceilDivide(axis, chunks);
  const width = { f32: 1, vec2f: 2, vec4f: 4 }[folding.type];
  gpu.scratch(columns * chunks * width, (parts) => {
    const first = foldingProgram(folding, 'chunks', lanes, gpu.subgroup);
    const numbers = [columns, axis, inner, chunk, ...params];
    gpu.launch(first, [...reads, parts], numbers, grid[0], grid[1], chunks);
    const last = { outer: 1, axis: chunks, inner: columns };
    const lastLanes = columnLanesOf(last);
    const second = foldingProgram(folding, 'merged', lastLanes, gpu.subgroup);
    const lastGrid = fold(ceilDivide(columns, lastLanes));
    gpu.launch(second, [parts, ...writes], [columns, chunks, columns, chunks, ...params], ...lastGrid);
  });
}
