/** Puts together what a run found: result.json and the weights of the winner. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic.ts';
import type { Accelerator } from '../../hardware/accelerator.ts';
import type { Limits } from '../../hardware/limits.ts';
import type { NetworkPrice } from '../../hardware/price.ts';
import { OPERATORS } from '../../operators/index.ts';
import type { Scored } from '../../search/problem.ts';
import { encode } from '../../spaces/genotype.ts';
import { planNetwork } from '../../spaces/layout.ts';
import type { Genotype } from '../../spaces/space.ts';
import { type ScaleRange, scaleRange } from '../../supernet/adder-scales.ts';
import { countParameters, declarations } from '../../supernet/declarations.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { saveNetwork } from '../network-files.ts';
import type { NetworkResult, ResultInput } from '../result.ts';
import type { RunContext } from './context.ts';
import type { RankFinding } from './rank-phase.ts';
import type { Retrained } from './retrain-phase.ts';
import { frontOf } from './search-phase.ts';
import { alone } from './train-alone.ts';

/** One network of the result: scores, price and the boxes of its picture. */
export function networkResult(
  context: RunContext,
  { name, genotype, validation, test, tensors }: Retrained,
): NetworkResult {
  const { pricer, space, task, sharing } = context;
  const scales = scaleRange(
    sharing,
    [...tensors].map(([tensor, { data }]) => [tensor, data]),
  );
  const price = pricer.detail(genotype);
  const { params, macs } = pricer.price(genotype);
  return {
    name,
    genotype: encode(genotype),
    description: describe(genotype),
    accuracy: test.accuracy,
    validationAccuracy: validation.accuracy,
    energyMj: price.energyMj,
    latencyMs: price.latencyMs,
    params,
    macs,
    operations: price.operations,
    byFamily: { ...price.byFamily },
    byLevel: { ...price.byLevel },
    blocks: blocks(planNetwork(space, genotype, task), price),
    ...(scales === undefined ? {} : { adderScale: scales }),
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

function blocks(plan: ReturnType<typeof planNetwork>, price: NetworkPrice): NetworkResult['blocks'] {
  const cost = (prefix: string) => {
    let [energyMj, latencyMs] = [0, 0];
    for (const layer of price.layers) {
      if (!layer.name.startsWith(`${prefix}.`)) continue;
      energyMj += layer.energyMj;
      latencyMs += layer.latencyMs;
    }
    return { energyMj, latencyMs };
  };
  const { stem, features, task } = plan;
  const size = ({ h, w, c }: typeof features) => ({ height: h, width: w, channels: c });
  return [
    { name: 'stem', operator: 'stem', stage: null, ...size(stem.output), ...cost('stem') },
    ...plan.blocks.map(({ operator, stage, plan: { name, output } }) => ({
      name,
      operator,
      stage,
      ...size(output),
      ...cost(name),
    })),
    {
      name: 'head',
      operator: 'head',
      stage: null,
      height: 1,
      width: 1,
      channels: task.classes,
      ...cost('head'),
    },
  ];
}

export interface Findings {
  readonly accelerator: Accelerator;
  readonly limits: Limits;
  readonly generations: number;
  readonly supernetCurve: readonly CurvePoint[];
  /** Of the supernet's adders when it was trained; undefined without any. */
  readonly supernetScales: ScaleRange | undefined;
  readonly scored: readonly Scored<Genotype>[];
  readonly networks: readonly Retrained[];
  readonly winner: Retrained;
  readonly rank?: RankFinding;
  readonly times: Readonly<Record<string, number | string>>;
}

export function resultOf(context: RunContext, findings: Findings): ResultInput {
  const { config, dataset, split, space, task, sharing, run } = context;
  const { winner, networks } = findings;
  const of = (role: Retrained['role']) =>
    networks
      .filter((network) => network.role === role && network !== winner)
      .map((one) => networkResult(context, one));
  return {
    schema: 1,
    command: run.description.command,
    config: { ...config },
    dataset: {
      source: dataset.source,
      classes: [...dataset.classes],
      train: split.kept.length,
      validation: split.held.length,
      test: dataset.test.count,
    },
    accelerator: { ...findings.accelerator },
    bits: Number(config.bits),
    supernet: {
      params: countParameters(declarations(space, task, sharing)),
      paramsUnshared: countParameters(declarations(space, task, { ...sharing, families: [] })),
      ...(findings.supernetScales === undefined ? {} : { adderScale: findings.supernetScales }),
      curve: findings.supernetCurve.map((point) => ({ ...point })),
    },
    search: {
      evaluated: findings.scored.length,
      generations: findings.generations,
      limits: { ...findings.limits },
    },
    winner: networkResult(context, { ...winner, name: 'winner' }),
    candidates: of('candidate'),
    baselines: of('baseline'),
    front: frontOf(findings.scored).map(({ key, loss, accuracy, costs }) => ({
      genotype: key,
      loss,
      accuracy,
      energyMj: costs.energyMj,
      latencyMs: costs.latencyMs,
    })),
    ...(findings.rank === undefined ? {} : { rank: rankResult(findings.rank) }),
    times: { ...findings.times },
  };
}

function rankResult({ paths, kendallTau, spearmanRho, confidence, resamples }: RankFinding) {
  return {
    kendallTau,
    spearmanRho,
    confidence,
    resamples,
    paths: paths.map(({ genotype, supernet, alone: own }) => ({
      genotype,
      supernetLoss: supernet.loss,
      supernetAccuracy: supernet.accuracy,
      loss: own.loss,
      accuracy: own.accuracy,
    })),
  };
}

export function writeNetwork(context: RunContext, dir: string, network: Retrained): void {
  const { space, task, dataset, sharing } = context;
  const { classes, mean, deviation } = dataset;
  const genotype = encode(network.genotype);
  writeFileAtomic(join(dir, 'metrics.json'), `${JSON.stringify(networkResult(context, network), null, 2)}\n`);
  saveNetwork(
    dir,
    { genotype, space, task, sharing: alone(sharing), classes, mean, deviation },
    network.tensors,
  );
}
