import type { Accelerator } from '../accelerator.ts';

/**
 * The cost model as its authors released it, with every assumption it makes left as it is (spec 8.2-8.5): strict
 * bounds, depthwise convolutions priced as dense, free memory for adder layers, ten-bit shift layers that run 3.2
 * times faster, one operation per accumulate.
 */
const widths = { shiftWeights: 5, partialSums: 32 };

export const released: Accelerator = {
  name: 'shiftaddnas-released',
  description: 'Row-stationary model of the released image code: 192 processing elements (16 x 12), 250 MHz.',
  model: 'row-stationary',
  processingElements: 192,
  clockMHz: 250,
  buffers: { registerOutputs: 16, registerInputs: 12, registerWeights: 960, global: 65536 },
  memory: {
    outer: [{ name: 'DRAM', energy: 200 }],
    globalBuffer: 22.2,
    network: { input: 7.4, weight: 7.4, partialSum: 3.7 },
    registerFile: { input: 3.7, weight: 7.4, partialSum: 3.7 },
  },
  units: {
    '32': { multiply: 3.7, add: 0.9, shift: 0.13 },
    '8': { multiply: 0.2, add: 0.03, shift: 0.024 },
  },
  formats: {
    '32': { activations: 32, weights: 32, packedLanes: 1, packedStorage: 1, ...widths },
    '8': { activations: 8, weights: 8, packedLanes: 4, packedStorage: 2, ...widths },
  },
  switches: {
    depthwisePricing: 'dense',
    addMemory: 'free',
    shiftBits: 'ten-for-all',
    shiftLatencyDivisor: 3.2,
    lightweightLatencyDivisor: 2,
    operationsPerAccumulate: 'one',
    tensorWidths: 'one',
    narrowArray: 'packed',
    vectorWork: 'ignored',
    arrayBound: 'strict',
    bufferBound: 'strict',
    singleRowTiles: 'excluded',
    bandwidthStalls: 'ignored',
    lightweightFilter: 'square-dense-free',
    lightweightLinear: 'as-shift',
  },
  sources: {
    formats: 'storage doubles and the array quadruples at 8 bits (spec 8.3)',
    units:
      'ShiftAddNAS CV/retraining_hybrid/hw_utils.py (spec 8.2): FP32 multiply and add, INT32 shift; INT8 row',
    memory: 'same file (spec 8.2); Eyeriss hierarchy, DRAM to buffer free',
    buffers: 'same file (spec 8.3)',
    processingElements: '16 x 12 in the released image code (spec 8.3)',
  },
};

/** The same with the 14 x 12 array of Eyeriss: most image records (divisor 3.2) were made with it. */
export const released168: Accelerator = {
  ...released,
  name: 'shiftaddnas-released-168',
  description: 'The released model with 168 processing elements (14 x 12), as in six of nine image records.',
  processingElements: 168,
  sources: {
    ...released.sources,
    processingElements: '14 x 12, Eyeriss; six of nine image records (spec 9.2)',
  },
};

/** The simulator of the translation networks: 168 elements and a latency divisor of 2 (spec 8.4). */
export const releasedTranslation: Accelerator = {
  ...released168,
  name: 'shiftaddnas-released-translation',
  description: 'The released translation simulator: 168 processing elements, shift layers 2 times faster.',
  switches: { ...released.switches, shiftLatencyDivisor: 2 },
  sources: { ...released168.sources, processingElements: 'NLP/sim of the release (spec 8.3, 9.3)' },
};

/**
 * What the older translation records of the release were made with (`-jul`, `manual`, `lightweight-conv`, and the
 * 8-bit ones): filters pay their memory, shift layers are as wide and as slow as the others. Read back from the
 * records 300ms, 350ms and conv_200ms of NLP/sim [R].
 */
export const releasedTranslationJuly: Accelerator = {
  ...releasedTranslation,
  name: 'shiftaddnas-released-translation-july',
  description:
    'The translation simulator as of its older records: filters and shift layers charged as ordinary ones.',
  switches: {
    ...releasedTranslation.switches,
    addMemory: 'charged',
    shiftBits: 'format',
    shiftLatencyDivisor: 1,
    lightweightLatencyDivisor: 1,
    lightweightFilter: 'square-dense',
    lightweightLinear: 'shift-operations',
  },
  sources: {
    ...releasedTranslation.sources,
    switches: 'read back from NLP/sim/300ms_*.csv, conv_200ms_*.csv [R]',
  },
};
