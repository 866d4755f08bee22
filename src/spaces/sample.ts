import type { Random } from '../core/random.ts';
import { tupleTable } from './count.ts';
import { genotypeAt } from './number.ts';
import { operatorsAt, ruleAutomaton } from './rule-automaton.ts';
import { hasRules } from './rules.ts';
import type { Genotype, Space } from './space.ts';
import { layerStages } from './stage-layers.ts';

/**
 * Drawing an architecture without listing the space. `architectures`: every one equally likely, so a tuple of stage
 * lengths comes in proportion to how many it holds (as drawing from the released list does). `tuples`: every tuple
 * equally likely, then its operators freely; in the published space this keeps 4-4-4-4, 1-5-5-5 and 2-4-5-5 from
 * taking 37.5 % of all draws (spec 3.2).
 */
export const SAMPLE_MODES = ['architectures', 'tuples'] as const;
export type SampleMode = (typeof SAMPLE_MODES)[number];

/** One architecture of the space. */
export function sample(space: Space, random: Random, mode: SampleMode = 'architectures'): Genotype {
  return mode === 'architectures'
    ? genotypeAt(space, random.bigint(tupleTable(space).total))
    : sampleWithLengths(space, random.choice(space.stageLengths), random);
}

/** One architecture with the given stage lengths, every one of them equally likely. */
export function sampleWithLengths(space: Space, lengths: readonly number[], random: Random): Genotype {
  if (hasRules(space)) {
    const index = random.bigint(ruleAutomaton(space, lengths).total);
    return { space: space.name, lengths: [...lengths], operators: operatorsAt(space, lengths, index) };
  }
  return {
    space: space.name,
    lengths: [...lengths],
    operators: layerStages(lengths).map((stage) => random.choice(space.stages[stage].operators)),
  };
}
