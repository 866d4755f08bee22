import { require_ } from '../core/errors.ts';
import { COST_NAMES, type Costs, type Score, type Scored } from './problem.ts';

/**
 * What a search can make small, by name: what scores give (this table) and every cost. A task that measures something
 * else adds a line here; no algorithm knows any of them.
 */
export const SCORE_OBJECTIVES = {
  loss: ({ loss }) => loss,
  error: ({ accuracy }) => 1 - accuracy,
  /** What BLEU falls short of 100 by. */
  bleu: ({ bleu }) => (bleu === undefined ? undefined : 100 - bleu),
} as const satisfies Readonly<Record<string, (score: Score) => number | undefined>>;

export type ScoreObjective = keyof typeof SCORE_OBJECTIVES;
export type Objective = ScoreObjective | keyof Costs;

export const OBJECTIVE_NAMES: readonly Objective[] = [
  ...(Object.keys(SCORE_OBJECTIVES) as ScoreObjective[]),
  ...COST_NAMES,
];

/** Throws `usage` for a name that is no objective. */
export function checkObjectives(algorithm: string, objectives: readonly Objective[]): void {
  for (const objective of objectives)
    require_(
      OBJECTIVE_NAMES.includes(objective),
      'usage',
      `${algorithm}: an objective is one of ${OBJECTIVE_NAMES.join(', ')}, got '${objective}'`,
    );
}

/** The point of a candidate in the objectives, all to be made small. Throws `usage` for one it has no value of. */
export function objectivePoint<G>(scored: Scored<G>, objectives: readonly Objective[]): number[] {
  return objectives.map((objective) => measured(scored, objective));
}

/** How far beyond the bounds: the sum of value / bound - 1 over the objectives that exceed theirs. */
export function violation<G>(
  scored: Scored<G>,
  bounds: { readonly [K in Objective]?: number | undefined },
): number {
  let sum = 0;
  for (const [objective, bound] of Object.entries(bounds) as [Objective, number | undefined][]) {
    if (bound === undefined) continue;
    const value = measured(scored, objective);
    // A bound of 0 cannot be divided by; whatever is above it counts as it is.
    if (value > bound) sum += bound === 0 ? value : (value - bound) / Math.abs(bound);
  }
  return sum;
}

function measured<G>(scored: Scored<G>, objective: Objective): number {
  const value = isScore(objective) ? SCORE_OBJECTIVES[objective](scored) : scored.costs[objective];
  const { key } = scored;
  require_(
    value !== undefined,
    'usage',
    () =>
      `genotype ${key} has no value for the objective '${objective}': its score or its price must give one, or leave the objective out`,
    { key, objective },
  );
  return value;
}

function isScore(objective: Objective): objective is ScoreObjective {
  return Object.hasOwn(SCORE_OBJECTIVES, objective);
}
