import { deepStrictEqual, fail, ok, strictEqual, throws } from 'node:assert/strict';
import { ShiftAddError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { type Limits, meets, type Score, type SearchProblem } from './problem.ts';
import { type CommonConfig, type Sampler, type SearchState, waiting } from './sampler.ts';
import { type Digits, FEASIBLE, LIMITS, OPTIMUM, toyProblem, toyScore } from './toy.ts';

/**
 * What any sampler must keep to, ours or anyone's. No test framework is needed: each check has a name and throws
 * when it does not hold.
 *
 *   for (const { name, run } of samplerChecks(factory)) test(name, run);
 *
 * Proposals, and what a proposal asks of the problem, are counted: a sampler that draws for ever or is never finished
 * fails with a sentence. Only a loop that asks the problem for nothing hangs, for nobody can look into it.
 */
export interface SamplerCheck {
  readonly name: string;
  readonly run: () => void;
}

/** Makes the sampler under test, with a config that evaluates at least `evaluations` if it finds as many. */
export type SamplerFactory<C extends CommonConfig> = (
  evaluations: number,
  limits: Limits,
) => { readonly sampler: Sampler<C>; readonly config: Partial<C> };

type State<C extends CommonConfig> = SearchState<Digits, C>;

/** More proposals than any search of a space of 243 words needs, even if it proposes them one at a time. */
const PROPOSALS = 5000;
/** Moves, names and prices of one proposal: no algorithm here asks for more than 32,400, in a row of vain draws. */
const CALLS = 250_000;

/** The same sampler, whose proposals throw when there are too many of them, or when one asks for too much. */
function bounded<C extends CommonConfig>(sampler: Sampler<C>): Sampler<C> {
  let proposals = 0;
  return {
    name: sampler.name,
    init: (config, random) => sampler.init(config, random),
    absorb: (state, scores) => sampler.absorb(state, scores),
    finished: (state) => sampler.finished(state),
    propose(state, problem) {
      if (++proposals > PROPOSALS)
        fail(
          `${sampler.name} is not finished after ${PROPOSALS} proposals, with ${state.scored.length} scored of the ${FEASIBLE} words within the limits; finished() must become true when the budget is spent or nothing new is found`,
        );
      return sampler.propose(state, counted(sampler.name, problem));
    },
  };
}

function counted<G>(name: string, problem: SearchProblem<G>): SearchProblem<G> {
  let calls = 0;
  const counting = <A extends unknown[], R>(call: (...args: A) => R) => {
    return (...args: A): R => {
      if (++calls > CALLS)
        fail(
          `${name} asked the problem ${CALLS} times for moves, names and prices in one proposal and still goes on; a row of draws that bring nothing new must end`,
        );
      return call(...args);
    };
  };
  const { sample, mutate, crossover, key, price, neighbours } = problem;
  return {
    ...problem,
    sample: counting(sample),
    mutate: counting(mutate),
    crossover: counting(crossover),
    key: counting(key),
    price: counting(price),
    ...(neighbours && { neighbours: counting(neighbours) }),
  };
}

export function samplerChecks<C extends CommonConfig>(factory: SamplerFactory<C>): SamplerCheck[] {
  const begin = (seed: number, evaluations = FEASIBLE, limits: Limits = LIMITS) => {
    const { sampler: given, config } = factory(evaluations, limits);
    const sampler = bounded(given);
    return { sampler, state: sampler.init<Digits>(config, Random.fromSeed(seed)) };
  };
  const finish = (sampler: Sampler<C>, from: State<C>, each: (state: State<C>) => State<C> = (s) => s) => {
    let state = each(from);
    while (!sampler.finished(state)) {
      state = each(sampler.propose(state, toyProblem));
      for (const { key, genotype } of waiting(state))
        state = each(sampler.absorb(state, { [key]: toyScore(genotype) }));
    }
    return state;
  };
  const complete = (seed: number, evaluations?: number) => {
    const { sampler, state } = begin(seed, evaluations);
    return finish(sampler, state);
  };
  const jsonCopy = (state: State<C>): State<C> => JSON.parse(JSON.stringify(state));

  return [
    {
      name: 'finds the known optimum of a space it may evaluate in full',
      run() {
        for (const seed of [1, 2, 3]) {
          const best = complete(seed).scored.reduce((a, b) => (b.loss < a.loss ? b : a));
          strictEqual(best.key, OPTIMUM);
        }
      },
    },
    {
      name: 'gives the same trace for the same seed, another for another',
      run() {
        deepStrictEqual(complete(5, 60), complete(5, 60));
        const keys = (seed: number) => complete(seed, 60).scored.map(({ key }) => key);
        ok(keys(5).join() !== keys(6).join(), 'two seeds gave the same trace');
      },
    },
    {
      name: 'continues identically from JSON at every point, half-scored batches included',
      run() {
        const { sampler, state } = begin(7, 60);
        deepStrictEqual(
          jsonCopy(finish(sampler, state, jsonCopy)),
          jsonCopy(finish(sampler, begin(7, 60).state)),
        );
      },
    },
    {
      name: 'does not depend on the order in which scores arrive, nor on how many at a time',
      run() {
        const { sampler, state: start } = begin(8, 60);
        let state = start;
        while (!sampler.finished(state)) {
          state = sampler.propose(state, toyProblem);
          const scores: [string, Score][] = waiting(state).map((c) => [c.key, toyScore(c.genotype)]);
          scores.reverse();
          const half = scores.length >> 1;
          for (const part of [scores.slice(0, half), scores.slice(half)])
            state = sampler.absorb(state, Object.fromEntries(part));
        }
        deepStrictEqual(state, complete(8, 60));
      },
    },
    {
      name: 'never proposes what exceeds a limit, and prices what it proposes',
      run() {
        for (const { genotype, costs } of complete(9).scored) {
          ok(meets(costs, LIMITS));
          deepStrictEqual(costs, toyProblem.price(genotype));
        }
      },
    },
    {
      name: 'never repeats, and numbers its proposals from 0',
      run() {
        const { scored } = complete(10);
        strictEqual(new Set(scored.map(({ key }) => key)).size, scored.length);
        deepStrictEqual(
          scored.map(({ id }) => id),
          scored.map((_, i) => i),
        );
      },
    },
    {
      name: 'ends when the space is used up',
      run() {
        const { sampler, state } = begin(11, 10 * FEASIBLE);
        const end = finish(sampler, state);
        strictEqual(end.scored.length, FEASIBLE);
      },
    },
    {
      name: 'proposes the same batch until it is scored, and nothing once finished',
      run() {
        const { sampler, state } = begin(12, 60);
        const asked = sampler.propose(state, toyProblem);
        strictEqual(sampler.propose(asked, toyProblem), asked);
        const end = complete(12, 60);
        strictEqual(sampler.propose(end, toyProblem), end);
      },
    },
    {
      name: 'gives up with the nearest value seen when no limit can be met',
      run() {
        const { sampler, state } = begin(13, 60, { energyMj: 0.5 });
        throws(
          () => sampler.propose(state, toyProblem),
          (error) =>
            error instanceof ShiftAddError &&
            error.code === 'limit' &&
            /best seen 1 mJ, genotype 00000/.test(error.message),
        );
      },
    },
    {
      name: 'refuses a score twice, for a stranger, or that is no number',
      run() {
        const { sampler, state } = begin(14, 60);
        const asked = sampler.propose(state, toyProblem);
        const [{ key }] = waiting(asked);
        const score = { loss: 1, accuracy: 0 };
        const once = sampler.absorb(asked, { [key]: score });
        throws(() => sampler.absorb(once, { [key]: score }), { code: 'usage' });
        throws(() => sampler.absorb(asked, { stranger: score }), { code: 'usage' });
        throws(() => sampler.absorb(asked, { [key]: { loss: Number.NaN, accuracy: 0 } }), {
          code: 'diverged',
        });
      },
    },
  ];
}
