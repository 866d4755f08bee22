/**
 * Which of those scored go on to trials and to training alone. A search for low loss and low energy, and one without
 * objectives, gives its best by loss; one for anything else gives what stands for its front.
 */
import {
  type Bounds,
  DEFAULT_OBJECTIVES,
  type Objective,
  sameObjectives,
  violation,
} from '../../search/objectives.ts';
import { spreadFront } from '../../search/spread-front.ts';
import type { Taking } from '../../search/winners.ts';

export interface Takings<G> {
  /** By scores of the supernet; the best by loss where left out. */
  readonly scored?: Taking<G>;
  /** By those of trials. They translate nothing: their loss stands for BLEU. */
  readonly tried?: Taking<G>;
}

/** `choices`: classes or subwords. Whatever is searched for, what keeps to the bounds goes first. */
export function takingsFor<G>(
  objectives: readonly Objective[],
  choices: number,
  bounds: Bounds = {},
): Takings<G> {
  const takings = unboundedTakings<G>(objectives, choices);
  if (Object.keys(bounds).length === 0) return takings;
  const { scored = (ranked, count) => ranked.slice(0, count) } = takings;
  return { ...takings, scored: nearestBounds(scored, bounds) };
}

/** As `take`, from those that keep to the bounds; where they are too few, those that exceed them least join. */
function nearestBounds<G>(take: Taking<G>, bounds: Bounds): Taking<G> {
  return (ranked, count) => {
    const within = ranked.filter((one) => violation(one, bounds) === 0);
    if (within.length >= count) return take(within, count);
    const beyond = ranked.filter((one) => violation(one, bounds) > 0);
    beyond.sort((a, b) => violation(a, bounds) - violation(b, bounds));
    return [...within, ...beyond].slice(0, count);
  };
}

function unboundedTakings<G>(objectives: readonly Objective[], choices: number): Takings<G> {
  if (sameObjectives(objectives, DEFAULT_OBJECTIVES)) return {};
  const spreadOver =
    (some: readonly Objective[]): Taking<G> =>
    (ranked, count) =>
      spreadFront(ranked, count, { objectives: some, choices });
  const alone = objectives.map((objective) => (objective === 'bleu' ? 'loss' : objective));
  return { scored: spreadOver(objectives), tried: spreadOver([...new Set(alone)]) };
}
