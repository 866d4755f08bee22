/** Trains the supernet of a run on sentences, alone or as one of several ranks: one path a step, and its curve. */
import type { SampleMode } from '../../spaces/sample.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { sampleTranslation } from '../../spaces/seq2seq/sample.ts';
import { networkOf } from '../../spaces/seq2seq/space.ts';
import { translationWorkloads } from '../../spaces/seq2seq/workloads.ts';
import type { Translator } from '../../supernet/translator/translator.ts';
import type { Ranks } from '../../training/ranks.ts';
import type { Between } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { drawProbes, scoreProbes } from '../pipeline/probe-paths.ts';
import { runTrainPhase, type TrainingRecord } from '../pipeline/train-phase.ts';
import { alignmentOf, SUPERNET_PHASE } from '../pipeline/train-supernet.ts';
import { pathsOf } from '../ranks/even-paths.ts';
import { stepCost } from '../ranks/step-cost.ts';
import type { SentenceContext } from './context.ts';
import { sentenceMaterial } from './material.ts';
import { scoreHeld } from './train-alone.ts';

/** What it takes of a run. */
export type SupernetContext = Pick<
  SentenceContext,
  'config' | 'backend' | 'space' | 'encoded' | 'subwords' | 'norm' | 'sharing' | 'random' | 'saveEvery'
>;

export interface SupernetTraining {
  readonly supernet: Translator;
  readonly record: TrainingRecord;
  /** Processes that train it together, each its own path of a step or all the same (`rankPaths`). */
  readonly ranks?: Ranks | undefined;
  /** May stop the scoring at the end of an epoch. Not for ranks, which stop at the same step or not at all. */
  readonly between?: Between;
}

export function trainSentenceSupernet(
  context: SupernetContext,
  { supernet, record, ranks, between = () => {} }: SupernetTraining,
): Promise<readonly CurvePoint[]> {
  const { space, random, config, subwords } = context;
  const draw = (from: typeof random) =>
    networkOf(space, sampleTranslation(space, from, config.paths as SampleMode));
  const cost = (network: TranslationNetwork) =>
    stepCost(translationWorkloads(network, config.sentenceTokens, subwords.size));
  const apart = config.rankPaths === 'own' ? ranks : undefined;
  const probes = drawProbes(random, draw);
  const several = ranks === undefined ? {} : { ranks };
  return runTrainPhase(context, {
    ...{ ...SUPERNET_PHASE, ...several, record, network: supernet, epochs: config.supernetEpochs },
    material: () =>
      sentenceMaterial(context, {
        ...{ stream: 'supernet', widest: supernet.config.extent, ...several },
        networkAt: pathsOf(apart, { random: random.split('supernet paths'), draw, cost }),
        ...alignmentOf(context, apart),
      }),
    validate: () => scoreProbes(probes, ranks, (network) => scoreHeld(context, supernet, network, between)),
  });
}
