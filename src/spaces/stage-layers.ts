import type { Genotype, Space } from './space.ts';

/**
 * Where a layer stands. A tuple of stage lengths such as 2-3-3 lays the layers out one after the other:
 *
 *   layer   0 1 | 2 3 4 | 5 6 7
 *   stage   0 0 | 1 1 1 | 2 2 2
 */

/** The stage of every layer, first to last. */
export function layerStages(lengths: readonly number[]): number[] {
  return lengths.flatMap((length, stage) => new Array<number>(length).fill(stage));
}

/** Stride of the first layer of a stage: the stem alone comes before stage 0. */
export function stageStride({ stages, lastStride = 2 }: Space, stage: number): 1 | 2 {
  if (stage === 0) return 1;
  return stage === stages.length - 1 ? lastStride : 2;
}

/** Index of the first layer of every stage. */
export function stageStarts(lengths: readonly number[]): number[] {
  let start = 0;
  return lengths.map((length) => {
    const first = start;
    start += length;
    return first;
  });
}

/** Number of layers of the network. */
export function layerCount(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}

/** Layers of the deepest network of the space: the number of layer slots a supernet needs. */
export function maxLayers(space: Space): number {
  return space.stageLengths.reduce((most, lengths) => Math.max(most, layerCount(lengths)), 0);
}

/** The stages in which layer `layer` can stand in some network of the space, ascending (spec 3.1). */
export function possibleStages(space: Space, layer: number): number[] {
  const found = new Set<number>();
  for (const lengths of space.stageLengths) {
    let end = 0;
    const stage = lengths.findIndex((length) => (end += length) > layer);
    if (stage >= 0) found.add(stage);
  }
  return [...found].sort((a, b) => a - b);
}

/** `2-3-3`, as genotypes, errors and reports print a tuple of stage lengths. */
export function showLengths(lengths: readonly number[]): string {
  return lengths.join('-');
}

/**
 * The network of the reference shape that uses one operator everywhere: the fixed baselines (all-convolution,
 * all-add, all-shift). It can lie outside the space: the published one has no add or shift at 1/32 (spec 3.1).
 */
export function baseline(space: Space, operator: Genotype['operators'][number]): Genotype {
  const lengths = [...space.reference];
  return { space: space.name, lengths, operators: new Array(layerCount(lengths)).fill(operator) };
}
