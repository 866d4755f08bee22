/** A made-up run on sentence pairs, for tests of the report: two networks trained alone, a few candidates scored. */
import { EventBus } from '../../core/events.ts';
import { ArchitectureLog } from '../architectures.ts';
import { createRun } from '../folder.ts';
import { Journal } from '../journal.ts';
import { type NetworkResult, writeResult } from '../result.ts';
import { recordedFront } from '../searched-for.ts';

export const SYNTHETIC_WINNER = '256-192:AC2f16.S2f16|A2x2s2f8.AD2x2s1f8';

export interface SyntheticTranslation {
  /** With its result; else it ends after the networks were measured. */
  readonly finished?: boolean;
  /** Of the six candidates, where BLEU is an objective. */
  readonly candidateBleu?: readonly number[];
  /** Networks that translate nothing yet. */
  readonly untrained?: boolean;
}

export function writeSyntheticTranslation(
  dir: string,
  { finished = true, candidateBleu, untrained = false }: SyntheticTranslation = {},
): void {
  const config = { data: 'parallel:data/multi30k', seed: 3, sentenceTokens: 24 };
  const run = createRun(dir, { command: 'search', config });
  const bus = new EventBus();
  const journal = new Journal(run.journal, () => new Date(Date.UTC(2026, 0, 31, 9, 30)));
  const log = new ArchitectureLog(run.architectures);
  bus.subscribe(journal.record);
  bus.subscribe(log.record);
  const objectives = [candidateBleu === undefined ? 'loss' : 'bleu', 'energyMj'] as const;
  const bleuOf = (bleu: number) => (untrained ? 0 : bleu);
  const winner = network('candidate-1', SYNTHETIC_WINNER, ['AC', 'S', 'A', 'AD'], bleuOf(23.44), 78);
  const convolution = network('all-lightweight-conv', '256-256:C|C', ['C', 'C', 'C', 'C'], bleuOf(20.2), 47);
  const attention = network('all-attention', '256-256:A|A', ['A', 'A', 'A', 'A'], bleuOf(24.1), 100);
  const started = { type: 'phase-started', phase: 'supernet', title: 'training the supernet' } as const;
  bus.emit({ ...started, index: 1, of: 4 });
  for (const epoch of [1, 2]) {
    const epochOf = { type: 'epoch-ended', phase: 'supernet', epoch, epochs: 2 } as const;
    bus.emit({
      ...epochOf,
      trainLoss: 5 / epoch,
      validationLoss: 5 / epoch,
      validationAccuracy: 0.2 * epoch,
    });
  }
  bus.emit({
    ...{ type: 'search-started', generations: 1, evaluations: 6, limits: { energyMj: 95 } },
    objectives,
  });
  const candidates = Array.from({ length: 6 }, (_, i) => {
    const costs = { energyMj: 65 + 5 * i, latencyMs: 1, params: 9, macs: 9 };
    const bleu = candidateBleu?.[i];
    return {
      ...{ genotype: `candidate ${i + 1}`, loss: 3.9 - 0.1 * i, accuracy: 0.3 },
      ...{ ...(bleu === undefined ? {} : { bleu }), ...costs },
    };
  });
  for (const [i, scores] of candidates.entries())
    bus.emit({ type: 'candidate-scored', index: i + 1, of: 6, ...scores });
  // Networks trained side by side end in any order.
  for (const { blocks: _, ...one } of [convolution, attention, winner]) {
    const role = one.name === 'candidate-1' ? 'candidate' : 'baseline';
    const { name, genotype, accuracy, validationAccuracy, bleu, chrf, validationBleu } = one;
    const { energyMj, latencyMs, params, macs } = one;
    bus.emit({
      ...{ type: 'network-evaluated', name, role, genotype, loss: 2, accuracy, validationAccuracy, bleu },
      ...(chrf === undefined ? {} : { chrf }),
      ...(validationBleu === undefined ? {} : { validationBleu }),
      ...{ energyMj, latencyMs, params, macs },
    });
  }
  if (finished) {
    bus.emit({ type: 'run-ended', outcome: 'finished', seconds: 60 });
    writeResult(run.result, {
      ...{ schema: 1, command: 'search', config },
      dataset: {
        ...{ source: 'parallel:data/multi30k', pair: 'en-de', vocabulary: 8000 },
        ...{ train: 29_000, validation: 1014, test: 1000 },
      },
      accelerator: { name: 'shiftaddnas-released' },
      bits: 32,
      supernet: { params: 12_400_000, paramsUnshared: 33_100_000, curve: [] },
      search: { evaluated: 6, generations: 1, limits: { energyMj: 95 }, objectives: [...objectives] },
      winner: { ...winner, name: 'winner' },
      candidates: [],
      baselines: [attention, convolution],
      front: recordedFront(candidates, objectives).map((i) => candidates[i]),
      times: {},
    });
  }
  journal.close();
  log.close();
  run.close();
}

function network(
  name: string,
  genotype: string,
  operators: readonly string[],
  bleu: number,
  energyMj: number,
): NetworkResult {
  const blocks = operators.map((operator, i) => {
    const [stage, side, channels] = i < 2 ? [0, 'encoder', 256] : ([1, 'decoder', 192] as const);
    const place = { name: `${side}.layer${(i % 2) + 1}`, operator, stage: Number(stage) };
    return {
      ...place,
      ...{ height: 24, width: 1, channels: Number(channels), energyMj: energyMj / 8, latencyMs: 0.2 },
    };
  });
  return {
    ...{ name, genotype, description: `encoder 256: ${operators.join(' ')}` },
    ...{ accuracy: 0.613, validationAccuracy: 0.617, bleu, chrf: bleu + 27, validationBleu: bleu + 0.5 },
    ...{ energyMj, latencyMs: 0.4, params: 9_000_000, macs: 200_000_000 },
    operations: { multiplications: 150_000_000, additions: 152_000_000, shifts: 4_000_000 },
    byFamily: { attention: { energyMj, latencyMs: 0.4 } },
    byLevel: { DRAM: energyMj },
    blocks,
  };
}
