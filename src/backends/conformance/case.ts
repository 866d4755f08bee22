/**
 * One conformance case: inputs drawn from a seed, a kernel run on them, outputs to compare. A case draws the same
 * inputs for every backend; what it computes on the reference is what the others must give.
 */
import { Random } from '../../core/random.ts';
import type { KernelName } from '../abi.ts';
import type { Backend, Buffer, DataType } from '../backend.ts';
import type { GroupName } from '../groups.ts';

export interface ConformanceCase {
  readonly name: string;
  readonly kernel: KernelName | GroupName;
  /** Largest error allowed; 0 asks for the same bits. */
  readonly tolerance: number;
  /** Runs the kernel in a scope of its own and reads the outputs. */
  compute(backend: Backend): Promise<(Float32Array | Int32Array)[]>;
  /** Error between outputs and those of the reference, to be held against `tolerance`. */
  error(found: readonly Values[], expected: readonly Values[]): number;
}

export type Values = Float32Array | Int32Array;

/**
 * What an error is relative to. 'array': the largest magnitude of the whole output, right for long sums, where single
 * elements cancel. 'element': the element itself plus 0.1, right for functions of one element.
 */
export type Relative = 'array' | 'element';

/**
 * Draws are taken once; a case walks through them from a place and with an odd step of its own. Drawing anew for
 * every case would take longer than the kernels do.
 */
const DRAWS = 2 ** 16;
const uniformDraws = new Float64Array(DRAWS);
const source = Random.fromSeed('conformance');
for (let i = 0; i < DRAWS; i++) uniformDraws[i] = source.uniform();

/** Inputs and outputs of a case on one backend. */
export class Stage {
  readonly backend: Backend;
  private readonly random: Random;

  constructor(backend: Backend, seed: string) {
    this.backend = backend;
    this.random = Random.fromSeed(seed);
  }

  values(data: ArrayLike<number>, type: DataType = 'float32'): Buffer {
    const buffer = this.backend.allocate(data.length, type);
    this.backend.write(buffer, data);
    return buffer;
  }

  uniform(length: number, low: number, high: number): Buffer {
    const next = this.walk();
    const data = new Float32Array(length);
    for (let i = 0; i < length; i++) data[i] = low + (high - low) * next();
    return this.values(data);
  }

  /** Roughly normal: the sum of two uniform draws, scaled to a deviation of 1. */
  normal(length: number): Buffer {
    const [next, other] = [this.walk(), this.walk()];
    const data = new Float32Array(length);
    for (let i = 0; i < length; i++) data[i] = (next() + other() - 1) * 2.449;
    return this.values(data);
  }

  private walk(): () => number {
    let at = this.random.integer(DRAWS);
    const step = 2 * this.random.integer(DRAWS / 2) + 1;
    return () => uniformDraws[(at += step) & (DRAWS - 1)];
  }

  integers(length: number, limit: number): Buffer {
    const data = new Int32Array(length);
    for (let i = 0; i < length; i++) data[i] = this.random.integer(limit);
    return this.values(data, 'int32');
  }

  /** An output that does not yet hold its result: NaN, or -1 as an index. */
  output(length: number, type: DataType = 'float32'): Buffer {
    const data =
      type === 'int32' ? new Int32Array(length).fill(-1) : new Float32Array(length).fill(Number.NaN);
    return this.values(data, type);
  }
}

/** Makes a case of a function that runs the kernel and names its outputs. */
export function conformanceCase(
  kernel: KernelName | GroupName,
  detail: string,
  tolerance: number,
  relative: Relative,
  body: (stage: Stage) => readonly Buffer[],
): ConformanceCase {
  const name = `${kernel} ${detail}`;
  return {
    name,
    kernel,
    tolerance,
    async compute(backend) {
      const scope = backend.openScope();
      try {
        const outputs = body(new Stage(backend, name));
        return await Promise.all(outputs.map((output) => backend.read(output)));
      } finally {
        scope.close();
      }
    },
    error: (found, expected) => largestError(found, expected, relative),
  };
}

/** NaN equals NaN and an infinity itself; anything else against either is infinitely wrong. */
function largestError(found: readonly Values[], expected: readonly Values[], relative: Relative): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let k = 0; k < expected.length; k++) {
    if (found[k].length !== expected[k].length) return Number.POSITIVE_INFINITY;
    const scale = magnitude(expected[k]);
    for (let i = 0; i < expected[k].length; i++) {
      const a = found[k][i];
      const b = expected[k][i];
      if (Object.is(a, b) || a === b) continue;
      const error = Math.abs(a - b) / (relative === 'array' ? scale : Math.abs(b) + 0.1);
      worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    }
  }
  return worst;
}

/** Largest finite magnitude, at least 1e-3. */
function magnitude(values: Values): number {
  let most = 1e-3;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most;
}
