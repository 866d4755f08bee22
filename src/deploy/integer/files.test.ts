/** Programs as folders: what is written comes back, and whatever is wrong with a folder is said. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkProgram } from './check.ts';
import { PROGRAM_FILE, readProgram, WEIGHTS_FILE, writeProgram } from './files.ts';
import type { IntegerProgram, Operation } from './program.ts';
import { interpret } from './reference/interpret.ts';
import { randomImages, randomProgram } from './testing/random-program.ts';

let dir: string;
beforeAll(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'integer-'));
});
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

test('drawn programs have every kind of operation, and come back as they were', () => {
  const kinds = new Set<string>();
  const [shifts, widths] = [new Set<number>(), new Set<number>()];
  for (let seed = 0; seed < 60; seed++) {
    const program = randomProgram(seed);
    for (const operation of program.operations) {
      kinds.add(operation.kind === 'window' ? operation.arithmetic : operation.kind);
      if (operation.kind === 'lookup') shifts.add(operation.shift);
      if (operation.kind === 'attention') widths.add(program.values[operation.q].bits);
    }
    if (seed > 5) continue;
    writeProgram(dir, program);
    expect(readProgram(dir)).toEqual(program);
  }
  expect([...kinds].sort()).toEqual([
    ...['add', 'attention', 'average-pool', 'conv', 'gate', 'lookup', 'max-pool', 'rescale', 'shift', 'sum'],
  ]);
  expect([...shifts].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect([...widths].sort((a, b) => a - b)).toEqual([8, 16]);
});

test('drawn programs say different things of different images, more often than not by chance', () => {
  const varied = Array.from({ length: 30 }, (_, seed) => {
    const program = randomProgram(seed);
    const logits = interpret(program, randomImages(program, seed, 4));
    return new Set([0, 1, 2, 3].map((i) => logits.slice(3 * i, 3 * i + 3).join())).size;
  });
  expect(varied.filter((count) => count > 1).length).toBeGreaterThan(10);
});

describe('a folder that is not as it was written', () => {
  function damaged(change: (read: (name: string) => Buffer) => void): string {
    writeProgram(dir, randomProgram(2));
    change((name) => fs.readFileSync(join(dir, name)));
    try {
      readProgram(dir);
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing is wrong';
  }
  const rewritten = (change: (file: Record<string, unknown>) => void) =>
    damaged((read) => {
      const file = JSON.parse(read(PROGRAM_FILE).toString());
      change(file);
      fs.writeFileSync(join(dir, PROGRAM_FILE), JSON.stringify(file));
    });

  test('white space does not matter', () => {
    expect(rewritten(() => undefined)).toBe('nothing is wrong');
  });

  test('one byte of the weights', () => {
    const message = damaged((read) => {
      const bytes = read(WEIGHTS_FILE);
      bytes[17] ^= 4;
      fs.writeFileSync(join(dir, WEIGHTS_FILE), bytes);
    });
    expect(message).toMatch(/weights\.bin is damaged or of another program/);
  });

  test('weights that are cut off, or gone', () => {
    expect(
      damaged((read) => fs.writeFileSync(join(dir, WEIGHTS_FILE), read(WEIGHTS_FILE).subarray(8))),
    ).toMatch(/weights\.bin has \d+ bytes where \d+ belong/);
    expect(damaged(() => fs.rmSync(join(dir, WEIGHTS_FILE)))).toMatch(
      /weights\.bin cannot be used: it is not there; export the network again$/,
    );
  });

  test('a digit of the program', () => {
    expect(
      rewritten((file) => {
        (file.values as { zero: number }[])[1].zero += 1;
      }),
    ).toMatch(/changed or damaged: its checksum/);
  });

  test('no JSON, another format, a newer version', () => {
    expect(damaged(() => fs.writeFileSync(join(dir, PROGRAM_FILE), '{"format":'))).toMatch(/no JSON/);
    expect(
      rewritten((file) => {
        file.format = 'onnx';
      }),
    ).toMatch(/no integer program/);
    expect(
      rewritten((file) => {
        file.schema = 2;
      }),
    ).toMatch(/has version 2 of the format, and this version of shiftaddnas reads 1/);
  });
});

describe('a program that does not fit together', () => {
  const program = randomProgram(3);
  const changed = (change: (operations: Operation[]) => Partial<IntegerProgram>) => () => {
    checkProgram({ ...program, ...change([...program.operations]) });
  };

  test('sound as it is', () => {
    expect(changed(() => ({}))).not.toThrow();
  });

  test('an operation that reads ahead', () => {
    const wrong = changed((operations) => {
      operations[0] = { ...operations[0], x: 5 } as Operation;
      return { operations };
    });
    expect(wrong).toThrow(/image reads value 5, which is not computed before it/);
  });

  test('a tensor that is not there', () => {
    expect(changed(() => ({ tensors: new Map() }))).toThrow(/which is not there/);
  });

  test('classes that no value has', () => {
    expect(changed(() => ({ classes: ['a'] }))).toThrow(/its last value is \[1, 1, 3\].* 1 classes/);
  });

  test('an accumulator of 33 bits', () => {
    const [image, ...rest] = program.values;
    const wrong = changed((operations) => {
      const at = operations.findIndex((operation) => operation.kind === 'rescale');
      const operation = operations[at];
      if (operation.kind !== 'rescale') throw new Error('no rescale');
      const tensors = new Map(program.tensors);
      const { addends } = operation.requantise;
      const { type, shape, data } = tensors.get(addends)!;
      tensors.set(addends, { type, shape, data: new Float64Array(data.length).fill(2 ** 48) });
      return { tensors, values: [image, ...rest] };
    });
    expect(wrong).toThrow(/image may overflow: its .* can reach \d+, above \d+/);
  });
});
