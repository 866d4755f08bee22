/**
 * The text of programs for matrix units, run in JavaScript (testing/wgsl.ts): a product is the loop of its definition for
 * every shape of a unit, also where nothing is a multiple of a tile, where k is cut, and where subgroups turn out smaller
 * than the largest. What compiles is asked in null.test.ts, what real adapters compute in matrix-unit.test.ts.
 */
import { describe, expect, test } from 'vitest';
import type { Buffer, MatmulShape } from '../../backend.ts';
import { runUnitProgram } from '../../testing/wgsl.ts';
import type { Launcher } from '../launcher.ts';
import type { MatrixUnit } from '../matrix-unit.ts';
import type { Program } from '../program.ts';
import { matmul } from './matmul.ts';
import { unitTile } from './unit-tile.ts';

/** As adapters of Apple, NVIDIA and Intel list them; the last two have subgroups so large that fewer fit a workgroup. */
const UNITS: readonly MatrixUnit[] = [
  { component: 'f16', rows: 8, columns: 8, depth: 8, lanes: 32 },
  { component: 'f32', rows: 8, columns: 8, depth: 8, lanes: 32 },
  { component: 'f16', rows: 16, columns: 16, depth: 16, lanes: 32 },
  { component: 'f16', rows: 8, columns: 16, depth: 16, lanes: 32 },
  { component: 'f16', rows: 16, columns: 8, depth: 8, lanes: 128 },
  { component: 'f16', rows: 16, columns: 16, depth: 16, lanes: 256 },
];

/** Buffers are arrays. */
class Emulator implements Launcher {
  readonly half = true;
  readonly subgroup = 1;
  readonly unit: MatrixUnit;
  readonly size: number;
  readonly names: string[] = [];

  constructor(unit: MatrixUnit, size: number) {
    this.unit = unit;
    this.size = size;
  }

  launch(
    program: Program,
    buffers: readonly Buffer[],
    params: readonly number[],
    x: number,
    y = 1,
    z = 1,
  ): void {
    this.names.push(program.name);
    const arrays = buffers as readonly unknown[] as readonly Float32Array[];
    if (!program.name.startsWith('matmul pieces')) {
      runUnitProgram(program, arrays, params, [x, y, z], this.size);
      return;
    }
    const [pieces, result] = arrays;
    const alpha = params[program.params.indexOf('f32 alpha')];
    for (let i = 0; i < result.length; i++) {
      let sum = 0;
      for (let at = i; at < pieces.length; at += result.length) sum += pieces[at];
      result[i] = alpha * sum + (program.name.includes('accumulated') ? result[i] : 0);
    }
  }

  scratch(length: number, work: (buffer: Buffer) => void): void {
    work(new Float32Array(length).fill(Number.NaN) as unknown as Buffer);
  }

  launchTable(): void {
    throw new Error('a product has no table');
  }

  launchParts(): void {
    throw new Error('a product has no parts');
  }

  indexed(): never {
    throw new Error('a product has no indices');
  }
}

const integers = (length: number, by: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => ((i * by) % 13) - 4);

function expected(a: Float32Array, b: Float32Array, y: Float32Array, shape: MatmulShape): Float32Array {
  const { batch, m, n, k, transposeA, transposeB, alpha, accumulate } = shape;
  return Float32Array.from({ length: batch * m * n }, (_, at) => {
    const [z, row, column] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
    let sum = 0;
    for (let i = 0; i < k; i++) {
      const left = a[z * m * k + (transposeA ? i * m + row : row * k + i)];
      sum += left * b[z * k * n + (transposeB ? column * k + i : i * n + column)];
    }
    return alpha * sum + (accumulate ? y[at] : 0);
  });
}

function run(emulator: Emulator, shape: MatmulShape): { found: Float32Array; wanted: Float32Array } {
  const { batch, m, n, k } = shape;
  const [a, b, y] = [integers(batch * m * k, 5), integers(batch * k * n, 7), integers(batch * m * n, 3)];
  const wanted = expected(a, b, y, shape);
  matmul(emulator, a as unknown as Buffer, b as unknown as Buffer, y as unknown as Buffer, shape);
  return { found: y, wanted };
}

const PLAIN = { transposeA: false, transposeB: false, alpha: 1, accumulate: false };

describe.each(UNITS)('$component $rows x $columns x $depth, $lanes lanes', (unit) => {
  const { rows, columns, depth } = unitTile(unit);

  test.each([
    ['a unit', unit.rows, unit.columns, unit.depth],
    ['a tile', rows, columns, depth],
    ['more than a tile', rows + 3, columns + 5, 2 * depth + 7],
    ['less than a tile', unit.rows + 1, columns - 1, 3],
  ] as const)('%s', (_, m, n, k) => {
    for (const form of [
      PLAIN,
      { transposeA: true, transposeB: true, alpha: 2, accumulate: true },
      { ...PLAIN, transposeB: true },
    ]) {
      const emulator = new Emulator(unit, unit.lanes);
      const { found, wanted } = run(emulator, { batch: 2, m, n, k, ...form });
      expect(emulator.names).toEqual([expect.stringContaining(' on unit ')]);
      expect(found).toEqual(wanted);
    }
  });

  test('subgroups smaller than the largest', () => {
    const { found, wanted } = run(new Emulator(unit, unit.lanes / 2), {
      ...{ batch: 1, m: rows + 1, n: columns + 1, k: depth + 1 },
      ...PLAIN,
    });
    expect(found).toEqual(wanted);
  });
});

test('k in pieces', () => {
  const emulator = new Emulator(UNITS[2], 32);
  const { found, wanted } = run(emulator, { batch: 1, m: 17, n: 20, k: 800, ...PLAIN });
  expect(emulator.names).toEqual([
    expect.stringMatching(/ on unit .* split$/),
    expect.stringContaining('pieces'),
  ]);
  expect(found).toEqual(wanted);
});
