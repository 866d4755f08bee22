/**
 * How a workgroup divides a tile of a product among the matrix units of its subgroups: each has a block of the tile, and
 * in it the sums of as many matrices of the unit's shape as fit.
 *
 *             columns                 a subgroup's block, 32 x 32
 *        ┌────────┬────────┐          ┌────┬────┐
 *        │ 0      │ 1      │          │sum │    │  high x wide matrices of
 *   rows ├────────┼────────┤          ├────┼────┤  unit.rows x unit.columns
 *        │ 2      │ 3      │          │    │    │
 *        └────────┴────────┘          └────┴────┘
 *
 * Subgroups may turn out smaller than the largest that the adapter has; then there are more of them than blocks, and those
 * beyond the last block only fetch.
 */
import type { MatrixUnit } from '../matrix-unit.ts';
import type { Extent } from './strips.ts';

/** Rows and columns of a subgroup's block: enough to use what it loads many times. */
const BLOCK = 32;
/** Bytes of a strip along k. */
const STRIP = 64;
/** Bytes between lines of a strip: units load lines that begin at multiples of 16 bytes, from different banks. */
const GAP = 16;

export interface UnitTile extends Extent {
  readonly threads: number;
  /** Subgroups that multiply, and how many of them stand side by side. */
  readonly blocks: number;
  readonly across: number;
  readonly blockRows: number;
  readonly blockColumns: number;
  /** Matrices of a block, down and across. */
  readonly high: number;
  readonly wide: number;
  /** Elements from one line of a strip, which is all that stands at one k, to the next. */
  readonly leftLine: number;
  readonly rightLine: number;
}

const bytesOf = ({ component }: MatrixUnit): number => (component === 'f16' ? 2 : 4);

/** Of 4, 2 or 1 subgroups, 0 where one is larger than a workgroup may be. */
export function unitTile(unit: MatrixUnit): UnitTile {
  const blocks = [4, 2, 1].find((count) => count * unit.lanes <= 256) ?? 0;
  const across = Math.min(2, blocks);
  const down = blocks === 4 ? 2 : 1;
  const gap = GAP / bytesOf(unit);
  return {
    rows: down * BLOCK,
    columns: across * BLOCK,
    depth: STRIP / bytesOf(unit),
    threads: blocks * unit.lanes,
    ...{ blocks, across, blockRows: BLOCK, blockColumns: BLOCK },
    high: BLOCK / unit.rows,
    wide: BLOCK / unit.columns,
    leftLine: down * BLOCK + gap,
    rightLine: across * BLOCK + gap,
  };
}

/** Bytes of a workgroup's memory: both strips, and a matrix of sums for each block on its way out. */
export function unitTileBytes(unit: MatrixUnit): number {
  const { depth, leftLine, rightLine, blocks } = unitTile(unit);
  return depth * (leftLine + rightLine) * bytesOf(unit) + 4 * blocks * unit.rows * unit.columns;
}
