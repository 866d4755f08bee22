/** Where the values of a program lie in one piece of memory: a value's place is free again once its last reader is done. */
import { type IntegerProgram, inputsOf } from './program.ts';

export interface Arena {
  /** Of every value, in units of `alignment` bytes times that: bytes from the start. */
  readonly offsets: readonly number[];
  /** Bytes in all. */
  readonly bytes: number;
}

/** Largest values first, each at the lowest place that no value which lives at the same time takes. */
export function planArena(
  { values, operations }: Pick<IntegerProgram, 'values' | 'operations'>,
  bytesOf: (value: number) => number,
  alignment: number,
): Arena {
  const lastRead = values.map((_, value) => value);
  operations.forEach((operation, i) => {
    for (const x of inputsOf(operation)) lastRead[x] = i + 1;
  });
  lastRead[values.length - 1] = values.length;
  const sizes = values.map((_, value) => Math.ceil(bytesOf(value) / alignment) * alignment);
  const order = [...values.keys()].sort((a, b) => sizes[b] - sizes[a] || a - b);
  const offsets = new Array<number>(values.length).fill(0);
  const placed: number[] = [];
  for (const value of order) {
    const beside = placed
      .filter((other) => other <= lastRead[value] && value <= lastRead[other])
      .sort((a, b) => offsets[a] - offsets[b]);
    let at = 0;
    for (const other of beside) {
      if (at + sizes[value] <= offsets[other]) break;
      at = Math.max(at, offsets[other] + sizes[other]);
    }
    offsets[value] = at;
    placed.push(value);
  }
  const bytes = Math.max(...values.map((_, value) => offsets[value] + sizes[value]));
  return { offsets, bytes };
}
