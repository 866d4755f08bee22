/** A network of a search space as something to train alone. */
import { OPERATORS } from '../../operators/index.ts';
import { encode } from '../../spaces/genotype.ts';
import { planNetwork } from '../../spaces/layout.ts';
import { ArchitecturePricer } from '../../spaces/pricing.ts';
import type { Genotype, Space } from '../../spaces/space.ts';
import { Network } from '../../supernet/network.ts';
import { quantisedLayers } from '../../supernet/quantisation.ts';
import type { JobContext, RunContext } from './context.ts';
import { blockCost, type Subject, type Trainable } from './subject.ts';

/** What training it takes. */
export function spaceTrainable(
  { task, sharingAlone: sharing, quantisation }: Pick<JobContext, 'task' | 'sharingAlone' | 'quantisation'>,
  genotype: Genotype,
  space: Space,
): Trainable<Genotype> {
  const build: Trainable<Genotype>['build'] = (backend, random) =>
    new Network(backend, { space, task, sharing, genotype, quantisation }, random);
  return { path: genotype, sharing, build };
}

/** Of the run's space as its networks are retrained, or of another one. */
export function spaceSubject(
  context: Pick<RunContext, 'retrained' | 'task' | 'sharingAlone' | 'quantisation' | 'pricer'>,
  genotype: Genotype,
  space: Space = context.retrained,
): Subject<Genotype> {
  const { task, quantisation } = context;
  const trainable = spaceTrainable(context, genotype, space);
  const pricer =
    space === context.retrained ? context.pricer : new ArchitecturePricer(space, task, context.pricer.pricer);
  const key = encode(genotype);
  return {
    key,
    description: describe(genotype),
    ...trainable,
    architecture: { genotype: key, space, ...(quantisation === undefined ? {} : { quantisation }) },
    layers: () => quantisedLayers(space, task, genotype),
    costs: () => pricer.price(genotype),
    price: () => pricer.detail(genotype),
    blocks(price) {
      const { stem, blocks, features } = planNetwork(space, genotype, task);
      const size = ({ h, w, c }: typeof features) => ({ height: h, width: w, channels: c });
      return [
        {
          name: 'stem',
          operator: 'stem',
          stage: null,
          ...size(stem.output),
          ...blockCost(price, 'stem'),
        },
        ...blocks.map(({ operator, stage, plan: { name, output } }) => ({
          name,
          operator,
          stage,
          ...size(output),
          ...blockCost(price, name),
        })),
        {
          name: 'head',
          operator: 'head',
          stage: null,
          height: 1,
          width: 1,
          channels: task.classes,
          ...blockCost(price, 'head'),
        },
      ];
    },
  };
}

/** `7 layers (2-3-2): 3 shift, 2 convolution, 2 attention` */
export function describe({ lengths, operators }: Genotype): string {
  const counts = new Map<string, number>();
  for (const operator of operators) {
    const title = OPERATORS[operator].title.toLowerCase();
    counts.set(title, (counts.get(title) ?? 0) + 1);
  }
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([title, count]) => `${count} ${title}`);
  return `${operators.length} layers (${lengths.join('-')}): ${parts.join(', ')}`;
}
