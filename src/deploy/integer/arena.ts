/** Where the values of a program lie in one piece of memory: a value's place is free again once its last reader is done. */
import { type IntegerProgram, inputsOf } from './program.ts';

export interface Arena {
  /** Of every piece, in bytes from the start: multiples of the alignment. */
  readonly offsets: readonly number[];
  /** Bytes in all. */
  readonly bytes: number;
}

/** What needs a place for a time: from its writer to its last reader, both among them. Operation i has the time i + 1. */
export interface Piece {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

/** Pieces of the values of a program, by their numbers. */
export function piecesOf(
  { values, operations }: Pick<IntegerProgram, 'values' | 'operations'>,
  bytesOf: (value: number) => number,
): Piece[] {
  const lastRead = values.map((_, value) => value);
  operations.forEach((operation, i) => {
    for (const x of inputsOf(operation)) lastRead[x] = i + 1;
  });
  lastRead[values.length - 1] = values.length;
  return values.map((_, value) => ({ bytes: bytesOf(value), from: value, to: lastRead[value] }));
}

/**
 * How far a piece must begin before another of its time if both overlap, in bytes: for a value that is written while
 * another is read for the last time. Undefined where they must not overlap.
 */
export type Lead = (late: number, early: number) => number | undefined;

const apart: Lead = () => undefined;

/** Places the pieces in the given order, each at the lowest offset that those placed before leave. */
export function firstFit(
  pieces: readonly Piece[],
  order: readonly number[],
  alignment: number,
  lead: Lead = apart,
): Arena {
  const aligned = (bytes: number) => Math.ceil(bytes / alignment) * alignment;
  const offsets = new Array<number>(pieces.length).fill(0);
  const placed: number[] = [];
  let bytes = 0;
  for (const piece of order) {
    const { bytes: size, from, to } = pieces[piece];
    // offsets that it may not have: above `low` and below `high`
    const taken = placed
      .filter((other) => pieces[other].from <= to && from <= pieces[other].to)
      .map((other) => {
        const [before, after] = [lead(piece, other), lead(other, piece)];
        const [start, end] = [offsets[other], offsets[other] + pieces[other].bytes];
        return [start - (before ?? size), after === undefined ? end : start + after] as const;
      })
      .sort(([a], [b]) => a - b);
    let at = 0;
    for (const [low, high] of taken) if (at > low && at < high) at = aligned(high);
    offsets[piece] = at;
    bytes = Math.max(bytes, at + aligned(size));
    placed.push(piece);
  }
  return { offsets, bytes };
}

/** Largest values first. */
export function planArena(
  program: Pick<IntegerProgram, 'values' | 'operations'>,
  bytesOf: (value: number) => number,
  alignment: number,
): Arena {
  const pieces = piecesOf(program, bytesOf);
  const order = [...pieces.keys()].sort((a, b) => pieces[b].bytes - pieces[a].bytes || a - b);
  return firstFit(pieces, order, alignment);
}
