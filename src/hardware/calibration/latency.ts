import { nearest, ShiftAddError } from '../../core/errors.ts';
import type { Calibration } from '../accelerator.ts';
import type { Workload } from '../workload.ts';
import { type FeatureName, latencyFamily, latencyFeatures } from './features.ts';

/**
 * Latency of a layer from a fit, ms. Vector work that nobody measured takes no time; any other operator that is
 * missing is an error. Throws 'usage' with the operators that were measured.
 */
export function fittedLatencyMs(load: Workload, calibration: Calibration, accelerator: string): number {
  const family = latencyFamily(load);
  const coefficients = calibration.families[family];
  if (coefficients === undefined) {
    if (load.kind === 'vector') return 0;
    const known = Object.keys(calibration.families);
    throw new ShiftAddError(
      'usage',
      `Accelerator "${accelerator}" has no entry calibration.families.${family}, which ${load.name} needs: measured ` +
        `are ${known.join(', ')}; nearest ${nearest(family, known) ?? known[0]}; measure ${family} layers as well.`,
      { accelerator, entry: `calibration.families.${family}` },
    );
  }
  return latencyOf(coefficients, load);
}

/** Sum of coefficients (nanoseconds) times features, in ms. */
export function latencyOf(
  coefficients: Readonly<Partial<Record<FeatureName, number | undefined>>>,
  load: Workload,
): number {
  const features = latencyFeatures(load);
  let nanoseconds = 0;
  for (const [name, value] of Object.entries(coefficients)) {
    nanoseconds += (value ?? 0) * features[name as FeatureName];
  }
  return nanoseconds * 1e-6;
}
