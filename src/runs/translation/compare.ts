/** `compare` on sentence pairs: several translators with one recipe, with one seed or several. */
import fs from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { meanAndDeviation } from '../../metrics/spread.ts';
import { type ScaleRange, scaleRange } from '../../supernet/adder-scales.ts';
import { NETWORKS } from '../architecture-file.ts';
import { askedOf } from '../asked.ts';
import { tellTrainings } from '../pipeline/planned-work.ts';
import type { SessionOptions } from '../pipeline/session.ts';
import type { NetworkResult } from '../result.ts';
import type { TrainedTranslator } from './jobs.ts';
import { namedTranslator } from './named-translator.ts';
import { translationSession, writeTranslator } from './pipeline.ts';
import { translatorResult } from './result-of.ts';
import { trainTranslators } from './train-network.ts';

export interface ComparedTranslator
  extends Pick<
    NetworkResult,
    'name' | 'genotype' | 'description' | 'energyMj' | 'latencyMs' | 'params' | 'macs' | 'operations'
  > {
  /** Means over seeds, on the test set; 0 to 100. */
  readonly bleu: number;
  readonly chrf: number;
  /** Standard deviation over seeds (n - 1); null for one seed. */
  readonly bleuDeviation: number | null;
  readonly validationBleu: number;
  /** Smallest and largest scale that its adders ended with, over seeds; absent without any. */
  readonly adderScale?: ScaleRange;
  readonly seeds: readonly {
    readonly seed: number;
    readonly bleu: number;
    readonly validationBleu: number;
  }[];
  /** Folder of the translator of the first seed; relative to the run. */
  readonly folder: string;
}

/** Trains all of them, from wherever the run stands; a row for each in the order they were named. */
export function runTranslationComparison(
  options: SessionOptions,
  { networks, seeds }: { readonly networks: readonly string[]; readonly seeds: readonly number[] },
): Promise<ComparedTranslator[]> {
  return translationSession(options, async (context) => {
    const twice = networks.find((word, i) => networks.indexOf(word) !== i);
    if (twice !== undefined) {
      throw new ShiftAddError('usage', `a comparison names every network once, but "${twice}" stands twice`, {
        network: twice,
      });
    }
    const rows = networks.map((word) => ({ word, trainee: namedTranslator(context, word) }));
    const trainees = rows.flatMap(({ word, trainee }) =>
      seeds.map((seed) => ({
        ...trainee,
        ...{ name: seeds.length > 1 ? `${word} seed ${seed}` : word, seed },
      })),
    );
    tellTrainings(context, trainees);
    const trained = await trainTranslators(context, { first: 1, of: trainees.length }, trainees);
    const found = rows.map(({ word, trainee }, i): ComparedTranslator => {
      const own = trained.slice(i * seeds.length, (i + 1) * seeds.length);
      const named = { ...trainee, name: word, seed: seeds[0] };
      const folder = join(NETWORKS, word.replace(/[^a-z0-9]+/gi, '-'));
      fs.mkdirSync(join(context.run.dir, folder), { recursive: true });
      writeTranslator(context, join(context.run.dir, folder), named, own[0]);
      const mean = (of: (one: TrainedTranslator) => number) => meanAndDeviation(own.map(of));
      const bleu = mean(({ test }) => test.bleu);
      const scales = scaleRange(
        context.sharingAlone,
        own.flatMap(({ tensors }) => [...tensors].map(([tensor, { data }]) => [tensor, data] as const)),
      );
      const { name, genotype, description, energyMj, latencyMs, params, macs, operations } = translatorResult(
        ...[context, named, own[0]],
      );
      return {
        ...{ name, genotype, description, energyMj, latencyMs, params, macs, operations },
        ...{ bleu: bleu.mean, bleuDeviation: bleu.deviation },
        chrf: mean(({ test }) => test.chrf).mean,
        validationBleu: mean(({ validation }) => validation.bleu).mean,
        ...(scales === undefined ? {} : { adderScale: scales }),
        seeds: own.map(({ test, validation }, k) => ({
          ...{ seed: seeds[k], bleu: test.bleu, validationBleu: validation.bleu },
        })),
        folder,
      };
    });
    const text = JSON.stringify({ rows: found, ...askedOf(context) }, null, 2);
    writeFileAtomic(join(context.run.dir, 'comparison.json'), `${text}\n`);
    return found;
  });
}
