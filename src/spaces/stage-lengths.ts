import { require_ } from '../core/errors.ts';

/**
 * Tuples of stage lengths by rule instead of by list: a range for every stage, a range for the sum, and if wished
 * only tuples whose later stages are at least as long as earlier ones (as the published space has it, spec 3.2).
 */
export interface StageLengthRule {
  /** Fewest and most layers of each stage. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Fewest and most layers of the whole network. */
  readonly total?: readonly [number, number] | undefined;
  readonly nonDecreasing?: boolean | undefined;
}

/** A space lists its tuples, so a rule that means more than these is refused rather than expanded. */
export const MOST_TUPLES = 100_000;

/** All tuples that the rule allows, in lexicographic order. Throws `usage` when there are more than 100,000. */
export function stageTuples(rule: StageLengthRule): number[][] {
  const { low, high, nonDecreasing = false } = rule;
  const [least, most] = rule.total ?? [0, Number.MAX_SAFE_INTEGER];
  require_(
    low.length === high.length,
    'usage',
    `stageLengths: low and high must name the same number of stages, but low has ${low.length} and high ${high.length}`,
  );
  // What the stages from s on can add at least and at most: branches that cannot reach the sum are never entered.
  const restLow = suffixSums(low);
  const restHigh = suffixSums(high);
  const out: number[][] = [];
  const tuple: number[] = [];
  const extend = (stage: number, sum: number): void => {
    if (stage === low.length) {
      require_(
        out.length < MOST_TUPLES,
        'usage',
        `stageLengths: the rule allows more than ${MOST_TUPLES.toLocaleString('en')} tuples; narrow its ranges`,
      );
      out.push([...tuple]);
      return;
    }
    const from = nonDecreasing && stage > 0 ? Math.max(low[stage], tuple[stage - 1]) : low[stage];
    for (let length = from; length <= high[stage]; length++) {
      const next = sum + length;
      if (next + restLow[stage + 1] > most) break;
      if (next + restHigh[stage + 1] < least) continue;
      tuple.push(length);
      extend(stage + 1, next);
      tuple.pop();
    }
  };
  extend(0, 0);
  return out;
}

function suffixSums(values: readonly number[]): number[] {
  const sums = new Array<number>(values.length + 1).fill(0);
  for (let i = values.length - 1; i >= 0; i--) sums[i] = sums[i + 1] + values[i];
  return sums;
}
