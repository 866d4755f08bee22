/**
 * `compare`: several networks on one data set with one recipe. Each is trained from scratch, once for every seed; all
 * see the same batches in the same order with the same augmentation, and all are priced at the same bits. Data, its
 * split and held-out images follow the run's own seed; first weights, batches and calibration follow each of `seeds`.
 */
import fs from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { meanAndDeviation } from '../../metrics/spread.ts';
import { type ScaleRange, scaleRange } from '../../supernet/adder-scales.ts';
import { checkExceptions } from '../../supernet/quantisation.ts';
import { NETWORKS } from '../architecture-file.ts';
import { askedOf } from '../asked.ts';
import { refuseInheritance } from '../evaluation/inheriting.ts';
import type { NetworkResult } from '../result.ts';
import type { RunContext } from './context.ts';
import { namedNetwork } from './named-network.ts';
import { tellTrainings } from './planned-work.ts';
import { networkResult, writeNetwork } from './result-of.ts';
import { type Chosen, type Measured, trainAndMeasure } from './retrain-phase.ts';
import { type SessionOptions, session } from './session.ts';
import type { Subject } from './subject.ts';

/** What is compared: part of the run's settings. */
export interface Comparison {
  /** As `namedNetwork` reads them. */
  readonly networks: readonly string[];
  readonly seeds: readonly number[];
}

/** One training. */
export interface ComparedSeed {
  readonly seed: number;
  /** On the test set. */
  readonly accuracy: number;
  readonly loss: number;
  /** On held-out training images. */
  readonly validationAccuracy: number;
}

/** Accuracies as fractions of 1, losses in nats, energies in mJ, latencies in ms, all for one image. */
export interface ComparedNetwork
  extends Pick<
    NetworkResult,
    'name' | 'genotype' | 'description' | 'energyMj' | 'latencyMs' | 'params' | 'macs' | 'operations'
  > {
  /** Mean over seeds. */
  readonly accuracy: number;
  /** Standard deviation over seeds (n - 1); null for one seed. */
  readonly accuracyDeviation: number | null;
  readonly validationAccuracy: number;
  /** Smallest and largest scale that its adders ended with, over seeds; absent without any. */
  readonly adderScale?: ScaleRange;
  readonly seeds: readonly ComparedSeed[];
  /** Folder of the network of the first seed, for evaluate and predict; relative to the run. */
  readonly folder: string;
}

interface Row {
  readonly name: string;
  readonly subject: Subject;
}

/** Trains all of them, from wherever the run stands, and returns a row for each in the order they were named. */
export function runComparison(
  options: SessionOptions,
  { networks, seeds }: Comparison,
): Promise<ComparedNetwork[]> {
  return session(options, async (context) => {
    if (context.config.inherit) refuseInheritance();
    const rows = rowsOf(context, networks);
    const layers = rows.flatMap(({ subject }) => [...subject.layers()]);
    checkExceptions(context.quantisation, layers, 'one of the networks');
    const chosen = rows.flatMap((row) => seeds.map((seed) => trainingOf(row, seed, seeds.length > 1)));
    tellTrainings(context, chosen);
    const trained = await trainAndMeasure(context, { first: 1, of: chosen.length }, chosen);
    const found = rows.map((row, i) =>
      summarise(context, row, seeds, trained.slice(i * seeds.length, (i + 1) * seeds.length)),
    );
    writeFileAtomic(
      join(context.run.dir, 'comparison.json'),
      `${JSON.stringify({ rows: found, ...askedOf(context) }, null, 2)}\n`,
    );
    return found;
  });
}

/** All networks are looked up before the first is trained. */
function rowsOf(context: RunContext, networks: readonly string[]): Row[] {
  const rows = networks.map((word) => ({ name: word, subject: namedNetwork(context, word) }));
  const places = new Map<string, string>();
  for (const { name } of rows) {
    const earlier = places.get(fileName(name));
    if (earlier !== undefined) {
      throw new ShiftAddError(
        'usage',
        `every network of a comparison needs a name of its own, but "${earlier}" and "${name}" are called alike; leave one out`,
        { network: name },
      );
    }
    places.set(fileName(name), name);
  }
  return rows;
}

/** As phases and folders are called. */
const fileName = (name: string) => name.replace(/[^a-z0-9]+/gi, '-');

function trainingOf({ name, subject }: Row, seed: number, several: boolean): Chosen {
  return { name: several ? `${name} seed ${seed}` : name, role: 'candidate', subject, seed };
}

function summarise(
  context: RunContext,
  { name, subject }: Row,
  seeds: readonly number[],
  trained: readonly Measured[],
): ComparedNetwork {
  const result = networkResult(name, subject, trained[0]);
  const folder = join(NETWORKS, fileName(name));
  const dir = join(context.run.dir, folder);
  fs.mkdirSync(dir, { recursive: true });
  writeNetwork(context, dir, subject, trained[0], result, seeds[0]);
  const { genotype, description, energyMj, latencyMs, params, macs, operations } = result;
  const accuracy = meanAndDeviation(trained.map(({ test }) => test.accuracy));
  const validation = meanAndDeviation(trained.map((one) => one.validation.accuracy));
  const scales = scaleRange(
    subject.sharing,
    trained.flatMap(({ tensors }) => [...tensors].map(([tensor, { data }]) => [tensor, data] as const)),
  );
  return {
    ...{ name, genotype, description },
    accuracy: accuracy.mean,
    accuracyDeviation: accuracy.deviation,
    validationAccuracy: validation.mean,
    ...{ energyMj, latencyMs, params, macs, operations },
    ...(scales === undefined ? {} : { adderScale: scales }),
    seeds: trained.map(({ test, validation: held }, i) => ({
      seed: seeds[i],
      accuracy: test.accuracy,
      loss: test.loss,
      validationAccuracy: held.accuracy,
    })),
    folder,
  };
}
