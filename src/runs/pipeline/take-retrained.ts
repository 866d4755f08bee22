/**
 * Which of those scored go on to trials and to training alone. A search for low loss and low energy, and one without
 * objectives, gives its best by loss; one for anything else gives what stands for its front.
 */
import { DEFAULT_OBJECTIVES, type Objective, sameObjectives } from '../../search/objectives.ts';
import { spreadFront } from '../../search/spread-front.ts';
import type { Taking } from '../../search/winners.ts';

export interface Takings<G> {
  /** By scores of the supernet; the best by loss where left out. */
  readonly scored?: Taking<G>;
  /** By those of trials. They translate nothing: their loss stands for BLEU. */
  readonly tried?: Taking<G>;
}

/** `choices`: classes or subwords. */
export function takingsFor<G>(objectives: readonly Objective[], choices: number): Takings<G> {
  if (sameObjectives(objectives, DEFAULT_OBJECTIVES)) return {};
  const spreadOver =
    (some: readonly Objective[]): Taking<G> =>
    (ranked, count) =>
      spreadFront(ranked, count, { objectives: some, choices });
  const alone = objectives.map((objective) => (objective === 'bleu' ? 'loss' : objective));
  return { scored: spreadOver(objectives), tried: spreadOver([...new Set(alone)]) };
}
