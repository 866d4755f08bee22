/**
 * Everything that has the form of a matrix product: out[m, n] = sum over k of left[m, k] (x) right[k, n], where (x)
 * multiplies, or measures a distance as adders do. A workgroup computes a tile of the result; it brings strips of both
 * operands into its own memory, transposed so that threads read them as vectors, and every thread keeps a block of sums
 * in registers. While one strip is computed with, the next is on its way.
 *
 *            right  k x n
 *           ┌───┬───┐
 *   left    │   │ ▒ │     strip of `depth` k's
 *   ┌───┐   ├───┼───┤
 *   │ ▒ │   │   │ █ │     tile of `rows` x `columns`, a block of it in each thread
 *   └───┘   └───┴───┘
 *
 * What an operand's element is, a kernel says in WGSL: a matrix, or an image under a moving window that is never written
 * out (implicit GEMM). It splits an element's address into the place of its row or column, found once, and that of k.
 */
import type { Buffer } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { type MatrixUnit, unitName } from '../matrix-unit.ts';
import type { Program } from '../program.ts';
import { ceilDivide, fold } from './grid.ts';
import type { Extent } from './strips.ts';
import { type Tile, tileCode } from './tile-code.ts';
import { unitCode } from './unit-code.ts';
import { unitTile } from './unit-tile.ts';

/**
 * What is summed over k, of elements a and b, and of the element o that a kernel calls `own` of the result's place:
 * a b, - |a - b|, clamp(b - o, -1, 1) a, (a - o) b. NaN stays NaN.
 */
export type Operation = 'product' | 'distance' | 'clipped' | 'difference';

export interface Tiling {
  readonly name: string;
  /** The last one is called result: what is stored to. */
  readonly buffers: readonly string[];
  /** Numbers beside those of the tiling. */
  readonly params: readonly string[];
  readonly operation: Operation;
  /** The operand that is a gradient: never in half precision. */
  readonly gradient?: 'left' | 'right';
  /** Along which of its indices an operand's neighbours in memory lie: neighbouring threads fetch those. */
  readonly leftAlong: 'row' | 'depth';
  readonly rightAlong: 'column' | 'depth';
  /**
   * WGSL: types Row, Column, Depth; begin(batch), and depthOf(batch), which must not read what begin noted; rowAt(m), columnAt(n), depthAt(k); left(Row,
   * Depth), right(Depth, Column); store(Row, Column, sum), where m and n are also told; own(Row, Column) where the
   * operation has one.
   */
  readonly code: string;
}

