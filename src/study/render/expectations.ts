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

export function sharingExpectation(cells: readonly CellLine[], set: string): string[] {
  return (['short', 'long'] as const).map((length) => {
    const shared = supernets(cells, set, DEFAULT_SCHEME, length);
    const own = supernets(cells, set, UNSHARED, length);
    const accuracy = (one: Found<'supernet'>) => meanScore(one).accuracy;
    const differences = bySeed(shared, own, accuracy, accuracy);
    if (differences.length === 0) return told('not tested', `${length} training.`);
    const [{ figures }] = shared;
    const saved = (100 * (1 - figures.params / figures.paramsUnshared)).toFixed(1);
    const losses = bySeed(
      shared,
      own,
      (one) => meanScore(one).loss / 100,
      (one) => meanScore(one).loss / 100,
    );
    return told(
      atLeast(differences, 0),
      `${epochs(figures.epochs)}: sharing all three families changes the accuracy of random paths by ` +
        `${showDifferences(differences)} and their loss by ${signed(mean(losses), 3)}, with ${saved} % fewer parameters ` +
        `(60 % were expected; attention, stem and head are never shared). The scale of the adders ends at ` +
        `${scaleRange(shared)}${runaway(shared)}.`,
    );
  });
}

/** Bounds of the default scale: one that stands there would have gone on. */
function runaway(found: readonly Found<'supernet'>[]): string {
  const high = largest(
    found.flatMap(({ figures }) => (figures.scales === null ? [] : [figures.scales.high])),
  );
  return high >= 7.99 ? ', which is its upper bound' : '';
}

export function rankExpectation(cells: readonly CellLine[], set: string, truth: readonly TruePath[]): string {
  const rank = agreement(
    supernets(cells, set, DEFAULT_SCHEME, 'short').map(({ figures }) => figures.ranked),
    truth,
  );
  if (rank === null) return told('not tested', 'too few paths were trained alone, or there is no supernet.');
  const known = reliability(truth);
  const interval = `tau ${rank.tau.toFixed(2)} (95 %: ${rank.low.toFixed(2)} to ${rank.high.toFixed(2)}), rho ${rank.rho.toFixed(2)} over ${rank.paths} paths`;
  if (known === null)
    return told('not decided', `${interval}; no path has a second seed, so noise is unknown.`);
  const clear =
    rank.clear === null || rank.clear.pairs === 0
      ? ''
      : ` Over the ${rank.clear.pairs} of ${rank.clear.of} pairs that differ by more than two standard errors of their seeds tau is ${rank.clear.tau.toFixed(2)}.`;
  const differ = `networks differ by ${known.paths.toFixed(3)}, seeds of one by ${known.seeds.toFixed(3)}`;
  if (known.paths <= known.seeds) {
    return told('not decided', `${interval}, but ${differ}: there is no order to find.${clear}`);
  }
  const verdict = rank.low >= 0.6 ? 'holds' : rank.high < 0.6 ? 'does not hold' : 'not decided';
  return told(verdict, `${interval}; ${differ}.${clear}`);
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
