import { require_ } from '../core/errors.ts';
import { Random, type RandomState } from '../core/random.ts';
import { Collector } from './collector.ts';
import {
  type Candidate,
  type Limits,
  limitedCosts,
  SCORE_NAMES,
  type Score,
  type Scored,
  type SearchProblem,
} from './problem.ts';

/**
 * The contract of a search algorithm: ask and tell over plain data.
 *
 *   state = sampler.init(config, random)
 *   while (!sampler.finished(state)) {
 *     state = sampler.propose(state, problem)             // fills state.pending
 *     for (candidate of waiting(state)) ...               // evaluate, anywhere, in any order
 *     state = sampler.absorb(state, { [key]: score })     // some or all of them
 *   }
 *
 * Evaluation happens outside. The state is JSON at every step, a half-scored batch included, so it can be saved
 * anywhere and continues identically. Scores take effect in the order of the proposals, whatever order they arrive in.
 * The visited set is the keys of `scored`, and the front is a function of it, so both are in the state.
 */
export interface SearchState<G, C extends CommonConfig = CommonConfig> {
  readonly algorithm: string;
  readonly config: C;
  readonly random: RandomState;
  /** Batches proposed and completely scored. */
  readonly generation: number;
  /** Everything scored, each genotype once, in the order proposed: `scored[id]` has that id. */
  readonly scored: readonly Scored<G>[];
  /** The batch under evaluation; a score is null until it arrives. */
  readonly pending: readonly Pending<G>[];
  /** Ids of those the algorithm builds on, in its own order: best first, oldest first where age counts. */
  readonly population: readonly number[];
  /** Genotypes drawn so far, and those of them that exceeded a limit. */
  readonly attempts: number;
  readonly infeasible: number;
  /** No new genotype could be found within the budget of attempts. */
  readonly exhausted: boolean;
  /** What the algorithm has learned and keeps: plain data, absent where it learns nothing. */
  readonly memory?: unknown;
}

export interface Pending<G> {
  readonly candidate: Candidate<G>;
  readonly score: Score | null;
}

export interface CommonConfig {
  readonly limits: Limits;
  /** Draws in a row that bring nothing new within the limits before giving up. */
  readonly attempts: number;
}

export const DEFAULT_ATTEMPTS = 10_000;

export interface Sampler<C extends CommonConfig> {
  readonly name: string;
  /** Throws `usage` for a config out of range. What is left out has the algorithm's default. */
  init<G>(config: Partial<C>, random: Random): SearchState<G, C>;
  /**
   * Fills `pending` with new candidates within the limits; returns the state as it is while a batch is pending or
   * the search is finished. Throws `limit`, naming the nearest value seen, when nothing ever met the limits.
   */
  propose<G>(state: SearchState<G, C>, problem: SearchProblem<G>): SearchState<G, C>;
  /** Takes scores by key. Throws `usage` for a key not waiting, `diverged` for a loss that is no number. */
  absorb<G>(state: SearchState<G, C>, scores: Readonly<Record<string, Score>>): SearchState<G, C>;
  finished<G>(state: SearchState<G, C>): boolean;
}

/** What an algorithm adds to the contract; everything else is shared. */
export interface Algorithm<C extends CommonConfig> {
  readonly name: string;
  readonly defaults: C;
  check(config: C): void;
  /** What is learned from everything scored, before the next batch is proposed. Plain data. */
  learn?<G>(state: SearchState<G, C>, problem: SearchProblem<G>): unknown;
  /** Candidates scored on a part of the evaluation set that are to be scored on more of it, before any new ones. */
  promote?<G>(state: SearchState<G, C>): Candidate<G>[];
  /** Adds the next batch to the collector. */
  batch<G>(state: SearchState<G, C>, problem: SearchProblem<G>, collector: Collector<G>): void;
  /** Which ids to build on, once a batch is scored. */
  survive<G>(state: SearchState<G, C>, batch: readonly Scored<G>[]): number[];
  /** The part of the evaluation set that new candidates are scored on; all of it where this is left out. */
  share?<G>(state: SearchState<G, C>): number | undefined;
  /** Whether the planned number of batches or evaluations is reached. */
  complete<G>(state: SearchState<G, C>): boolean;
}

/** Candidates of the current batch whose scores have not arrived. */
export function waiting<G, C extends CommonConfig>(state: SearchState<G, C>): Candidate<G>[] {
  return state.pending.filter(({ score }) => score === null).map(({ candidate }) => candidate);
}

