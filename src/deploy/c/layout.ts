/**
 * Where everything lies in the one static piece of memory of a C program: values, what a window sees, scores of attention.
 * A layer writes its value in the order in which it reads another, so the two may overlap: what is written must stay behind
 * what is still to be read.
 *
 *   x  ........[== read ==|--- still to be read ---]
 *   y  [==== written ====|        ]
 *      <------> lead: the least that y must begin before x
 */
import { Random } from '../../core/random.ts';
import { sizeOf } from '../../core/shapes.ts';
import { firstFit, type Lead, type Piece, piecesOf } from '../integer/arena.ts';
import type { IntegerProgram, Operation, PoolWindow, Value } from '../integer/program.ts';

export interface Layout {
  /** Of every value, in bytes; multiples of 4. */
  readonly values: readonly number[];
  /** Of what an operation needs besides, by operation; undefined where it needs nothing. */
  readonly scratch: readonly (number | undefined)[];
  readonly bytes: number;
}

const ALIGNMENT = 4;
/** Orders of placing that are tried. */
const TURNS = 1500;

export const bytesOf = ({ shape, bits }: Value): number => (sizeOf(shape) * bits) / 8;

/** Bits of the numbers that windows copy: 8 unless one of them reads 16. */
export function patchBits({ values, operations }: IntegerProgram): 8 | 16 {
  return operations.some((operation) => operation.kind === 'window' && values[operation.x].bits === 16)
    ? 16
    : 8;
}

export function planLayout(program: IntegerProgram): Layout {
  const { values, operations } = program;
  const numbers = piecesOf(program, (value) => bytesOf(values[value]));
  const pieces = [...numbers];
  const places = operations.map((operation, i) => {
    const bytes = scratchBytes(program, operation);
    return bytes === 0 ? undefined : pieces.push({ bytes, from: i + 1, to: i + 1 }) - 1;
  });
  const { offsets, bytes } = smallest(pieces, leads(program, numbers));
  return {
    values: offsets.slice(0, values.length),
    scratch: places.map((place) => (place === undefined ? undefined : offsets[place])),
    bytes,
  };
}

function scratchBytes(program: IntegerProgram, operation: Operation): number {
  if (operation.kind === 'attention') return 4 * positionsOf(program.values[operation.q]);
  if (operation.kind !== 'window') return 0;
  const { r, s } = operation.window;
  return (r * s * program.values[operation.x].shape[2] * patchBits(program)) / 8;
}

export const positionsOf = ({ shape: [h, w] }: Value): number => h * w;

/** Of the value of every operation, before each value that it reads for the last time. */
function leads({ values, operations }: IntegerProgram, pieces: readonly Piece[]): Lead {
  const found = new Map<string, number>();
  operations.forEach((operation, i) => {
    const y = i + 1;
    const read =
      operation.kind === 'sum' ? [operation.a, operation.b] : 'x' in operation ? [operation.x] : [];
    for (const x of read) {
      if (pieces[x].to !== y) continue;
      found.set(`${y} ${x}`, Math.min(pieces[y].bytes, leadOf(operation, values[x], values[y])));
    }
  });
  return (late, early) => found.get(`${late} ${early}`);
}

/** Bytes that y must begin before x: no step may write what a later one reads. */
function leadOf(operation: Operation, x: Value, y: Value): number {
  switch (operation.kind) {
    case 'rescale':
    case 'sum':
    case 'lookup':
    case 'gate':
      return leadOfSteps(sizeOf(y.shape), y.bits / 8, (step) => ((step + 1) * x.bits) / 8, 1);
    case 'window':
    case 'max-pool':
    case 'average-pool': {
      const [, columns, m] = y.shape;
      const place = (position: number) => (firstRead(operation.window, x, columns, position) * x.bits) / 8;
      // what a window of weights sees is copied before anything is written; a pool reads it again for each channel
      const behind = operation.kind === 'window' ? 1 : 0;
      return leadOfSteps(positionsOf(y), (m * y.bits) / 8, (step) => place(step + behind), behind);
    }
    case 'attention':
      // every row of k and v is read for each row of q
      return bytesOf(y);
    default:
      return operation satisfies never;
  }
}

/** Place of the first number of x that a position of y reads. */
function firstRead({ stride, pad }: PoolWindow, { shape }: Value, columns: number, position: number): number {
  const [row, column] = [Math.floor(position / columns), position % columns];
  return (Math.max(0, row * stride - pad) * shape[1] + Math.max(0, column * stride - pad)) * shape[2];
}

/**
 * Steps write `written` bytes each; `needed` is the first byte that is still read once a step writes. The last `silent`
 * steps read nothing once they write.
 */
function leadOfSteps(
  steps: number,
  written: number,
  needed: (step: number) => number,
  silent: number,
): number {
  let lead = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (let step = steps - 1 - silent; step >= 0; step--) {
    lowest = Math.min(lowest, needed(step));
    lead = Math.max(lead, (step + 1) * written - lowest);
  }
  return lead;
}

/** The best of many orders: by size, from the last to the first, and by exchanging two of the best so far. */
function smallest(pieces: readonly Piece[], lead: Lead) {
  const all = [...pieces.keys()];
  const bySize = all.toSorted((a, b) => pieces[b].bytes - pieces[a].bytes || a - b);
  const backwards = all.toSorted(
    (a, b) => pieces[b].from - pieces[a].from || pieces[b].bytes - pieces[a].bytes,
  );
  const placed = (order: readonly number[]) => firstFit(pieces, order, ALIGNMENT, lead);
  let [order, best] = [bySize, placed(bySize)];
  const other = placed(backwards);
  if (other.bytes < best.bytes) [order, best] = [backwards, other];
  const random = Random.fromSeed(0).split('arena');
  for (let turn = 0; turn < TURNS; turn++) {
    const [a, b] = [random.integer(all.length), random.integer(all.length)];
    const changed = [...order];
    [changed[a], changed[b]] = [changed[b], changed[a]];
    const found = placed(changed);
    if (found.bytes <= best.bytes) [order, best] = [changed, found];
  }
  return best;
}
