import { unreachable } from '../core/errors.ts';
import type { Units } from './accelerator.ts';
import { accumulates, type Operations, type Workload } from './workload.ts';

/**
 * Arithmetic of a layer, each accumulate split into its parts (spec 13.7): a multiply-accumulate is a multiplication
 * and an addition, an adder element two additions, a shift element a shift and an addition.
 */
export function operations(load: Workload): Operations {
  const steps = accumulates(load);
  switch (load.kind) {
    case 'conv':
    case 'linear':
    case 'matmul':
      return { multiplications: steps, additions: steps, shifts: 0 };
    case 'add':
      return { multiplications: 0, additions: 2 * steps, shifts: 0 };
    case 'shift':
      return { multiplications: 0, additions: steps, shifts: steps };
    case 'vector': {
      const outputs = load.n * load.e * load.f * load.m;
      const { multiplications, additions } = load.vector ?? { multiplications: 0, additions: 0 };
      return { multiplications: outputs * multiplications, additions: outputs * additions, shifts: 0 };
    }
    default:
      return unreachable(load.kind);
  }
}

export const NO_OPERATIONS: Operations = { multiplications: 0, additions: 0, shifts: 0 };

export function addOperations(a: Operations, b: Operations): Operations {
  return {
    multiplications: a.multiplications + b.multiplications,
    additions: a.additions + b.additions,
    shifts: a.shifts + b.shifts,
  };
}

/** pJ of one accumulate: its first operation only, as released, or both (spec 8.2). */
export function accumulateEnergy(kind: Workload['kind'], units: Units, both: boolean): number {
  const first = kind === 'add' ? units.add : kind === 'shift' ? units.shift : units.multiply;
  return both ? first + units.add : first;
}
