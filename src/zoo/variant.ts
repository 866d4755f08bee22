import type { Workload } from '../hardware/workload.ts';
import { after, type Window, window } from './describe.ts';
import type { Arithmetic } from './plan.ts';

/**
 * What was published in place of a convolution: an adder layer (AdderNet), a shift layer (DeepShift), or a shift layer
 * followed by an adder layer of the same window (ShiftAddNet); spec 10.1-10.3.
 */
export type Variant = 'conv' | 'adder' | 'shift' | 'shiftadd';

/** The layers that stand at the place `name` of one window, first to last; the first has its sizes and its stride. */
export function standIns(
  variant: Variant,
  name: string,
): readonly { readonly name: string; readonly arithmetic: Arithmetic }[] {
  switch (variant) {
    case 'conv':
    case 'shift':
      return [{ name, arithmetic: variant }];
    case 'adder':
      return [{ name, arithmetic: 'add' }];
    case 'shiftadd':
      return [
        { name: `${name}.shift`, arithmetic: 'shift' },
        { name: `${name}.add`, arithmetic: 'add' },
      ];
  }
}

/** The layers that stand at the place of one window, with the family each belongs to. */
export function replaced(
  variant: Variant,
  name: string,
  sizes: Omit<Window, 'name' | 'family' | 'kind'>,
): Workload[] {
  const behind = { ...sizes, size: after(sizes.size, sizes.stride ?? 1), inputs: sizes.outputs, stride: 1 };
  return standIns(variant, name).map(({ name: own, arithmetic: kind }, i) =>
    window({ name: own, family: kind, kind, ...(i === 0 ? sizes : behind) }),
  );
}
