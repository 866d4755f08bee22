import type { Accelerator } from './accelerator.ts';
import { type Nest, tensorWords } from './tiling.ts';

/**
 * Hierarchies deeper than DRAM, buffer, registers: an outer memory inside DRAM may be home to the whole input or the
 * whole weight of a layer. DRAM is then read once into it, and every tile is fetched from there. Levels a tensor does
 * not live in are bypassed. 0 is DRAM, higher is further in.
 */
export interface Placement {
  readonly input: number;
  readonly weight: number;
}

/** Every placement whose tensors fit their levels. With DRAM alone there is one. */
export function placementsOf(nest: Nest, { memory }: Accelerator): Placement[] {
  const words = tensorWords(nest);
  const placements: Placement[] = [];
  for (let input = 0; input < memory.outer.length; input++) {
    for (let weight = 0; weight < memory.outer.length; weight++) {
      const held = (level: number) =>
        nest.groups * ((input === level ? words.input : 0) + (weight === level ? words.weight : 0));
      const fits = memory.outer.every((outer, level) => level === 0 || held(level) <= (outer.words ?? 0));
      if (fits) placements.push({ input, weight });
    }
  }
  return placements;
}
