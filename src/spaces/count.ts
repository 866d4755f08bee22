import { ruleAutomaton } from './rule-automaton.ts';
import { hasRules } from './rules.ts';
import type { Space } from './space.ts';
import { layerCount, showLengths } from './stage-layers.ts';

/**
 * How many architectures a space holds, exactly. Under one tuple of stage lengths every layer chooses freely among
 * the operators of its stage, so the tuple holds the product of those numbers; the space holds the sum over its
 * tuples. Where ties and exclusions bind the choices, an automaton counts (rule-automaton.ts). Counts are bigints: sixteen layers of four operators fit a double, forty do not.
 */

/** Architectures with these stage lengths: without rules the product over stages of (operators allowed) ^ (layers). */
export function countTuple(space: Space, lengths: readonly number[]): bigint {
  if (hasRules(space)) return ruleAutomaton(space, lengths).total;
  return lengths.reduce(
    (product, length, stage) => product * BigInt(space.stages[stage].operators.length) ** BigInt(length),
    1n,
  );
}

/** Architectures of the whole space (198,955,008 for the published one, spec 3.2). */
export function countSpace(space: Space): bigint {
  return tupleTable(space).total;
}

/**
 * What drawing and numbering need to know of a space, worked out once. Tuple t holds the architectures numbered
 * `first[t]` up to `first[t] + count[t] - 1`.
 */
export interface TupleTable {
  readonly total: bigint;
  readonly count: readonly bigint[];
  readonly first: readonly bigint[];
  /** Index in `space.stageLengths` by `2-3-3`. */
  readonly index: ReadonlyMap<string, number>;
  readonly layers: readonly number[];
}

const tables = new WeakMap<Space, TupleTable>();

export function tupleTable(space: Space): TupleTable {
  const known = tables.get(space);
  if (known) return known;
  const count = space.stageLengths.map((lengths) => countTuple(space, lengths));
  const first: bigint[] = [];
  let total = 0n;
  for (const n of count) {
    first.push(total);
    total += n;
  }
  const index = new Map(space.stageLengths.map((lengths, i) => [showLengths(lengths), i]));
  const table = { total, count, first, index, layers: space.stageLengths.map(layerCount) };
  tables.set(space, table);
  return table;
}

/** Whether the space has networks with these stage lengths. */
export function allowsLengths(space: Space, lengths: readonly number[]): boolean {
  return tupleTable(space).index.has(showLengths(lengths));
}
