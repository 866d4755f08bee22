/** The fixed networks every winner is compared with: one operator everywhere, in the space's reference shape. */
import type { OperatorName } from '../../operators/names.ts';
import type { Genotype, Space } from '../../spaces/space.ts';
import { baseline } from '../../spaces/stage-layers.ts';

const UNIFORM: readonly { readonly name: string; readonly operator: OperatorName }[] = [
  { name: 'all-conv', operator: 'conv' },
  { name: 'all-add', operator: 'add' },
  { name: 'all-shift', operator: 'shift' },
];

/** Those of the baselines whose operator the space allows everywhere. */
export function baselines(space: Space): { readonly name: string; readonly genotype: Genotype }[] {
  return UNIFORM.filter(({ operator }) =>
    space.stages.every(({ operators }) => operators.includes(operator)),
  ).map(({ name, operator }) => ({ name, genotype: baseline(space, operator) }));
}
