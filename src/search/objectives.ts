import { require_ } from '../core/errors.ts';
import { COST_NAMES, COSTS, type Costs, type Score, type Scored } from './problem.ts';

/** What a score gives a search to make small. */
interface ScoreMeasure {
  /** As people read it. */
  readonly name: string;
  readonly of: (score: Score) => number | undefined;
  /** What guessing one of `choices` comes to: the worst that counts. */
  readonly guessing: (choices: number) => number;
}

/**
 * What a search can make small, by name: what scores give (this table) and every cost. A task that measures something
 * else adds a line here; no algorithm knows any of them.
 */
export const SCORE_OBJECTIVES = {
  loss: { name: 'loss', of: ({ loss }) => loss, guessing: Math.log },
  error: { name: 'error', of: ({ accuracy }) => 1 - accuracy, guessing: (choices) => 1 - 1 / choices },
  /** What BLEU falls short of 100 by. */
  bleu: {
    name: 'BLEU',
    of: ({ bleu }) => (bleu === undefined ? undefined : 100 - bleu),
    guessing: () => 100,
  },
} as const satisfies Readonly<Record<string, ScoreMeasure>>;

export type ScoreObjective = keyof typeof SCORE_OBJECTIVES;
export type Objective = ScoreObjective | keyof Costs;

export const OBJECTIVE_NAMES: readonly Objective[] = [
  ...(Object.keys(SCORE_OBJECTIVES) as ScoreObjective[]),
  ...COST_NAMES,
];

/** What a search is measured by that takes no objectives, and one that is told none. */
export const DEFAULT_OBJECTIVES: readonly Objective[] = ['loss', 'energyMj'];

/** Whether they are the same, in whatever order. */
export function sameObjectives(some: readonly Objective[], others: readonly Objective[]): boolean {
  return some.length === others.length && some.every((objective) => others.includes(objective));
}

/** Throws `usage` for a name that is no objective. */
export function checkObjectives(algorithm: string, objectives: readonly Objective[]): void {
  for (const objective of objectives)
    require_(
      OBJECTIVE_NAMES.includes(objective),
      'usage',
      `${algorithm}: an objective is one of ${OBJECTIVE_NAMES.join(', ')}, got '${objective}'`,
    );
}

/** `BLEU`, `energy`, `multiply-accumulates` */
export function objectiveName(objective: Objective): string {
  return isScore(objective) ? SCORE_OBJECTIVES[objective].name : COSTS[objective].name;
}

/** With its unit: `BLEU`, `energy (mJ)` */
export function objectiveLabel(objective: Objective): string {
  const unit = isScore(objective) ? '' : COSTS[objective].unit;
  return objectiveName(objective) + (unit === '' ? '' : ` (${unit})`);
}

/** `loss and energy`, `error, energy and area` */
export function listObjectives(objectives: readonly Objective[]): string {
  const names = objectives.map(objectiveName);
  const last = names.pop() ?? '';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}

/** An objective to be made small; undefined where neither the score nor the costs give it. A flat record is both. */
export function objectiveValue(objective: Objective, score: Score, costs: Costs): number | undefined {
  return isScore(objective) ? SCORE_OBJECTIVES[objective].of(score) : costs[objective];
}

/** The point of a candidate in the objectives, all to be made small. Throws `usage` for one it has no value of. */
export function objectivePoint<G>(scored: Scored<G>, objectives: readonly Objective[]): number[] {
  return objectives.map((objective) => measured(scored, objective));
}

/** Most that an objective may be, by its name; what is absent is unbounded. */
export type Bounds = { readonly [K in Objective]?: number | undefined };

/** How far beyond the bounds: the sum of value / bound - 1 over the objectives that exceed theirs. */
export function violation<G>(scored: Scored<G>, bounds: Bounds): number {
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
  const value = objectiveValue(objective, scored, scored.costs);
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

export function isScore(objective: Objective): objective is ScoreObjective {
  return Object.hasOwn(SCORE_OBJECTIVES, objective);
}

/** The costs among objectives, in their order; energy where there is none. */
export function costsAmong(objectives: readonly Objective[]): readonly (keyof Costs)[] {
  const costs = objectives.filter((objective): objective is keyof Costs => !isScore(objective));
  return costs.length === 0 ? ['energyMj'] : costs;
}
