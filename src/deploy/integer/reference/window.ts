/** Windows: convolution, shift and adder layers, and pools. One output at a time, in the order of the formula. */
import { unpackCodes, weightOf } from '../codes.ts';
import type {
  AveragePoolOperation,
  IntegerProgram,
  MaxPoolOperation,
  PoolWindow,
  Value,
  WindowOperation,
} from '../program.ts';
import { clamp, requantiser, sumOfTerms } from './requantise.ts';

export type Stored = Int8Array | Int16Array;

/** Whole numbers that a weight stands for, [m, r, s, c / groups]. */
export function weightsOf(
  { tensors }: Pick<IntegerProgram, 'tensors'>,
  operation: WindowOperation,
  count: number,
): ArrayLike<number> {
  const { data } = tensors.get(operation.weight)!;
  if (operation.arithmetic === 'conv') return data;
  if (operation.arithmetic === 'add') return Int16Array.from(data, (w) => w * 2 ** operation.weightShift);
  const { codeBits } = operation;
  return Int16Array.from(unpackCodes(data as Uint8Array, count, codeBits), (code) =>
    weightOf(code, codeBits),
  );
}

export function runWindow(
  program: IntegerProgram,
  operation: WindowOperation,
  x: Stored,
  from: Value,
  to: Value,
  y: Stored,
): void {
  const { arithmetic, window } = operation;
  const { r, s, stride, pad, groups } = window;
  const [e, f, m] = to.shape;
  const perGroup = from.shape[2] / groups;
  const weights = weightsOf(program, operation, m * r * s * perGroup);
  const requantise = requantiser(program, operation.requantise, to);
  const [h, w, c] = from.shape;
  for (let row = 0; row < e; row++) {
    for (let column = 0; column < f; column++) {
      for (let o = 0; o < m; o++) {
        const first = Math.floor(o / (m / groups)) * perGroup;
        let acc = 0;
        for (let i = 0; i < r; i++) {
          for (let j = 0; j < s; j++) {
            const [at, along] = [row * stride + i - pad, column * stride + j - pad];
            const inside = at >= 0 && at < h && along >= 0 && along < w;
            const pixel = (at * w + along) * c + first;
            const tap = ((o * r + i) * s + j) * perGroup;
            for (let k = 0; k < perGroup; k++) {
              const q = inside ? x[pixel + k] : from.zero;
              acc += arithmetic === 'add' ? -Math.abs(q - weights[tap + k]) : q * weights[tap + k];
            }
          }
        }
        y[(row * f + column) * m + o] = requantise(acc, o);
      }
    }
  }
}

/** Positions of a window that lie inside the map, row by row. */
function* inside(
  window: PoolWindow,
  [h, w]: Value['shape'],
  row: number,
  column: number,
): Iterable<readonly [row: number, column: number]> {
  const { r, s, stride, pad } = window;
  for (let i = 0; i < r; i++) {
    for (let j = 0; j < s; j++) {
      const [at, along] = [row * stride + i - pad, column * stride + j - pad];
      if (at >= 0 && at < h && along >= 0 && along < w) yield [at, along];
    }
  }
}

export function runPool(
  operation: MaxPoolOperation | AveragePoolOperation,
  x: Stored,
  from: Value,
  to: Value,
  y: Stored,
): void {
  const [e, f, c] = to.shape;
  const w = from.shape[1];
  for (let row = 0; row < e; row++) {
    for (let column = 0; column < f; column++) {
      const seen = [...inside(operation.window, from.shape, row, column)];
      for (let k = 0; k < c; k++) {
        const values = seen.map(([at, along]) => x[(at * w + along) * c + k]);
        y[(row * f + column) * c + k] =
          operation.kind === 'max-pool' ? Math.max(...values) : mean(operation, values, to);
      }
    }
  }
}

function mean({ shares, shift }: AveragePoolOperation, values: readonly number[], y: Value): number {
  const { signs, places, addend } = shares.find(({ count }) => count === values.length)!;
  const sum = values.reduce((total, value) => total + value, 0);
  return clamp(sumOfTerms(sum, signs, places, addend, shift), y);
}
