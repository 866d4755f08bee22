import { require_ } from '../core/errors.ts';
import type { OperatorName } from '../operators/names.ts';
import { allowedOperators, layersAt } from './rules.ts';
import type { Space } from './space.ts';
import { showLengths } from './stage-layers.ts';

/**
 * Counting under ties and exclusions, exactly and without listing: the layers of a tuple are read first to last by
 * a finite automaton whose state is what the rules still need to know,
 *
 *   tied     the operator of every tie that has begun and goes on
 *   met      which choices of every exclusion have been made, while all of them can still be
 *   recent   the last operators, as far as they begin a row that is excluded
 *
 * and the number of ways to go on from a state is the sum over the next operator (a transfer matrix, one layer at a
 * time, with bigints). States that can no longer differ are made equal, so rules of few layers cost few states.
 */
export interface RuleState {
  readonly tied: readonly (OperatorName | '')[];
  readonly met: readonly number[];
  readonly recent: readonly OperatorName[];
}

/** States that a space may need, over all its tuples; far above what rules written by hand make. */
export const MOST_STATES = 100_000;

interface Excluded {
  /** By layer: the choices that are open there, with the operators that make them. */
  readonly at: ReadonlyMap<
    number,
    readonly { readonly bit: number; readonly operators: readonly string[] }[]
  >;
  /** The last layer in which each choice can be made. */
  readonly last: readonly number[];
  readonly all: number;
}

export class RuleAutomaton {
  /** The state before the first layer. */
  readonly start: RuleState;
  /** Networks of this tuple that keep all rules. */
  readonly total: bigint;
  readonly allowed: readonly (readonly OperatorName[])[];
  private readonly ties: readonly { readonly layers: ReadonlySet<number>; readonly last: number }[];
  private readonly excluded: readonly Excluded[];
  private readonly rows: readonly (readonly OperatorName[])[];
  private readonly counts: Map<string, bigint>[];
  private readonly budget: { left: number };

  /** Throws `usage` when `budget`, which the tuples of a space share, has no states left. */
  constructor(space: Space, lengths: readonly number[], budget: { left: number }) {
    this.budget = budget;
    this.allowed = allowedOperators(space, lengths);
    this.counts = this.allowed.map(() => new Map());
    this.ties = (space.ties ?? []).map((places) => {
      const layers = new Set(places.flatMap((place) => layersAt(place, lengths)));
      return { layers, last: Math.max(-1, ...layers) };
    });
    const excluded = (space.exclusions ?? []).flatMap(({ together = [] }) => {
      const lengthsMet = together.filter((choice) => choice.lengths !== undefined);
      const open = together.filter((choice) => choice.lengths === undefined);
      const possible = lengthsMet.every((choice) => choice.lengths?.includes(lengths[choice.stage]));
      return together.length > 0 && possible ? [open] : [];
    });
    this.excluded = excluded.map((choices): Excluded => {
      const at = new Map<number, { bit: number; operators: readonly string[] }[]>();
      const last = choices.map((choice, i) => {
        const layers = layersAt(choice, lengths);
        for (const layer of layers)
          at.set(layer, [...(at.get(layer) ?? []), { bit: 1 << i, operators: choice.operators ?? [] }]);
        return Math.max(-1, ...layers);
      });
      return { at, last, all: (1 << choices.length) - 1 };
    });
    this.rows = (space.exclusions ?? []).flatMap(({ inARow }) => (inARow === undefined ? [] : [inARow]));
    this.start = {
      tied: this.ties.map(() => ''),
      met: this.excluded.map(() => 0),
      recent: [],
    };
    // An exclusion of lengths alone rules out the tuple whatever its operators are.
    const never = this.excluded.some(({ all }) => all === 0);
    this.total = never ? 0n : this.count(0, this.start, lengths);
  }