export function defineSampler<C extends CommonConfig>(algorithm: Algorithm<C>): Sampler<C> {
  const finished = <G>(state: SearchState<G, C>) =>
    state.pending.length === 0 && (state.exhausted || algorithm.complete(state));
  return {
    name: algorithm.name,
    finished,
    init<G>(given: Partial<C>, random: Random): SearchState<G, C> {
      const config = { ...algorithm.defaults, ...given };
      limitedCosts(config.limits);
      wholeNumber(algorithm.name, 'attempts', config.attempts);
      algorithm.check(config);
      return {
        algorithm: algorithm.name,
        config,
        random: random.state(),
        generation: 0,
        scored: [],
        pending: [],
        population: [],
        attempts: 0,
        infeasible: 0,
        exhausted: false,
      };
    },
    propose(state, problem) {
      belongs(algorithm.name, state.algorithm);
      if (state.pending.length > 0 || finished(state)) return state;
      const promoted = algorithm.promote?.(state) ?? [];
      if (promoted.length > 0) return { ...state, pending: promoted.map(unscored) };
      const learned = algorithm.learn === undefined ? {} : { memory: algorithm.learn(state, problem) };
      const random = new Random(state.random);
      const keys = state.scored.map(({ key }) => key);
      const collector = new Collector(problem, state.config.limits, random, keys);
      algorithm.batch({ ...state, ...learned }, problem, collector);
      const { candidates } = collector;
      if (candidates.length === 0 && state.scored.length === 0) throw collector.giveUp();
      const share = algorithm.share?.(state);
      const part = share === undefined || share >= 1 ? {} : { share };
      return {
        ...state,
        ...learned,
        random: random.state(),
        pending: candidates.map((candidate) => unscored({ ...candidate, ...part })),
        attempts: state.attempts + collector.attempts,
        infeasible: state.infeasible + collector.infeasible,
        exhausted: candidates.length === 0,
      };
    },
    absorb(state, scores) {
      belongs(algorithm.name, state.algorithm);
      const pending = receive(state.pending, scores);
      if (pending.length === 0 || pending.some(({ score }) => score === null)) return { ...state, pending };
      const batch = pending.map(({ candidate, score }) => ({ ...candidate, ...(score as Score) }));
      const next = {
        ...state,
        pending: [],
        scored: entered(state.scored, batch),
        generation: state.generation + 1,
      };
      return { ...next, population: algorithm.survive(next, batch) };
    },
  };
}

function unscored<G>(candidate: Candidate<G>): Pending<G> {
  return { candidate, score: null };
}

/** The list with a batch in it: a candidate that was scored before has its new score in its old place. */
function entered<G>(scored: readonly Scored<G>[], batch: readonly Scored<G>[]): Scored<G>[] {
  const all = [...scored];
  for (const one of batch) all[one.id] = one;
  return all;
}

function receive<G>(
  pending: readonly Pending<G>[],
  scores: Readonly<Record<string, Score>>,
): readonly Pending<G>[] {
  const open = new Set(pending.filter(({ score }) => score === null).map(({ candidate }) => candidate.key));
  for (const [key, score] of Object.entries(scores)) {
    require_(
      open.has(key),
      'usage',
      `genotype ${key} is not waiting for a score: it was never proposed or is scored already`,
      { key },
    );
    require_(
      Number.isFinite(score.loss) &&
        Number.isFinite(score.accuracy) &&
        SCORE_NAMES.every((name) => score[name] === undefined || Number.isFinite(score[name])),
      'diverged',
      () =>
        `genotype ${key} scored ${measured(score)
          .map(([name, value]) => `${name} ${value}`)
          .join(' and ')}; all must be finite numbers`,
      { key },
    );
  }
  return pending.map((entry) => {
    if (!Object.hasOwn(scores, entry.candidate.key)) return entry;
    return { ...entry, score: Object.fromEntries(measured(scores[entry.candidate.key])) as unknown as Score };
  });
}

/** What a score holds, whatever else stands in it. */
function measured(score: Score): (readonly [name: string, value: number | undefined])[] {
  return SCORE_NAMES.filter((name) => name in score && score[name] !== undefined).map(
    (name) => [name, score[name]] as const,
  );
}

function belongs(expected: string, found: string): void {
  require_(
    found === expected,
    'run',
    `this state belongs to the search algorithm '${found}', but '${expected}' was asked to continue it`,
  );
}

/** Throws `usage` unless `value` is a whole number of at least `least`. */
export function wholeNumber(algorithm: string, name: string, value: number, least = 1): void {
  require_(
    Number.isSafeInteger(value) && value >= least,
    'usage',
    `${algorithm}: ${name} must be a whole number of at least ${least}, got ${value}`,
    { name, value },
  );
}
