/** Trains networks alone and measures them: on held-out images to choose by, and once on the test set. */
import { internal } from '../../core/errors.ts';
import { sourcesOf, type TensorData } from '../../core/safetensors.ts';
import type { Genotype } from '../../spaces/space.ts';
import type { LayerRecord } from '../../supernet/layer-table.ts';
import type { Score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import type { TrainResult } from '../evaluation/evaluator.ts';
import { loadPhase, measuredPhase, type RunContext, retrainPhase, savePhase, tell } from './context.ts';
import { spaceSubject } from './space-subject.ts';
import type { Subject } from './subject.ts';
import { type TrainTask, trainTasks } from './train-jobs.ts';

interface SavedMeasurement {
  readonly validation: Score;
  readonly test: Score;
  readonly curve: readonly CurvePoint[];
  /** Absent where it computes with real numbers. */
  readonly layers?: readonly LayerRecord[];
}

export interface Measured extends SavedMeasurement {
  /** Weights and calibrated norms: all that using the network needs. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** Widths and steps of its layers; empty where it computes with real numbers. */
  readonly layers: readonly LayerRecord[];
}

export interface Retrained extends Measured {
  readonly name: string;
  readonly role: 'candidate' | 'baseline';
  readonly genotype: Genotype;
}

/** A network to train, and what it is trained for. */
export interface Chosen {
  /** What it is called in the run. */
  readonly name: string;
  readonly role: Retrained['role'];
  readonly subject: Subject;
  /** First weights, batches and calibration follow it in place of the run's. */
  readonly seed?: number;
  /** Starts from the run's supernet. */
  readonly inherits?: boolean;
  /** File with the tensors it starts from; drawn ones when absent. */
  readonly weights?: string;
}

/** Networks of the run's space, in their order; `first` and `of` place their phases in the run. */
export async function runRetrainPhases(
  context: RunContext,
  places: { readonly first: number; readonly of: number },
  chosen: readonly Pick<Retrained, 'name' | 'role' | 'genotype'>[],
): Promise<Retrained[]> {
  const { inherit: inherits } = context.config;
  const named = chosen.map((one) => ({ ...one, subject: spaceSubject(context, one.genotype), inherits }));
  const measured = await trainAndMeasure(context, places, named);
  return chosen.map(({ name, role, genotype }, i) => ({ name, role, genotype, ...measured[i] }));
}

/** Any networks, in their order. */
export async function trainAndMeasure(
  context: RunContext,
  { first, of }: { readonly first: number; readonly of: number },
  chosen: readonly Chosen[],
): Promise<Measured[]> {
  const done = new Map<Chosen, Measured>();
  const tasks: (TrainTask & { readonly one: Chosen })[] = [];
  for (const [i, one] of chosen.entries()) {
    const measured = measurementOf(context, one);
    if (measured !== undefined) done.set(one, measured);
    else tasks.push({ ...taskOf(one, { index: first + i, of }), one });
  }
  for await (const { task, result } of trainTasks(context, tasks)) {
    done.set(task.one, await measure(context, task.one, result));
  }
  return chosen.map((one) => done.get(one) ?? internal(`${one.name} was not trained`));
}

function taskOf({ name, subject, seed, inherits, weights }: Chosen, place: TrainTask['place']): TrainTask {
  const { key, architecture } = subject;
  const start = {
    ...(seed === undefined ? {} : { seed }),
    ...(inherits === true ? { inherits } : {}),
    ...(weights === undefined ? {} : { weights }),
  };
  const job = { kind: 'train', phase: retrainPhase(name), architecture, tests: true, ...start } as const;
  return { job, title: `training ${name} (${key})`, place };
}

/** What an earlier process found; undefined where it did not come so far. */
function measurementOf(context: RunContext, { name }: Chosen): Measured | undefined {
  const found = loadPhase<SavedMeasurement>(context, measuredPhase(retrainPhase(name)));
  if (found === undefined) return undefined;
  const { validation, test, curve, layers = [] } = found.state;
  return { validation, test, curve, tensors: found.tensors, layers };
}

/** Tells and saves what a training came to. */
async function measure(
  context: RunContext,
  { name, role, subject }: Chosen,
  { validation, curve, test, tensors, layers = [] }: TrainResult,
): Promise<Measured> {
  if (test === undefined || tensors === undefined) return internal(`${name} was not tested`);
  const phase = measuredPhase(retrainPhase(name));
  // Before the checkpoint, which counts the journal's lines: a kill between the two repeats both.
  tell(context, phase, {
    type: 'network-evaluated',
    name,
    role,
    genotype: subject.key,
    loss: test.loss,
    accuracy: test.accuracy,
    validationAccuracy: validation.accuracy,
    ...(test.images === undefined ? {} : { testImages: test.images }),
    ...subject.costs(),
  });
  const state = { validation, test, curve, ...(layers.length === 0 ? {} : { layers }) };
  await savePhase<SavedMeasurement>(context, phase, state, sourcesOf(tensors));
  return { validation, test, curve, tensors, layers };
}
