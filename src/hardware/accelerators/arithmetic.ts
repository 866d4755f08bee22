import type { Accelerator } from '../accelerator.ts';
import { rowstationary45 } from './honest.ts';

/**
 * Arithmetic-only metrics, as many papers print them: energy = operations x unit energy, memory free, every
 * processing element busy in every cycle. Useful beside a full model, misleading instead of one.
 */
const memory = {
  outer: [{ name: 'DRAM', energy: 0 }],
  globalBuffer: 0,
  network: { input: 0, weight: 0, partialSum: 0 },
  registerFile: { input: 0, weight: 0, partialSum: 0 },
};
const { bandwidth: _none, ...base } = rowstationary45;
const switches = { ...base.switches, bandwidthStalls: 'ignored', vectorWork: 'ignored' } as const;

export const asic45: Accelerator = {
  ...base,
  name: 'asic-45nm-arithmetic',
  description: 'Operations only: #multiplications, #additions and #shifts times their 45 nm energies.',
  model: 'operations',
  memory,
  switches,
  sources: {
    units:
      '45 nm: Horowitz, ISSCC 2014, and ShiftAddLLM Table 1 [3P] (spec 8.7); metric as in EcoFormer (issue 2)',
    areas: '45 nm, ShiftAddLLM Table 1 [3P] (spec 8.7)',
  },
};

const { areas: _noAreas, ...withoutAreas } = base;

export const zynq7: Accelerator = {
  ...withoutAreas,
  name: 'fpga-zynq7-arithmetic',
  description: 'Operations only, on the ZYNQ-7 ZC706: fixed point at 32 and 8 bits.',
  model: 'operations',
  memory,
  units: {
    '32': { multiply: 19.6, add: 0.1, shift: 0.1 },
    '8': { multiply: 0.2, add: 0.1, shift: 0.025 },
  },
  switches,
  sources: {
    units:
      'FIX32 and FIX8 on ZYNQ-7 ZC706, ShiftAddNet Table 1: values [U], circulating without a readable source; only ' +
      'their ratio 19.6 / 0.1 = 196 is confirmed [3P] (spec 8.7). Use for ratios, not for absolute energies',
  },
};
