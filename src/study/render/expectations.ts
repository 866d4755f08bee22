/**
 * What was expected before anything was measured, and what came of it. A sentence holds, does not hold, or is not
 * decided: when seeds are too few or differ by more than the finding.
 */
import type { CellLine } from '../journal.ts';
import { agreement, reliability, type TruePath } from '../rank.ts';
import { DEFAULT_SCHEME, UNSHARED } from '../schemes.ts';
import { type Found, pick, supernets } from './findings.ts';
import { largest, mean, signed, smallest, standardError } from './format.ts';
import { meanScore, scaleRange } from './sharing-section.ts';

export type Verdict = 'holds' | 'does not hold' | 'not decided' | 'not tested';

const told = (verdict: Verdict, text: string) => `**${verdict}**: ${text}`;

/** Whether a difference is at least `bound`, given its values by seed: decided at two standard errors. */
export function atLeast(differences: readonly number[], bound: number): Verdict {
  if (differences.length === 0) return 'not tested';
  const error = standardError(differences);
  if (error === null) return 'not decided';
  const over = mean(differences) - bound;
  if (Math.abs(over) < 2 * error) return 'not decided';
  return over >= 0 ? 'holds' : 'does not hold';
}

const epochs = (count: number) => `${count} epoch${count === 1 ? '' : 's'}`;

/** `+1.20 points (seeds: +1.0, +1.4; standard error 0.20)` */
function showDifferences(differences: readonly number[]): string {
  const error = standardError(differences);
  const about =
    error === null
      ? 'one seed'
      : `seeds: ${differences.map((one) => signed(one)).join(', ')}; standard error ${error.toFixed(2)}`;
  return `${signed(mean(differences))} points (${about})`;
}

/** `a` minus `b` for every seed that both have, in points. */
function bySeed<A extends { seed: number }, B extends { seed: number }>(
  a: readonly A[],
  b: readonly B[],
  accuracyA: (one: A) => number,
  accuracyB: (one: B) => number,
): number[] {
  return a.flatMap((one) => {
    const other = b.find(({ seed }) => seed === one.seed);
    return other === undefined ? [] : [100 * (accuracyA(one) - accuracyB(other))];
  });
}

/** Accuracy, and where the adder's scale ends, for each length of training; and how many parameters are saved. */
export function sharingExpectation(cells: readonly CellLine[], set: string): string[] {
  const lengths = (['short', 'long'] as const).flatMap((length) => {
    const shared = supernets(cells, set, DEFAULT_SCHEME, length);
    const own = supernets(cells, set, UNSHARED, length);
    const score = (of: 'accuracy' | 'loss') => (one: Found<'supernet'>) => meanScore(one)[of];
    const differences = bySeed(shared, own, score('accuracy'), score('accuracy'));
    if (differences.length === 0) return [told('not tested', `${length} training.`)];
    const losses = bySeed(shared, own, score('loss'), score('loss')).map((difference) => difference / 100);
    const trained = epochs(shared[0].figures.epochs);
    return [
      told(
        atLeast(differences, 0),
        `${trained}: sharing all three families changes the accuracy of random paths by ` +
          `${showDifferences(differences)} and their loss by ${signed(mean(losses), 3)}.`,
      ),
      told(
        standsAtBound(shared) ? 'does not hold' : 'holds',
        `${trained}: the scale of the adders does not run away: it ends at ${scaleRange(shared)}` +
          `${standsAtBound(shared) ? ', which is its upper bound' : ''}.`,
      ),
    ];
  });
  const [any] = supernets(cells, set, DEFAULT_SCHEME, 'short');
  if (any === undefined) return lengths;
  const saved = 100 * (1 - any.figures.params / any.figures.paramsUnshared);
  const size = told(
    saved >= SAVED ? 'holds' : 'does not hold',
    `${saved.toFixed(1)} % fewer parameters (${SAVED} % were expected; attention, stem and head are never shared).`,
  );
  return [...lengths, size];
}

/** Percent of the parameters that sharing was expected to save. */
const SAVED = 60;

/** Bounds of the default scale: one that stands there would have gone on. */
function standsAtBound(found: readonly Found<'supernet'>[]): boolean {
  return (
    largest(found.flatMap(({ figures }) => (figures.scales === null ? [] : [figures.scales.high]))) >= 7.99
  );
}

/**
 * Decided by the pairs of paths that differ by more than their seeds do, after short and after long training; the text says
 * how many do not.
 */
export function rankExpectation(
  cells: readonly CellLine[],
  set: string,
  truth: readonly TruePath[],
): string[] {
  return (['short', 'long'] as const).map((length) => {
    const those = supernets(cells, set, DEFAULT_SCHEME, length);
    const rank = agreement(
      those.map(({ figures }) => figures.ranked),
      truth,
    );
    if (rank === null)
      return told(
        'not tested',
        `${length} training: too few paths were trained alone, or there is no supernet.`,
      );
    const trained = epochs(those[0].figures.epochs);
    const over = `over all ${rank.paths} paths tau is ${interval(rank)}, rho ${rank.rho.toFixed(2)}`;
    const known = reliability(truth);
    if (known === null || rank.clear === null)
      return told('not decided', `${trained}: ${over}; no path has a second seed, so noise is unknown.`);
    const { clear } = rank;
    const differ = `networks differ by ${known.paths.toFixed(3)}, seeds of one by ${known.seeds.toFixed(3)}`;
    if (known.paths <= known.seeds || clear.pairs === 0) {
      return told('not decided', `${trained}: ${over}, but ${differ}: there is no order to find.`);
    }
    const verdict = clear.low >= TAU ? 'holds' : clear.high < TAU ? 'does not hold' : 'not decided';
    return told(
      verdict,
      `${trained}: tau ${interval(clear)} over the ${clear.pairs} of ${clear.of} pairs that differ by more than two ` +
        `standard errors of their seeds; the others have no order to find. ${over[0].toUpperCase()}${over.slice(1)}; ${differ}.`,
    );
  });
}

const TAU = 0.6;

/** `0.56 (95 %: 0.25 to 0.76)` */
function interval({ tau, low, high }: { tau: number; low: number; high: number }): string {
  return `${tau.toFixed(2)} (95 %: ${low.toFixed(2)} to ${high.toFixed(2)})`;
}

export function addExpectation(cells: readonly CellLine[], set: string): string {
  const of = (name: string) => pick(cells, set, 'network', ({ network }) => network === name);
  const [add, conv] = [of('all-add'), of('all-conv')];
  const accuracy = (one: Found<'network'>) => one.figures.test.accuracy;
  const differences = bySeed(add, conv, accuracy, accuracy);
  if (differences.length === 0) return told('not tested', 'all-add or all-conv is missing.');
  const scales = add.flatMap(({ figures }) => (figures.scales === null ? [] : [figures.scales]));
  const range =
    scales.length === 0
      ? ''
      : ` Its scales end between ${smallest(scales.map(({ low }) => low)).toFixed(2)} and ${largest(scales.map(({ high }) => high)).toFixed(2)}.`;
  return told(
    atLeast(differences, -3),
    `all-add minus all-conv on the test set after ${epochs(add[0].figures.epochs)}: ${showDifferences(differences)}.${range}`,
  );
}
