/** Latency as measured: timings, a fit of them, and the accelerator file that carries it. */
export { calibratedAccelerator } from './calibrated.ts';
export { formatMeasurements, parseMeasurements } from './csv.ts';
export { FEATURE_NAMES, type FeatureName, latencyFamily, latencyFeatures } from './features.ts';
export {
  fitLatency,
  type LatencyFit,
  type Measurement,
  type RelativeError,
  relativeErrors,
} from './fit.ts';
export { fittedLatencyMs } from './latency.ts';
export { relativeFit } from './least-squares.ts';
