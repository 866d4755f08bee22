import { tupleTable } from './count.ts';
import { genotypeAt } from './number.ts';
import type { Genotype, Space } from './space.ts';

/** All architectures of a space in the order of their numbers, one at a time: for spaces small enough to walk. */
export function* enumerate(space: Space): Generator<Genotype, void, void> {
  const { total } = tupleTable(space);
  for (let index = 0n; index < total; index++) yield genotypeAt(space, index);
}
