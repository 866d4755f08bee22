/**
 * Which of the retrained candidates is the winner. Held-out images decide, test images have no say:
 *
 *   1. candidates within one standard error of the best (the one-standard-error rule, Breiman et al. 1984, 3.4.3):
 *      held-out images cannot tell them from it
 *   2. of these, the one that beats the most baselines: more accurate at no more energy
 *   3. then the cheapest, then the more accurate
 */
import type { Genotype } from '../../spaces/space.ts';
import type { Retrained } from './retrain-phase.ts';

/** What the choice looks at. */
export type Contender = Pick<Retrained, 'role' | 'genotype' | 'validation'>;

/** The winner among those with role 'candidate'; there must be one. `held`: number of held-out images. */
export function chooseWinner<T extends Contender>(
  networks: readonly T[],
  held: number,
  energyMj: (genotype: Genotype) => number,
): T {
  const candidates = networks.filter(({ role }) => role === 'candidate');
  const baselines = networks.filter(({ role }) => role === 'baseline');
  const accuracy = ({ validation }: Contender) => validation.accuracy;
  const energy = ({ genotype }: Contender) => energyMj(genotype);
  const best = Math.max(...candidates.map(accuracy));
  const error = Math.sqrt((best * (1 - best)) / held);
  const beaten = (one: Contender) =>
    baselines.filter((other) => accuracy(one) > accuracy(other) && energy(one) <= energy(other)).length;
  return candidates
    .filter((one) => accuracy(one) >= best - error)
    .sort((a, b) => beaten(b) - beaten(a) || energy(a) - energy(b) || accuracy(b) - accuracy(a))[0];
}
