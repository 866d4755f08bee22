/** A network of the zoo as something to train, at the size and with the classes of a run's data. */
import { require_ } from '../../core/errors.ts';
import type { NetworkPrice } from '../../hardware/price.ts';
import { accumulates } from '../../hardware/workload.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import {
  baselinePlan,
  type NamedBaseline,
  planLayers,
  planParameters,
  planWorkloads,
  residuals,
  type Step,
  ZooNetwork,
} from '../../zoo/index.ts';
import type { BlockResult } from '../result.ts';
import type { JobContext, RunContext } from './context.ts';
import { blockCost, type Subject, type Trainable } from './subject.ts';

/** What training it takes. */
export function zooTrainable(
  { task, sharingAlone, quantisation }: Pick<JobContext, 'task' | 'sharingAlone' | 'quantisation'>,
  baseline: NamedBaseline,
): Trainable<null> {
  const plan = baselinePlan(baseline, task.image, task.classes);
  const sharing = zooSharing(sharingAlone, baseline);
  return {
    path: null,
    sharing,
    build: (backend, random) => new ZooNetwork(backend, { plan, sharing, quantisation }, random),
  };
}

export function zooSubject(
  context: Pick<RunContext, 'task' | 'sharingAlone' | 'quantisation' | 'pricer' | 'config'>,
  baseline: NamedBaseline,
): Subject<null> {
  const { task, pricer, quantisation, config } = context;
  const plan = baselinePlan(baseline, task.image, task.classes);
  if (config.dropPath > 0) checkBranches(plan.steps, baseline);
  const loads = planWorkloads(plan.steps);
  return {
    key: baseline.name,
    description: describe(baseline, plan.steps),
    ...zooTrainable(context, baseline),
    architecture: { zoo: baseline.name, ...(quantisation === undefined ? {} : { quantisation }) },
    layers: () => planLayers(plan.steps),
    costs: () => {
      const { energyMj, latencyMs, areaMm2, operations } = pricer.pricer.priceNetwork(loads);
      return {
        ...{ energyMj, latencyMs, ...operations },
        ...(areaMm2 === undefined ? {} : { areaMm2 }),
        params: planParameters(plan.steps),
        macs: loads.reduce((sum, load) => sum + accumulates(load), 0),
      };
    },
    price: () => pricer.pricer.priceNetwork(loads),
    blocks: (price) => blocks(plan.steps, price),
  };
}

/** Better refused than forgotten. */
function checkBranches(steps: readonly Step[], { name }: NamedBaseline): void {
  require_(
    residuals(steps).length > 0,
    'usage',
    () =>
      `--drop-path leaves out residual branches, and ${name} has none; leave that out, or give --drop-path 0`,
    { network: name },
  );
}

/** A run's settings for adders and shifts; the name of a network may say which shift. */
export function zooSharing(sharingAlone: SharingConfig, { shift }: NamedBaseline): SharingConfig {
  return { ...sharingAlone, ...(shift === undefined ? {} : { shift }) };
}

function windowsOf(step: Step): readonly string[] {
  switch (step.kind) {
    case 'window':
      return [step.arithmetic];
    case 'residual':
      return [...step.shortcut, ...step.body].flatMap(windowsOf);
    default:
      return [];
  }
}

/** `resnet-20 with 18 add, 1 conv` */
function describe({ base, width }: NamedBaseline, steps: readonly Step[]): string {
  const counts = new Map<string, number>();
  for (const arithmetic of steps.flatMap(windowsOf)) {
    counts.set(arithmetic, (counts.get(arithmetic) ?? 0) + 1);
  }
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${count} ${name}`);
  const narrow = width === 1 ? '' : ` at ${width} of its width`;
  return `${base}${narrow}: ${parts.join(', ')}`;
}

/** Stem and head, and between them a box for each residual block and each window outside of one. */
function blocks(steps: readonly Step[], price: NetworkPrice): BlockResult[] {
  const out: BlockResult[] = [];
  for (const step of steps) {
    if (!['window', 'residual', 'classifier'].includes(step.kind)) continue;
    const { h, w, c } = step.output;
    const [name] = step.family === 'stem' || step.family === 'head' ? [step.family] : [step.name];
    const arithmetic = [...new Set(windowsOf(step))].join('+');
    const stage = /^stage(\d+)\./.exec(step.name);
    out.push({
      name,
      operator: name === step.name ? arithmetic : name,
      stage: stage === null ? null : Number(stage[1]) - 1,
      height: h,
      width: w,
      channels: c,
      ...blockCost(price, name),
    });
  }
  return out;
}
