/** Pricing: what a layer computes (`Workload`), an `Accelerator` as plain data, and energy, latency and area of both. */
export {
  type Accelerator,
  acceleratorJsonSchema,
  acceleratorSchema,
  type Switches,
  type SwitchName,
} from './accelerator.ts';
export { ACCELERATORS, acceleratorNames, findAccelerator } from './accelerators/index.ts';
export { type ArithmeticNeeds, areaMm2, arithmeticNeeds } from './area.ts';
export {
  calibratedAccelerator,
  fitLatency,
  formatMeasurements,
  type LatencyFit,
  latencyFamily,
  type Measurement,
  parseMeasurements,
  type RelativeError,
  relativeErrors,
  relativeFit,
} from './calibration/index.ts';
export { loadAccelerator, parseAccelerator } from './check.ts';
export { type Explanation, explain, type Step } from './explain.ts';
export {
  type Costs,
  checkLimits,
  type LimitName,
  type Limits,
  type LimitTexts,
  parseLimit,
  parseLimits,
  type Violation,
} from './limits.ts';
export { operations } from './operations.ts';
export type { LayerPrice, NamedLayerPrice, NetworkPrice, Price } from './price.ts';
export { Pricer } from './pricer.ts';
export { accumulates, type Operations, type Workload, type WorkloadKind } from './workload.ts';
