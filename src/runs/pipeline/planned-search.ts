/** The search that the settings of a run ask for. */
import { nearest, ShiftAddError } from '../../core/errors.ts';
import type { Limits } from '../../hardware/limits.ts';
import { type PlannedSearch, planSearch } from '../../search/algorithms.ts';
import type { AlgorithmName } from '../../search/names.ts';
import type { Objective } from '../../search/objectives.ts';
import type { RunConfig } from '../options.ts';

/** Objectives by the names of limits: what an image search scores or prices. */
const OBJECTIVES: Readonly<Record<string, Objective>> = {
  loss: 'loss',
  error: 'error',
  energy: 'energyMj',
  latency: 'latencyMs',
  params: 'params',
  macs: 'macs',
};

/** Throws 'usage' for objectives that are none. `generations`: of this search. */
export function plannedSearch(config: RunConfig, limits: Limits, generations: number): PlannedSearch {
  return planSearch(config.algorithm as AlgorithmName, {
    limits,
    generations,
    population: config.population,
    parents: config.parents,
    objectives: objectivesOf(config.objectives),
  });
}

/** Reads 'loss,energy'. */
export function objectivesOf(text: string): Objective[] {
  const found = text.split(',').map((word): Objective => {
    const name = word.trim().toLowerCase();
    if (Object.hasOwn(OBJECTIVES, name)) return OBJECTIVES[name];
    const known = Object.keys(OBJECTIVES);
    const near = nearest(name, known);
    throw new ShiftAddError(
      'usage',
      `--objectives lists what to make small, but '${word.trim()}' is none of ${known.join(', ')}${near === undefined ? '' : `; did you mean '${near}'?`}`,
      { objective: word.trim() },
    );
  });
  return [...new Set(found)];
}
