/**
 * Areas of the processing elements from their gates. An element is the arithmetic of its own and the accumulator that all
 * share, so the parts of an array with several arithmetics add up.
 */
import { type Synthesis, synthesise } from './synthesise.ts';

/** Bits of a sum, at every width: those of the integer program, and of partial sums in the accelerators. */
export const SUM_BITS = 32;
export const WIDTHS = [8, 16, 32] as const;
/** Of a shift weight: one sign and four exponent bits (spec 4.2). */
const CODE_BITS = 5;

/** um2 */
export interface ElementAreas {
  readonly multiply: number;
  /** |x - w| as the accumulator takes it. */
  readonly add: number;
  readonly shift: number;
}

export type ElementName = 'multiply' | 'shift' | 'add';

export function synthesiseElement(element: ElementName, bits: number): Synthesis {
  const weightBits = element === 'shift' ? CODE_BITS : bits;
  return synthesise(`pe_${element}`, { ACTIVATION_BITS: bits, WEIGHT_BITS: weightBits, SUM_BITS });
}

/** Of elements with activations of `bits` bits, to whole um2. @throws ShiftAddError 'missing' */
export function measureElements(bits: number): ElementAreas {
  const own = (element: ElementName) => um2Of(synthesiseElement(element, bits), `pe_${element}`);
  return {
    multiply: own('multiply'),
    add: own('add'),
    shift: own('shift'),
  };
}

/** Alone, for what gates a mapper chooses depends a little on what stands around. */
export const measureAccumulator = (): number =>
  um2Of(synthesise('accumulator', { BITS: SUM_BITS }), 'accumulator');

const um2Of = ({ modules }: Synthesis, module: string): number => Math.round(modules[module].um2);
