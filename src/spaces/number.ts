import { require_ } from '../core/errors.ts';
import type { OperatorName } from '../operators/names.ts';
import { tupleTable } from './count.ts';
import { validate } from './genotype.ts';
import { indexOfOperators, operatorsAt } from './rule-automaton.ts';
import { hasRules } from './rules.ts';
import type { Genotype, Space } from './space.ts';
import { layerStages, showLengths } from './stage-layers.ts';

/**
 * Every architecture has a number in [0, count): tuples in their order, and within a tuple the operators of the
 * layers as digits of a mixed-radix number, last layer fastest. The numbering is one to one, so an integer drawn
 * uniformly is an architecture drawn uniformly, with nothing listed in memory.
 */

/** The architecture with number `index`. Throws `usage` when the space has no such number. */
export function genotypeAt(space: Space, index: bigint): Genotype {
  const table = tupleTable(space);
  require_(
    index >= 0n && index < table.total,
    'usage',
    () => `space '${space.name}' numbers its architectures 0 to ${table.total - 1n}, got ${index}`,
  );
  let tuple = 0;
  let end = table.first.length;
  while (end - tuple > 1) {
    const middle = (tuple + end) >> 1;
    if (table.first[middle] <= index) tuple = middle;
    else end = middle;
  }
  const lengths = space.stageLengths[tuple];
  return {
    space: space.name,
    lengths: [...lengths],
    operators: hasRules(space)
      ? operatorsAt(space, lengths, index - table.first[tuple])
      : digits(space, lengths, index - table.first[tuple]),
  };
}

function digits(space: Space, lengths: readonly number[], index: bigint): OperatorName[] {
  const stages = layerStages(lengths);
  const operators = new Array<OperatorName>(stages.length);
  let layer = stages.length;
  let rest = index;
  // Doubles are much faster than bigints and exact once what is left fits them.
  for (; layer > 0 && rest > BigInt(Number.MAX_SAFE_INTEGER); layer--) {
    const allowed = space.stages[stages[layer - 1]].operators;
    const radix = BigInt(allowed.length);
    operators[layer - 1] = allowed[Number(rest % radix)];
    rest /= radix;
  }
  let small = Number(rest);
  for (; layer > 0; layer--) {
    const allowed = space.stages[stages[layer - 1]].operators;
    operators[layer - 1] = allowed[small % allowed.length];
    small = Math.floor(small / allowed.length);
  }
  return operators;
}

/** The number of an architecture; the inverse of `genotypeAt`. Throws `usage` when it is not of this space. */
export function genotypeNumber(space: Space, genotype: Genotype): bigint {
  validate(space, genotype);
  const table = tupleTable(space);
  const first = table.first[table.index.get(showLengths(genotype.lengths)) as number];
  if (hasRules(space)) return first + indexOfOperators(space, genotype.lengths, genotype.operators);
  const stages = layerStages(genotype.lengths);
  let number = 0n;
  stages.forEach((stage, layer) => {
    const allowed = space.stages[stage].operators;
    number = number * BigInt(allowed.length) + BigInt(allowed.indexOf(genotype.operators[layer]));
  });
  return first + number;
}
