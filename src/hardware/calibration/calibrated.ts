import type { Accelerator } from '../accelerator.ts';
import { entryFor, parseAccelerator } from '../check.ts';
import type { LatencyFit } from './fit.ts';

/**
 * An accelerator whose latency is measured and whose energy is that of a base accelerator: the base's record with a
 * `calibration` entry, described only at the width that was measured.
 */
export interface CalibratedOptions {
  readonly name: string;
  readonly base: Accelerator;
  readonly bits: number;
  /** Where and how it was measured, in words. */
  readonly machine: string;
  readonly fit: LatencyFit;
}

/** Throws 'usage' when the base is not described at this width. */
export function calibratedAccelerator({ name, base, bits, machine, fit }: CalibratedOptions): Accelerator {
  const key = String(bits);
  const only = <T>(table: 'units' | 'formats', entries: Record<string, T>) => ({
    [key]: entryFor(base, table, entries, bits),
  });
  const areas = base.areas?.[key];
  const { areas: _areas, ...rest } = base;
  return parseAccelerator(
    {
      ...rest,
      name,
      description: `Latency measured: ${machine}. Energy of ${base.name}.`,
      units: only('units', base.units),
      formats: only('formats', base.formats),
      ...(areas === undefined ? {} : { areas: { [key]: areas } }),
      calibration: {
        base: base.name,
        machine,
        families: fit.families,
        heldOutError: fit.heldOutError,
      },
      sources: { ...base.sources, latency: `measured: ${machine}` },
    },
    name,
  );
}
