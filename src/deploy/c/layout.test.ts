/** Where values lie, by doing what a program does with memory that remembers whose each byte is. */
import { expect, test } from 'vitest';
import { sizeOf } from '../../core/shapes.ts';
import { planArena } from '../integer/arena.ts';
import { type IntegerProgram, inputsOf, type Operation } from '../integer/program.ts';
import { randomProgram, SMALL } from '../integer/testing/random-program.ts';
import { bytesOf, type Layout, patchBits, planLayout, positionsOf } from './layout.ts';

class Memory {
  private readonly owners: string[] = [];
  private readonly offsets: Map<string, number>;

  constructor(offsets: Map<string, number>) {
    this.offsets = offsets;
  }

  write(owner: string, at: number, bytes: number): void {
    const from = this.offsets.get(owner)! + at * bytes;
    for (let i = from; i < from + bytes; i++) this.owners[i] = owner;
  }

  /** Whether number `at` of the owner is still there. */
  holds(owner: string, at: number, bytes: number): boolean {
    const from = this.offsets.get(owner)! + at * bytes;
    return Array.from({ length: bytes }, (_, i) => this.owners[from + i] === owner).every(Boolean);
  }
}

/** Numbers of x that each position of a window reads. */
function* seen(operation: Operation & { window: object }, program: IntegerProgram, position: number) {
  const { r, s, stride, pad } = operation.window as { r: number; s: number; stride: number; pad: number };
  const [h, w, c] = program.values[(operation as { x: number }).x].shape;
  const columns = program.values[program.operations.indexOf(operation) + 1].shape[1];
  const [top, left] = [Math.floor(position / columns) * stride - pad, (position % columns) * stride - pad];
  for (let i = Math.max(0, top); i < Math.min(h, top + r); i++) {
    for (let j = Math.max(0, left); j < Math.min(w, left + s); j++) {
      for (let k = 0; k < c; k++) yield (i * w + j) * c + k;
    }
  }
}

/** The first operation that reads what is no longer there. */
function firstLoss(program: IntegerProgram, layout: Layout): string | undefined {
  const { values, operations } = program;
  const memory = new Memory(
    new Map([
      ...layout.values.map((offset, value) => [`value ${value}`, offset] as const),
      ...layout.scratch.map((offset, i) => [`scratch ${i}`, offset ?? -1] as const),
    ]),
  );
  const width = (value: number) => values[value].bits / 8;
  const write = (value: number, at: number) => memory.write(`value ${value}`, at, width(value));
  const holds = (value: number, at: number) => memory.holds(`value ${value}`, at, width(value));
  for (let at = 0; at < sizeOf(values[0].shape); at++) write(0, at);
  for (const [i, operation] of operations.entries()) {
    const y = i + 1;
    const m = values[y].shape[2];
    let sound = true;
    const read = (value: number, at: number) => {
      sound &&= holds(value, at);
    };
    if (
      operation.kind === 'rescale' ||
      operation.kind === 'sum' ||
      operation.kind === 'lookup' ||
      operation.kind === 'gate'
    ) {
      for (let at = 0; at < sizeOf(values[y].shape); at++) {
        for (const x of inputsOf(operation)) read(x, at % sizeOf(values[x].shape));
        write(y, at);
      }
    } else if (operation.kind === 'attention') {
      const bytes = 4 * positionsOf(values[operation.q]);
      for (let b = 0; b < bytes; b++) memory.write(`scratch ${i}`, b, 1);
      for (let at = 0; at < sizeOf(values[y].shape); at++) write(y, at);
      for (const x of inputsOf(operation)) for (let at = 0; at < sizeOf(values[x].shape); at++) read(x, at);
      for (let b = 0; b < bytes; b++) sound &&= memory.holds(`scratch ${i}`, b, 1);
    } else {
      const copies = operation.kind === 'window';
      const bytes = patchBits(program) / 8;
      const patch = copies ? operation.window.r * operation.window.s * values[operation.x].shape[2] : 0;
      for (let position = 0; position < positionsOf(values[y]); position++) {
        for (const at of seen(operation, program, position)) read(operation.x, at);
        for (let b = 0; b < patch; b++) memory.write(`scratch ${i}`, b, bytes);
        for (let o = 0; o < m; o++) {
          if (!copies)
            for (const at of seen(operation, program, position)) if (at % m >= o) read(operation.x, at);
          write(y, position * m + o);
        }
        for (let b = 0; b < patch; b++) sound &&= memory.holds(`scratch ${i}`, b, bytes);
      }
    }
    if (!sound) return operation.name;
  }
  const last = values.length - 1;
  for (let at = 0; at < program.classes.length; at++) if (!holds(last, at)) return 'the logits';
  return undefined;
}

test('no operation overwrites what is still read, and values overlap while one becomes the other', () => {
  let [plain, bytes] = [0, 0];
  for (let seed = 0; seed < 24; seed++) {
    const program = randomProgram(seed, seed % 2 === 0 ? SMALL : { ...SMALL, side: 6, operations: 10 });
    const layout = planLayout(program);
    expect(firstLoss(program, layout), `seed ${seed}`).toBeUndefined();
    layout.values.forEach((offset, value) => {
      expect(offset % 4).toBe(0);
      expect(offset + bytesOf(program.values[value])).toBeLessThanOrEqual(layout.bytes);
    });
    bytes += layout.bytes;
    plain += planArena(program, (value) => bytesOf(program.values[value]), 4).bytes;
  }
  // even with the copies of windows, which the plain arena has no room for
  expect(bytes).toBeLessThan(0.95 * plain);
});

test('memory that is too near is noticed', () => {
  let noticed = 0;
  for (let seed = 0; seed < 12; seed++) {
    const program = randomProgram(seed);
    const layout = planLayout(program);
    const values = layout.values.map((offset) => Math.floor(offset / 2));
    if (firstLoss(program, { ...layout, values }) !== undefined) noticed++;
  }
  expect(noticed).toBeGreaterThan(9);
});