  /** The state after `layer` uses `operator`; undefined when that breaks a rule. */
  step(state: RuleState, layer: number, operator: OperatorName): RuleState | undefined {
    const tied: (OperatorName | '')[] = [];
    for (const [i, { layers, last }] of this.ties.entries()) {
      let held = state.tied[i];
      if (layers.has(layer)) {
        if (held !== '' && held !== operator) return undefined;
        held = operator;
      }
      tied.push(layer >= last ? '' : held);
    }
    const met: number[] = [];
    for (const [i, { at, last, all }] of this.excluded.entries()) {
      let made = state.met[i];
      for (const { bit, operators } of at.get(layer) ?? []) if (operators.includes(operator)) made |= bit;
      if (made === all) return undefined;
      const over = last.some((end, choice) => layer >= end && (made & (1 << choice)) === 0);
      met.push(over ? 0 : made);
    }
    let recent = [...state.recent, operator];
    if (this.rows.some((row) => endsWith(recent, row))) return undefined;
    while (recent.length > 0 && !this.rows.some((row) => startsWith(row, recent))) recent = recent.slice(1);
    return { tied, met, recent };
  }

  /** Ways to choose the operators of layer `layer` and all after it, coming from `state`. */
  count(layer: number, state: RuleState, lengths: readonly number[] = []): bigint {
    if (layer === this.allowed.length) return 1n;
    const key = `${state.tied.join()}|${state.met.join()}|${state.recent.join()}`;
    const known = this.counts[layer].get(key);
    if (known !== undefined) return known;
    require_(
      --this.budget.left >= 0,
      'usage',
      () =>
        `the ties and exclusions connect so many choices that counting the networks takes more than ` +
        `${MOST_STATES.toLocaleString('en')} states, reached at stage lengths ${showLengths(lengths)}; use fewer or shorter ones`,
    );
    let sum = 0n;
    for (const operator of this.allowed[layer]) {
      const next = this.step(state, layer, operator);
      if (next !== undefined) sum += this.count(layer + 1, next, lengths);
    }
    this.counts[layer].set(key, sum);
    return sum;
  }
}

function endsWith(recent: readonly string[], row: readonly string[]): boolean {
  return (
    row.length <= recent.length && row.every((name, i) => recent[recent.length - row.length + i] === name)
  );
}

function startsWith(row: readonly string[], recent: readonly string[]): boolean {
  return recent.length <= row.length && recent.every((name, i) => row[i] === name);
}

const automata = new WeakMap<Space, { budget: { left: number }; byTuple: Map<string, RuleAutomaton> }>();

/** The automaton of a tuple of stage lengths, made once. Throws `usage` when the rules need too many states. */
export function ruleAutomaton(space: Space, lengths: readonly number[]): RuleAutomaton {
  let known = automata.get(space);
  if (known === undefined) {
    known = { budget: { left: MOST_STATES }, byTuple: new Map() };
    automata.set(space, known);
  }
  const key = showLengths(lengths);
  let automaton = known.byTuple.get(key);
  if (automaton === undefined) {
    automaton = new RuleAutomaton(space, lengths, known.budget);
    known.byTuple.set(key, automaton);
  }
  return automaton;
}

/** The `index`-th choice of operators that keeps the rules, in the order of the stages' lists, last layer fastest. */
export function operatorsAt(space: Space, lengths: readonly number[], index: bigint): OperatorName[] {
  const automaton = ruleAutomaton(space, lengths);
  let state = automaton.start;
  let rest = index;
  return automaton.allowed.map((allowed, layer) => {
    for (const operator of allowed) {
      const next = automaton.step(state, layer, operator);
      if (next === undefined) continue;
      const ways = automaton.count(layer + 1, next);
      if (rest < ways) {
        state = next;
        return operator;
      }
      rest -= ways;
    }
    throw new RangeError(
      `stage lengths ${showLengths(lengths)} have ${automaton.total} networks, got ${index}`,
    );
  });
}

/** The inverse of `operatorsAt` for operators that keep the rules. */
export function indexOfOperators(
  space: Space,
  lengths: readonly number[],
  operators: readonly OperatorName[],
): bigint {
  const automaton = ruleAutomaton(space, lengths);
  let state: RuleState | undefined = automaton.start;
  let index = 0n;
  for (const [layer, chosen] of operators.entries()) {
    let after: RuleState | undefined;
    for (const operator of automaton.allowed[layer]) {
      const next: RuleState | undefined = state && automaton.step(state, layer, operator);
      if (operator === chosen) {
        after = next;
        break;
      }
      if (next !== undefined) index += automaton.count(layer + 1, next);
    }
    state = after;
  }
  return index;
}
