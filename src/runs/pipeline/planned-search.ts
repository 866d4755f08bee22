/** The search that the settings of a run ask for. */
import { nearest, require_, ShiftAddError } from '../../core/errors.ts';
import type { Accelerator } from '../../hardware/accelerator.ts';
import { type Limits, parseLimits } from '../../hardware/limits.ts';
import { type PlannedSearch, planSearch, type Release } from '../../search/algorithms.ts';
import type { AlgorithmName } from '../../search/names.ts';
import {
  type Bounds,
  DEFAULT_OBJECTIVES,
  type Objective,
  type ScoreObjective,
} from '../../search/objectives.ts';
import type { Costs } from '../../search/problem.ts';
import type { RunConfig } from '../options.ts';

/** What a task brings to a search of its networks. */
export interface SearchTask {
  /** Whose code `evolution-released` follows. */
  readonly release: Release;
  /** What it scores, by the names of settings. */
  readonly scores: Readonly<Record<string, ScoreObjective>>;
}

export const IMAGE_SEARCH: SearchTask = { release: 'images', scores: { loss: 'loss', error: 'error' } };
export const TRANSLATION_SEARCH: SearchTask = {
  release: 'translation',
  scores: { loss: 'loss', error: 'error', bleu: 'bleu' },
};

/** What every network is priced by, by the names of settings, and the setting that limits it. */
const COSTS: Readonly<Record<string, { readonly cost: keyof Costs; readonly limit: keyof RunConfig }>> = {
  energy: { cost: 'energyMj', limit: 'limitEnergy' },
  latency: { cost: 'latencyMs', limit: 'limitLatency' },
  area: { cost: 'areaMm2', limit: 'limitArea' },
  params: { cost: 'params', limit: 'limitParams' },
  macs: { cost: 'macs', limit: 'limitMacs' },
  multiplications: { cost: 'multiplications', limit: 'limitMultiplications' },
  additions: { cost: 'additions', limit: 'limitAdditions' },
  shifts: { cost: 'shifts', limit: 'limitShifts' },
};

/** What is scored and can be bounded. */
const BOUNDS = {
  boundError: { objective: 'error', flag: '--bound-error', most: 1, example: '12% or 0.12' },
  boundLoss: { objective: 'loss', flag: '--bound-loss', most: Number.MAX_VALUE, example: '1.5' },
  boundBleu: { objective: 'bleu', flag: '--bound-bleu', most: 100, example: '30' },
} as const satisfies { readonly [K in keyof RunConfig]?: object };

/** Settings without any bound. */
export const UNBOUNDED = { boundError: 'none', boundLoss: 'none', boundBleu: 'none' } as const;

/** Throws 'usage' for objectives that are none, and as boundsOf and planSearch do. `generations`: of this search. */
export function plannedSearch(
  config: RunConfig,
  limits: Limits,
  generations: number,
  task: SearchTask = IMAGE_SEARCH,
): PlannedSearch {
  return planSearch(config.algorithm as AlgorithmName, {
    limits,
    generations,
    population: config.population,
    parents: config.parents,
    objectives: parseObjectives(config.objectives, task),
    bounds: boundsOf(config, task),
    release: task.release,
  });
}

/**
 * The bounds of the settings on what is scored, as objectives have them: BLEU of at least 30 is a shortfall of at most 70.
 * Throws 'usage' for one that cannot be read or that the task does not score.
 */
export function boundsOf(config: RunConfig, { scores }: SearchTask): Bounds {
  const found = (Object.keys(BOUNDS) as (keyof typeof BOUNDS)[]).flatMap((key) => {
    const text = config[key];
    if (text === 'none') return [];
    const { objective, flag, most, example } = BOUNDS[key];
    require_(
      Object.values(scores).includes(objective),
      'usage',
      `${flag} asks for ${objective}, which networks of this data are not scored by; leave it out`,
      { bound: key },
    );
    const [, digits = '', percent = ''] = /^(\d+\.?\d*|\.\d+)(%?)$/.exec(text.trim()) ?? [];
    const amount = percent === '%' ? Number(digits) / 100 : Number(digits);
    require_(
      digits !== '' && amount <= most && (percent === '' || key === 'boundError'),
      'usage',
      `${flag} is a bound such as ${example}, but is '${text}'`,
      { bound: key, value: text },
    );
    return [[objective, key === 'boundBleu' ? 100 - amount : amount]];
  });
  return Object.fromEntries(found);
}

/** Reads 'loss,energy'. */
export function parseObjectives(text: string, { scores }: SearchTask = IMAGE_SEARCH): Objective[] {
  const objectives: Readonly<Record<string, Objective>> = {
    ...scores,
    ...Object.fromEntries(Object.entries(COSTS).map(([name, { cost }]) => [name, cost])),
  };
  const found = text.split(',').map((word): Objective => {
    const name = word.trim().toLowerCase();
    if (Object.hasOwn(objectives, name)) return objectives[name];
    const known = Object.keys(objectives);
    const near = nearest(name, known);
    throw new ShiftAddError(
      'usage',
      `--objectives lists what to make small, but '${word.trim()}' is none of ${known.join(', ')}${near === undefined ? '' : `; did you mean '${near}'?`}`,
      { objective: word.trim() },
    );
  });
  return [...new Set(found)];
}

/** What the searches of a run are measured by, its random ones too: only NSGA-II takes objectives. */
export function searchedObjectives(config: RunConfig, task: SearchTask): readonly Objective[] {
  return config.algorithm === 'nsga2' ? parseObjectives(config.objectives, task) : DEFAULT_OBJECTIVES;
}

/** The limits of the settings; shares are of `baseline`. Throws 'usage' as parseLimit does. */
export function limitsOf(config: RunConfig, baseline: Parameters<typeof parseLimits>[1]): Limits {
  const texts = Object.values(COSTS).map(({ cost, limit }): [keyof Costs, string | undefined] => {
    const text = String(config[limit]);
    return [cost, text === 'none' ? undefined : text];
  });
  return parseLimits(Object.fromEntries(texts), baseline);
}

/** Throws 'usage' where area is limited or made small, and the accelerator states no areas. */
export function checkArea(
  config: RunConfig,
  { name, areas }: Accelerator,
  task: SearchTask = IMAGE_SEARCH,
): void {
  if (areas?.[config.bits] !== undefined) return;
  const asked =
    config.limitArea !== 'none'
      ? '--limit-area'
      : searchedObjectives(config, task).includes('areaMm2')
        ? '--objectives'
        : undefined;
  if (asked === undefined) return;
  throw new ShiftAddError(
    'usage',
    `${asked} asks for area, but the accelerator ${name} states no areas at ${config.bits} bits; choose one that does, such as rowstationary-45nm, or leave area out`,
    { accelerator: name },
  );
}
