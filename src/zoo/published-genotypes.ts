/**
 * The published networks as what they were found as: genotypes of the published space, retrained in the published form
 * at twice its width (spec 3.5, 6.3). This is how they are trained; `shiftaddnas-image.ts` is how they are priced.
 */
import { hytra } from '../spaces/presets.ts';
import { retrainedSpace } from '../spaces/retrained.ts';
import type { Genotype, Space } from '../spaces/space.ts';
import { IMAGE_NETWORKS } from './shiftaddnas-image.ts';

const SUPERNET_TO_RETRAINED = 2;

export interface PublishedGenotype {
  readonly space: Space;
  readonly genotype: Genotype;
}

/**
 * Undefined for other names, and for networks that are not of the space: variants, and those of add or shift at 1/32.
 * `taught` gives it a head for a teacher; `width` is a factor on the published channels.
 */
export function publishedGenotype(
  name: string,
  { taught, width }: { readonly taught: boolean; readonly width: number },
): PublishedGenotype | undefined {
  if (!Object.hasOwn(IMAGE_NETWORKS, name)) return undefined;
  const { stages, lastStride, variant } = IMAGE_NETWORKS[name];
  const searched = hytra();
  const allowed = stages.every((operators, stage) =>
    operators.every((operator) => searched.stages[stage].operators.includes(operator)),
  );
  if (variant !== undefined || !allowed) return undefined;
  const form = { blocks: 'published', lastStride, width: SUPERNET_TO_RETRAINED * width, taught } as const;
  const space = retrainedSpace(searched, form);
  const lengths = stages.map(({ length }) => length);
  return { space, genotype: { space: space.name, lengths, operators: stages.flat() } };
}

/** Names of the networks that `publishedGenotype` knows. */
export function publishedGenotypes(): string[] {
  return Object.keys(IMAGE_NETWORKS).filter(
    (name) => publishedGenotype(name, { taught: false, width: 1 }) !== undefined,
  );
}
