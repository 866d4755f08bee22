/** Matrix products of the contract: y (+)= alpha * op(a) op(b), in batches. */
import type { Buffer, MatmulShape } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { type Folding, launchFolding } from './folding.ts';
import { launchTiling, type Tiling } from './tile.ts';

const tilings = new Map<string, Tiling>();

const SIDES = { a: 'left', b: 'right' } as const;

function tilingOf({ transposeA, transposeB, accumulate, gradient }: MatmulShape): Tiling {
  const marks = `${transposeA ? " a'" : ''}${transposeB ? " b'" : ''}${accumulate ? ' accumulated' : ''}`;
  const name = `matmul${marks}${gradient === undefined ? '' : ` gradient ${gradient}`}`;
  let tiling = tilings.get(name);
  if (tiling === undefined) {
    tiling = {
      name,
      buffers: ['read a', 'read b', 'write result'],
      params: ['f32 alpha'],
      operation: 'product',
      ...(gradient === undefined ? {} : { gradient: SIDES[gradient] }),
      leftAlong: transposeA ? 'row' : 'depth',
      rightAlong: transposeB ? 'depth' : 'column',
      code: `
alias Row = u32;
alias Column = u32;
alias Depth = u32;
var<private> batch: u32;
fn begin(z: u32) { batch = z; }
fn depthOf(z: u32) -> u32 { return p.depth; }
fn rowAt(m: u32) -> Row { return batch * p.rows * p.depth + ${transposeA ? 'm' : 'm * p.depth'}; }
fn columnAt(n: u32) -> Column { return batch * p.columns * p.depth + ${transposeB ? 'n * p.depth' : 'n'}; }
fn depthAt(k: u32) -> Depth { return k; }
fn left(row: Row, k: Depth) -> f32 { return a[row + ${transposeA ? 'k * p.rows' : 'k'}]; }
fn right(k: Depth, column: Column) -> f32 { return b[column + ${transposeB ? 'k' : 'k * p.columns'}]; }
fn store(row: Row, column: Column, m: u32, n: u32, sum: f32) {
  let at = (batch * p.rows + m) * p.columns + n;
  result[at] = p.alpha * sum${accumulate ? ' + result[at]' : ''};
}`,
    };
    tilings.set(name, tiling);
  }
  return tiling;
}

const mergeOf = (accumulate: boolean): Folding => ({
  name: `matmul pieces${accumulate ? ' accumulated' : ''}`,
  type: 'f32',
  reads: ['read pieces'],
  writes: ['write result'],
  params: ['f32 alpha'],
  start: '0.0',
  fold: 'sum += pieces[at];',
  merge: 'a + b',
  finish: `result[column] = p.alpha * sum${accumulate ? ' + result[column]' : ''};`,
});
const MERGE = mergeOf(false);
const MERGE_ACCUMULATED = mergeOf(true);

export function matmul(gpu: Launcher, a: Buffer, b: Buffer, y: Buffer, shape: MatmulShape): void {
  const { batch, m, n, k, alpha, accumulate } = shape;
  const tiling = tilingOf(shape);
  const extents = { batch, rows: m, columns: n, depth: k };
  launchTiling(gpu, tiling, [a, b, y], extents, [alpha], (pieces, axis) => {
    const merge = accumulate ? MERGE_ACCUMULATED : MERGE;
    launchFolding(gpu, merge, [pieces], [y], { outer: 1, axis, inner: batch * m * n }, [alpha]);
  });
}
