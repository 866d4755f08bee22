/**
 * Which of the retrained candidates is the winner. Held-out images decide, test images have no say:
 *
 *   1. candidates within one standard error of the best (the one-standard-error rule, Breiman et al. 1984, 3.4.3):
 *      held-out images cannot tell them from it
 *   2. of these, the one that beats the most baselines: more accurate at no more energy, or no more of any cost that was
 *      searched for
 *   3. then the cheapest, then the more accurate
 */
import type { Genotype } from '../../spaces/space.ts';
import type { Retrained } from './retrain-phase.ts';

/** What the choice looks at. */
export type Contender = Pick<Retrained, 'role' | 'genotype' | 'validation'>;

/**
 * The winner among those with role 'candidate'; there must be one. `held`: number of held-out images; `costs`: those that
 * were searched for, the first one decides which network is cheaper.
 */
export function chooseWinner<T extends Contender>(
  networks: readonly T[],
  held: number,
  costs: (genotype: Genotype) => readonly number[],
): T {
  const candidates = networks.filter(({ role }) => role === 'candidate');
  const baselines = networks.filter(({ role }) => role === 'baseline');
  const accuracy = ({ validation }: Contender) => validation.accuracy;
  const noMore = (one: readonly number[], other: readonly number[]) =>
    one.every((cost, i) => cost <= other[i]);
  const best = Math.max(...candidates.map(accuracy));
  const error = Math.sqrt((best * (1 - best)) / held);
  const beaten = (one: Contender) =>
    baselines.filter(
      (other) => accuracy(one) > accuracy(other) && noMore(costs(one.genotype), costs(other.genotype)),
    ).length;
  return candidates
    .filter((one) => accuracy(one) >= best - error)
    .sort(
      (a, b) =>
        beaten(b) - beaten(a) || cheaper(costs(a.genotype), costs(b.genotype)) || accuracy(b) - accuracy(a),
    )[0];
}

/** Below 0 when `a` costs less: by the first cost in which they differ. */
function cheaper(a: readonly number[], b: readonly number[]): number {
  return a.map((cost, i) => cost - b[i]).find((difference) => difference !== 0) ?? 0;
}
