/**
 * The published networks as what they were found as: genotypes of the published space, retrained in the published form
 * at twice its width (spec 3.5, 6.3). This is how they are trained; `shiftaddnas-image.ts` is how they are priced.
 */
import { internal } from '../core/errors.ts';
import type { OperatorName } from '../operators/names.ts';
import { hytra } from '../spaces/presets.ts';
import { retrainedSpace } from '../spaces/retrained.ts';
import type { Genotype, Space } from '../spaces/space.ts';
import { IMAGE_NETWORKS, type ImageNetwork } from './shiftaddnas-image.ts';

const SUPERNET_TO_RETRAINED = 2;

export interface PublishedGenotype {
  readonly space: Space;
  readonly genotype: Genotype;
}

/** The operator that stands for convolution blocks; undefined where it takes two layers. */
function standIn(variant: ImageNetwork['variant']): OperatorName | undefined {
  switch (variant) {
    case undefined:
      return 'conv';
    case 'adder':
      return 'add';
    case 'shift':
      return 'shift';
    case 'shiftadd':
      return undefined;
  }
}

/** The published space, or the same with add and shift at 1/32, which were built there and never sampled (spec 3.1). */
const SPACES = [hytra(), hytra({ deepAddShift: true })];

/**
 * Undefined for other names, and for variants of a shift and an adder layer at one place, which no operator is. `taught` gives it a head for a teacher; `width` is a factor on the published channels.
 */
export function publishedGenotype(
  name: string,
  { taught, width }: { readonly taught: boolean; readonly width: number },
): PublishedGenotype | undefined {
  if (!Object.hasOwn(IMAGE_NETWORKS, name)) return undefined;
  const { stages, lastStride, variant } = IMAGE_NETWORKS[name];
  const conv = standIn(variant);
  if (conv === undefined) return undefined;
  const replaced = stages.map((operators) => operators.map((one) => (one === 'conv' ? conv : one)));
  const searched = SPACES.find((space) =>
    replaced.every((operators, i) => operators.every((one) => space.stages[i].operators.includes(one))),
  );
  if (searched === undefined) return internal(`no published space has ${name}`);
  const form = { blocks: 'published', lastStride, width: SUPERNET_TO_RETRAINED * width, taught } as const;
  const space = retrainedSpace(searched, form);
  const lengths = stages.map(({ length }) => length);
  return { space, genotype: { space: space.name, lengths, operators: replaced.flat() } };
}

/** Names of the networks that `publishedGenotype` knows. */
export function publishedGenotypes(): string[] {
  return Object.keys(IMAGE_NETWORKS).filter(
    (name) => publishedGenotype(name, { taught: false, width: 1 }) !== undefined,
  );
}
