/** Puts together what a run found: result.json and the weights of the winner. */
import { join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic.ts';
import type { Accelerator } from '../../hardware/accelerator.ts';
import type { Genotype } from '../../spaces/space.ts';
import { type ScaleRange, scaleRange } from '../../supernet/adder-scales.ts';
import { countParameters, declarations } from '../../supernet/declarations.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { askedOf, METRICS } from '../asked.ts';
import { saveLayerTable, saveNetwork } from '../network-files.ts';
import type { NetworkResult, ResultInput } from '../result.ts';
import type { RunContext } from './context.ts';
import type { RankFinding } from './rank-phase.ts';
import type { Measured, Retrained } from './retrain-phase.ts';
import { type Searched, searchResult } from './search-result.ts';
import { spaceSubject } from './space-subject.ts';
import type { Subject } from './subject.ts';
import { trialResult } from './trials.ts';

/** One network of the result: scores, price and the boxes of its picture. */
export function networkResult(
  name: string,
  subject: Subject,
  { validation, test, tensors }: Measured,
): NetworkResult {
  const scales = scaleRange(
    subject.sharing,
    [...tensors].map(([tensor, { data }]) => [tensor, data]),
  );
  const price = subject.price();
  const { params, macs } = subject.costs();
  return {
    name,
    genotype: subject.key,
    description: subject.description,
    accuracy: test.accuracy,
    validationAccuracy: validation.accuracy,
    ...(test.images === undefined ? {} : { testImages: test.images }),
    energyMj: price.energyMj,
    latencyMs: price.latencyMs,
    params,
    macs,
    ...(price.areaMm2 === undefined ? {} : { areaMm2: price.areaMm2 }),
    operations: price.operations,
    byFamily: { ...price.byFamily },
    byLevel: { ...price.byLevel },
    blocks: subject.blocks(price),
    ...(scales === undefined ? {} : { adderScale: scales }),
  };
}

/** The same of a network of the run's space. */
export function retrainedResult(context: RunContext, retrained: Retrained): NetworkResult {
  return networkResult(retrained.name, spaceSubject(context, retrained.genotype), retrained);
}

export interface Findings {
  readonly accelerator: Accelerator;
  readonly searched: Searched<Genotype>;
  readonly supernetCurve: readonly CurvePoint[];
  /** Of the supernet's adders when it was trained; undefined without any. */
  readonly supernetScales: ScaleRange | undefined;
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
      .map((one) => retrainedResult(context, one));
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
    ...searchResult(findings.searched),
    winner: retrainedResult(context, { ...winner, name: 'winner' }),
    candidates: of('candidate'),
    baselines: of('baseline'),
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
    paths: paths.map(trialResult),
  };
}

/** The network with its weights, its scores, what reading images takes, and what was asked for; `seed` where it is not the run's. */
export function writeNetwork(
  context: RunContext,
  dir: string,
  subject: Subject,
  measured: Measured,
  result: NetworkResult,
  seed?: number,
): void {
  const { task, dataset } = context;
  const { classes, mean, deviation } = dataset;
  const metrics = { ...result, ...askedOf(context, seed) };
  writeFileAtomic(join(dir, METRICS), `${JSON.stringify(metrics, null, 2)}\n`);
  const { architecture, sharing } = subject;
  if (measured.layers.length > 0) saveLayerTable(dir, measured.layers);
  saveNetwork(dir, { ...architecture, task, sharing, classes, mean, deviation }, measured.tensors);
}
