import type { Accelerator } from './accelerator.ts';
import type { Workload, WorkloadKind } from './workload.ts';

/**
 * How the released translation simulator prices the linear layers of a lightweight block (spec 8.2), under the switch
 * `lightweightLinear`. A shift-add block is linear, shift, add filter, linear: the simulator has no row for the shift
 * layer and charges the two linears the energy of shifts instead.
 */

/** The linears before and behind a lightweight filter. */
export function isAroundFilter({ role }: Workload): boolean {
  return role === 'lightweight-linear' || role === 'shift-add-linear';
}

/** Whether memory and latency are those of a shift layer. */
export function isShiftLike(load: Workload, { switches }: Accelerator): boolean {
  return load.kind === 'shift' || (isAroundFilter(load) && switches.lightweightLinear === 'as-shift');
}

/** The kind whose arithmetic is charged. */
export function chargedKind({ kind, role }: Workload, { switches }: Accelerator): WorkloadKind {
  return role === 'shift-add-linear' && switches.lightweightLinear !== 'linear' ? 'shift' : kind;
}

export function isLeftOut({ role }: Workload, { switches }: Accelerator): boolean {
  return role === 'shift-add-shift' && switches.lightweightLinear !== 'linear';
}
