import type { Workload } from '../hardware/workload.ts';
import { after, type Window, window } from './describe.ts';

/**
 * What was published in place of a convolution: an adder layer (AdderNet), a shift layer (DeepShift), or a shift layer
 * followed by an adder layer of the same window (ShiftAddNet); spec 10.1-10.3.
 */
export type Variant = 'conv' | 'adder' | 'shift' | 'shiftadd';

/** The layers that stand at the place of one window, with the family each belongs to. */
export function replaced(
  variant: Variant,
  name: string,
  sizes: Omit<Window, 'name' | 'family' | 'kind'>,
): Workload[] {
  if (variant !== 'shiftadd') {
    const kind = variant === 'adder' ? 'add' : variant;
    return [window({ name, family: kind, kind, ...sizes })];
  }
  const behind = { ...sizes, size: after(sizes.size, sizes.stride ?? 1), inputs: sizes.outputs, stride: 1 };
  return [
    window({ name: `${name}.shift`, family: 'shift', kind: 'shift', ...sizes }),
    window({ name: `${name}.add`, family: 'add', kind: 'add', ...behind }),
  ];
}
