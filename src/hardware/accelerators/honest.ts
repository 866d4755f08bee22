import type { Accelerator } from '../accelerator.ts';
import { released } from './released.ts';

/**
 * The same array without the favours: both operations of an accumulate are paid, memory is charged for every
 * operator at the true width of its tensors, depthwise is depthwise, element-wise work counts, the whole array may be
 * used, and a layer that outruns its memory waits for it (spec 13, last option list).
 */
const shared = { shiftWeights: 5, partialSums: 32 };

export const rowstationary45: Accelerator = {
  ...released,
  name: 'rowstationary-45nm',
  description:
    'Row-stationary array of 192 processing elements in 45 nm, every operation and access charged.',
  units: {
    '32': { multiply: 3.7, add: 0.9, shift: 0.13 },
    '16': { multiply: 1.1, add: 0.4, shift: 0.057 },
    '8': { multiply: 0.2, add: 0.03, shift: 0.024 },
  },
  formats: {
    '32': { activations: 32, weights: 32, packedLanes: 1, packedStorage: 1, ...shared },
    '16': { activations: 16, weights: 16, packedLanes: 2, packedStorage: 2, ...shared },
    '8': { activations: 8, weights: 8, packedLanes: 4, packedStorage: 2, ...shared },
  },
  areas: {
    '32': { multiply: 7700, add: 4184, shift: 157 },
    '16': { multiply: 1640, add: 1360, shift: 73 },
    '8': { multiply: 282, add: 36, shift: 34 },
  },
  bandwidth: { outer: 128, globalBuffer: 512 },
  switches: {
    depthwisePricing: 'depthwise',
    addMemory: 'charged',
    shiftBits: 'weights-only',
    shiftLatencyDivisor: 1,
    lightweightLatencyDivisor: 1,
    operationsPerAccumulate: 'both',
    tensorWidths: 'true',
    narrowArray: 'fixed',
    vectorWork: 'counted',
    arrayBound: 'whole',
    bufferBound: 'whole',
    singleRowTiles: 'allowed',
    bandwidthStalls: 'charged',
    lightweightFilter: 'depthwise',
    lightweightLinear: 'linear',
  },
  sources: {
    units:
      '45 nm: Horowitz, ISSCC 2014, and ShiftAddLLM Table 1 [3P] (spec 8.7): FP32, FP16 and INT8 multiply and add, ' +
      'INT32, INT16 and INT8 shift; the accumulation is priced at the same row, as in spec 8.2',
    areas: '45 nm, ShiftAddLLM Table 1 [3P] (spec 8.7): arithmetic units only, memories not included',
    memory: 'ShiftAddNAS CV/retraining_hybrid/hw_utils.py (spec 8.2)',
    buffers: 'spec 8.3',
    formats: 'shift weights 5 bits: one sign and four exponent bits (spec 4.2); 32-bit partial sums',
    bandwidth:
      'assumed: 4 GB/s of DRAM (128 bits a cycle at 250 MHz) and 16 words of 32 bits a cycle on chip',
    processingElements: '16 x 12 (spec 8.3)',
  },
};
