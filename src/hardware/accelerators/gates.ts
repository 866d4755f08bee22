import type { Accelerator } from '../accelerator.ts';
import { rowstationary45 } from './honest.ts';

/**
 * The same array with areas counted in the gates of the processing elements that the package has in Verilog, and
 * everything else as it was: energies are still the cited ones. `calibrate --gates` measures them again.
 */
export const rowstationary45gates: Accelerator = {
  ...rowstationary45,
  name: 'rowstationary-45nm-gates',
  description:
    'rowstationary-45nm with areas measured on gates: processing elements in Verilog, synthesised by Yosys.',
  areas: {
    '8': { multiply: 413, add: 57, shift: 122, accumulate: 442 },
    '16': { multiply: 1766, add: 124, shift: 185, accumulate: 442 },
    '32': { multiply: 3155, add: 260, shift: 329, accumulate: 442 },
  },
  sources: {
    ...rowstationary45.sources,
    areas:
      'Yosys 0.23 (git sha1 7ce5011c24b), 2026-11-28: gates of native/verilog/rtl/pe_multiply.v, pe_shift.v, pe_add.v ' +
      'and accumulator.v, in whole numbers, with sums of 32 bits and shift weights of 5, at the areas of the X1 cells ' +
      "of NanGate's 45 nm Open Cell Library; without wires and memories, and no delay was asked for. multiply, shift " +
      'and add (distance of input and weight) are what an element has besides accumulate, the adder and register of its sum',
  },
};
