import { ShiftAddError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { SampleMode } from '../../spaces/sample.ts';
import { encodeTranslation } from '../../spaces/seq2seq/genotype.ts';
import type { TranslationGenotype } from '../../spaces/seq2seq/network.ts';
import { sampleTranslation } from '../../spaces/seq2seq/sample.ts';
import type { TranslationSpace } from '../../spaces/seq2seq/space.ts';

/** A network and its measured time. */
export interface LatencySample {
  readonly genotype: TranslationGenotype;
  readonly latencyMs: number;
}

export interface CollectOptions {
  /**
   * Times that every network is measured, all of them in turn, so that a disturbance of the machine hits one time of
   * many networks and not all times of one; the least counts.
   */
  readonly rounds?: number | undefined;
  /** Over pairs of depths unless said otherwise, so that shallow networks are seen too. */
  readonly sampling?: SampleMode | undefined;
  /** Measured besides, in front of those drawn; the space need not search them. */
  readonly also?: readonly TranslationGenotype[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onMeasured?: ((done: number, of: number) => void) | undefined;
}

/**
 * `count` different networks of the space, or as many as it holds, with their times in ms. Throws 'interrupted' when
 * the signal is given.
 */
export async function collectLatencies(
  space: TranslationSpace,
  count: number,
  random: Random,
  measure: (genotype: TranslationGenotype) => number | Promise<number>,
  { rounds = 1, sampling = 'tuples', also = [], signal, onMeasured }: CollectOptions = {},
): Promise<LatencySample[]> {
  const drawn = new Map(also.map((genotype) => [encodeTranslation(genotype), genotype]));
  const wanted = count + drawn.size;
  for (let attempt = 0; drawn.size < wanted && attempt < 20 * count; attempt++) {
    const genotype = sampleTranslation(space, random, sampling);
    drawn.set(encodeTranslation(genotype), genotype);
  }
  const genotypes = [...drawn.values()];
  const least = genotypes.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    for (const [i, genotype] of genotypes.entries()) {
      if (signal?.aborted === true) {
        throw new ShiftAddError('interrupted', 'measuring was stopped; nothing is kept');
      }
      least[i] = Math.min(least[i], await measure(genotype));
      onMeasured?.(round * genotypes.length + i + 1, rounds * genotypes.length);
    }
  }
  return genotypes.map((genotype, i) => ({ genotype, latencyMs: least[i] }));
}
