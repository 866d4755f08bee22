/** The trainings of a run on sentences as its phases: the supernet, and networks alone, side by side. */
import { internal } from '../../core/errors.ts';
import { sourcesOf } from '../../core/safetensors.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import type { Translator } from '../../supernet/translator/translator.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { loadPhase, measuredPhase, retrainPhase, savePhase, stopIfAsked, tell } from '../pipeline/context.ts';
import { phaseRecord } from '../pipeline/phase-record.ts';
import { inTurns, type Trains } from '../pipeline/train-jobs.ts';
import { SUPERNET_PHASE } from '../pipeline/train-supernet.ts';
import { leadingRecord } from '../ranks/record.ts';
import type { TranslationContext } from './context.ts';
import type { TrainedTranslator, TranslatorJob, TranslatorTraining } from './jobs.ts';
import { trainSentenceSupernet } from './train-supernet.ts';
import { untrainedSupernet } from './untrained.ts';

/** The trained supernet; the caller disposes of it. `of`: phases of the run. */
export async function trainTranslationSupernet(
  context: TranslationContext,
  of: number,
): Promise<{ readonly supernet: Translator; readonly curve: readonly CurvePoint[] }> {
  const { random, ranks } = context;
  const supernet = untrainedSupernet(context, random.split('supernet weights'));
  const record = phaseRecord(context, { type: 'phase-started', ...SUPERNET_PHASE, index: 1, of });
  const between = () => stopIfAsked(context);
  try {
    const curve =
      ranks === undefined
        ? await trainSentenceSupernet(context, { supernet, record, between })
        : await ranks.together(() =>
            trainSentenceSupernet(context, { supernet, ranks, record: leadingRecord(ranks, record) }),
          );
    return { supernet, curve };
  } catch (error) {
    supernet.dispose();
    throw error;
  }
}

/** A network to train alone. */
export interface Trainee {
  /** What it is called in the run. */
  readonly name: string;
  readonly role: 'candidate' | 'baseline';
  /** What results call it: a word of the space, or a name of the zoo. */
  readonly key: string;
  readonly network: TranslationNetwork;
  /** First weights and batches follow it in place of the run's. */
  readonly seed?: number;
  costs(): ReturnType<TranslationContext['pricer']['price']>;
}

type Saved = Omit<TrainedTranslator, 'tensors'>;

/**
 * Trains them alone and measures each: on held-out pairs to choose by, once on the test set. `first` and `of` place their
 * phases in the run.
 */
export async function trainTranslators(
  context: TranslationContext,
  { first, of }: { readonly first: number; readonly of: number },
  trainees: readonly Trainee[],
): Promise<TrainedTranslator[]> {
  const done = new Map<Trainee, TrainedTranslator>();
  const tasks: { job: TranslatorJob; title: string; place: { index: number; of: number }; one: Trainee }[] =
    [];
  for (const [i, one] of trainees.entries()) {
    const { name, key, network, seed } = one;
    const phase = retrainPhase(name);
    const saved = loadPhase<Saved>(context, measuredPhase(phase));
    if (saved !== undefined) {
      done.set(one, { ...saved.state, tensors: saved.tensors });
      continue;
    }
    const title = `training ${name} (${key})`;
    const job = { kind: 'train' as const, phase, title, network, ...(seed === undefined ? {} : { seed }) };
    tasks.push({ job, title, place: { index: first + i, of }, one });
  }
  for await (const { task, result } of inTurns<TranslatorJob, TranslatorTraining, (typeof tasks)[number]>(
    ...[context, tasks, trainsTranslators(context)],
  )) {
    if (!('test' in result)) internal(`${task.one.name} was not measured`);
    done.set(task.one, await keep(context, task.one, result));
  }
  return trainees.map((one) => done.get(one) ?? internal(`${one.name} was not trained`));
}

/** The evaluator of a run, as the one who trains. */
export function trainsTranslators({
  evaluator,
}: Pick<TranslationContext, 'evaluator'>): Trains<TranslatorJob, TranslatorTraining> {
  return { slots: evaluator.slots, run: (job, options) => evaluator.run(job, options) };
}

/** Tells and saves what a training came to. */
async function keep(
  context: TranslationContext,
  { name, role, key, costs }: Trainee,
  { tensors, ...measured }: TrainedTranslator,
): Promise<TrainedTranslator> {
  const { validation, test, lengthPenalty } = measured;
  const { signatures: _, ...scores } = test; // those of all networks are one, and stand in the result
  const phase = measuredPhase(retrainPhase(name));
  // Before the checkpoint, which counts the journal's lines: a kill between the two repeats both.
  tell(context, phase, {
    ...{ type: 'network-evaluated', name, role, genotype: key, ...scores },
    ...{ validationAccuracy: validation.accuracy, validationBleu: validation.bleu },
    ...{ lengthPenalty, ...costs() },
  });
  await savePhase<Saved>(context, phase, measured, sourcesOf(tensors));
  return { ...measured, tensors };
}
