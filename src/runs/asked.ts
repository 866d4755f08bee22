/**
 * What was asked for, as every result says it: the seed, and the complete settings as result.json has them. Equal runs
 * give equal bytes.
 */
import fs from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { OpenRun } from './folder.ts';
import { readDescription } from './folder.ts';
import type { RunConfig } from './options.ts';
import { sortKeys } from './result.ts';

export interface Asked {
  readonly seed: number;
  /** Sorted by key. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Of a run, with what its command takes beside the settings (`network`, `networks`, `seeds`). */
export function askedOf(
  { config, run }: { readonly config: RunConfig; readonly run: Pick<OpenRun, 'description'> },
  seed = config.seed,
): Asked {
  return { seed, config: sortedSettings({ ...run.description.config, ...config }) };
}

/** Settings in the order of their keys. */
export const sortedSettings = (settings: Readonly<Record<string, unknown>>): Asked['config'] =>
  sortKeys(settings) as Asked['config'];

/** With its scores, beside the weights of a network. */
export const METRICS = 'metrics.json';

const asked = z.looseObject({ seed: z.int().min(0), config: z.record(z.string(), z.json()) });

/**
 * Of the run that a trained network comes from: its folder, that of the run, or one of a comparison. Undefined where
 * the folder does not say.
 */
export function askedIn(dir: string): Asked | undefined {
  for (const path of [join(dir, METRICS), join(dir, 'winner', METRICS)]) {
    const found = asked.safeParse(jsonOf(path));
    if (found.success) return { seed: found.data.seed, config: found.data.config };
  }
  // Earlier versions wrote scores alone.
  try {
    const { config } = readDescription(dir);
    const found = asked.safeParse({ seed: config.seed, config });
    return found.success ? { seed: found.data.seed, config: sortedSettings(config) } : undefined;
  } catch {
    return undefined;
  }
}

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
