/** Reductions over an axis. NaN is passed over by the maximum, and counted by `nonFinite`. */
import type { REDUCE } from '../../abi.ts';
import type { Buffer, ReduceOp } from '../../backend.ts';
import type { Launcher } from '../launcher.ts';
import { type Folding, launchFolding } from './folding.ts';

interface Reduction {
  readonly start: string;
  readonly fold: string;
  readonly merge: string;
}

const REDUCTIONS: Readonly<Record<ReduceOp, Reduction>> = {
  sum: { start: '0.0', fold: 'sum += x[at];', merge: 'a + b' },
  sumSquares: { start: '0.0', fold: 'sum += x[at] * x[at];', merge: 'a + b' },
  max: {
    start: '-INFINITY()',
    fold: 'let v = x[at]; if (!isNaN(v) && v > sum) { sum = v; }',
    merge: 'select(b, a, a > b)',
  },
  nonFinite: {
    start: '0.0',
    fold: 'sum += select(1.0, 0.0, isFinite(x[at]));',
    merge: 'a + b',
  },
} satisfies Record<keyof typeof REDUCE, Reduction>;

function foldingOf(op: ReduceOp): Folding {
  return {
    name: `reduce ${op}`,
    type: 'f32',
    reads: ['read x'],
    writes: ['write y'],
    ...REDUCTIONS[op],
    finish: 'y[column] = sum;',
  };
}

const FOLDINGS: Readonly<Record<ReduceOp, Folding>> = {
  sum: foldingOf('sum'),
  sumSquares: foldingOf('sumSquares'),
  max: foldingOf('max'),
  nonFinite: foldingOf('nonFinite'),
};

export function reduce(
  gpu: Launcher,
  op: ReduceOp,
  x: Buffer,
  y: Buffer,
  outer: number,
  axis: number,
  inner: number,
): void {
  launchFolding(gpu, FOLDINGS[op], [x], [y], { outer, axis, inner });
}