export interface TilingShape {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** `cost`: what a multiplication costs in it, relative to the largest; smaller ones fetch more for the same work. */
const TILES: readonly (Tile & { readonly cost: number })[] = [
  { rows: 128, columns: 128, depth: 8, high: 8, wide: 8, cost: 1 },
  { rows: 64, columns: 64, depth: 16, high: 8, wide: 4, cost: 1.2 },
  { rows: 64, columns: 32, depth: 8, high: 8, wide: 4, cost: 1.4 },
  { rows: 128, columns: 16, depth: 8, high: 8, wide: 4, cost: 1.5 },
  { rows: 16, columns: 64, depth: 16, high: 4, wide: 4, cost: 1.8 },
  { rows: 64, columns: 16, depth: 8, high: 4, wide: 4, cost: 1.8 },
];

/** Workgroups that fill a GPU; with fewer, a smaller tile or a cut through k is worth its cost. */
const ENOUGH = 256;
/** The most of a grid's third dimension. */
const LAYERS = 65535;
/** The least of k that a cut leaves. */
const SHORTEST = 256;

const tilesOf = (tile: Extent, { batch, rows, columns }: TilingShape): number =>
  batch * ceilDivide(rows, tile.rows) * ceilDivide(columns, tile.columns);

function chooseTile(shape: TilingShape): Tile {
  const time = (tile: (typeof TILES)[number]): number => {
    const tiles = tilesOf(tile, shape);
    return Math.max(tiles, ENOUGH / 4) * tile.rows * tile.columns * tile.cost;
  };
  return TILES.reduce((best, tile) => (time(tile) < time(best) ? tile : best));
}

/**
 * The matrix unit where it makes this product: of two operands in half precision, not smaller than its matrices. A gradient
 * is never rounded, and a unit that takes numbers of 32 bits may look at fewer of their digits.
 */
export function unitFor(
  { half, unit }: Pick<Launcher, 'half' | 'unit'>,
  { operation, gradient }: Pick<Tiling, 'operation' | 'gradient'>,
  { rows, columns }: Pick<TilingShape, 'rows' | 'columns'>,
): MatrixUnit | null {
  if (unit === null || !half || operation !== 'product' || gradient !== undefined) return null;
  return rows < unit.rows || columns < unit.columns ? null : unit;
}

/** In how many pieces k is summed: enough workgroups, and not too little work for each. */
function splitsOf(tile: Extent, shape: TilingShape): number {
  const wanted = Math.floor(ENOUGH / tilesOf(tile, shape));
  return Math.max(1, Math.min(wanted, Math.floor(shape.depth / SHORTEST)));
}

const PARAMS = [
  'u32 rows',
  'u32 columns',
  'u32 depth',
  'u32 columnTiles',
  'u32 splits',
  'u32 first',
  'u32 batches',
];

const made = new Map<string, Program>();

/** The program of this name, with the code that `make` makes for it. */
function tilingProgram(tiling: Tiling, variant: string, make: () => string): Program {
  const name = `${tiling.name} ${variant}`;
  let program = made.get(name);
  if (program === undefined) {
    program = { name, buffers: tiling.buffers, params: [...PARAMS, ...tiling.params], code: make() };
    made.set(name, program);
  }
  return program;
}

const plainProgram = (tiling: Tiling, tile: Tile, split: boolean, half: boolean): Program =>
  tilingProgram(tiling, `${tile.rows}x${tile.columns}${split ? ' split' : ''}${half ? ' half' : ''}`, () =>
    tileCode(tiling, tile, split, half),
  );

const unitProgram = (tiling: Tiling, unit: MatrixUnit, split: boolean): Program =>
  tilingProgram(tiling, `on unit ${unitName(unit)}${split ? ' split' : ''}`, () =>
    unitCode(tiling, unit, split),
  );

/**
 * Launches a tiling. Where k is cut in pieces, `merge` is given the sums of the pieces
 * [splits, batch, rows, columns] and brings them into the result; without it k is never cut.
 */
export function launchTiling(
  gpu: Launcher,
  tiling: Tiling,
  buffers: readonly Buffer[],
  shape: TilingShape,
  params: readonly number[],
  merge?: (parts: Buffer, splits: number) => void,
): void {
  const { batch, rows, columns, depth } = shape;
  if (batch * rows * columns === 0) return;
  const unit = unitFor(gpu, tiling, shape);
  const plain = chooseTile(shape);
  const tile = unit === null ? plain : unitTile(unit);
  const splits = merge === undefined ? 1 : splitsOf(tile, shape);
  const program =
    unit === null ? plainProgram(tiling, plain, splits > 1, gpu.half) : unitProgram(tiling, unit, splits > 1);
  const columnTiles = ceilDivide(columns, tile.columns);
  const [x, y] = fold(ceilDivide(rows, tile.rows) * columnTiles);
  const launch = (to: readonly Buffer[]): void => {
    for (let first = 0; first < batch * splits; first += LAYERS) {
      const numbers = [rows, columns, depth, columnTiles, splits, first, batch, ...params];
      const layers = Math.min(LAYERS, batch * splits - first);
      gpu.launch(program, to, numbers, x, y, layers);
    }
  };
  if (merge === undefined || splits === 1) {
    launch(buffers);
    return;
  }
  gpu.scratch(splits * batch * rows * columns, (parts) => {
    launch([...buffers.slice(0, -1), parts]);
    merge(parts, splits);
  });
}
