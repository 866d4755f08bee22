/**
 * The tensors of a training in its checkpoint: weights, moments of the optimiser and averages, each under a prefix of its
 * own. They stay on the backend; the checkpoint reads one after the other as it is written.
 */
import type { Buffer } from '../../backends/backend.ts';
import type { TensorSource } from '../../core/safetensors-writer.ts';
import type { Shape } from '../../core/shapes.ts';
import type { WeightAverage } from '../../training/average.ts';
import type { Optimiser } from '../../training/optimiser.ts';
import { type Checkpoint, loadCheckpoint } from '../checkpoint.ts';
import { checkpointPath, type JobContext } from './context.ts';
import type { Learner, SavedTraining } from './train-phase.ts';

const WEIGHT = 'weight:';
const MOMENT = 'moment:';
const AVERAGE = 'average:';

/** All that a training needs to go on, read when it is asked for. */
export function trainingTensors(
  { store }: Pick<Learner, 'store'>,
  optimiser: Optimiser,
  average: WeightAverage | undefined,
): Map<string, TensorSource> {
  const { backend } = store;
  const source = (buffer: Buffer, shape: Shape = [buffer.length]): TensorSource => ({
    ...{ shape, type: buffer.type },
    read: () => backend.read(buffer),
  });
  const sources = new Map<string, TensorSource>();
  for (const { name, shape, buffer } of store.tensors()) sources.set(WEIGHT + name, source(buffer, shape));
  for (const [name, buffer] of beside(optimiser, average)) sources.set(name, source(buffer));
  return sources;
}

/** Weights that are missing are an error; moments and averages that are missing stay as they are. */
export function restoreTraining(
  { store }: Pick<Learner, 'store'>,
  optimiser: Optimiser,
  { state, tensors }: Checkpoint<SavedTraining>,
  average?: WeightAverage,
): void {
  store.load((name) => tensors.get(WEIGHT + name));
  optimiser.restore(state.optimiser);
  for (const [name, buffer] of beside(optimiser, average)) {
    const saved = tensors.get(name);
    if (saved !== undefined) store.backend.write(buffer, saved.data);
  }
}

/** Gives a network the weights that the finished training of `phase` left in its checkpoint; false where there is none. */
export function loadTrained(
  context: Pick<JobContext, 'checkpoints'>,
  phase: string,
  { store }: Pick<Learner, 'store'>,
): boolean {
  const saved = loadCheckpoint<SavedTraining>(checkpointPath(context, phase));
  if (saved === undefined || !saved.state.done) return false;
  store.load((name) => saved.tensors.get(WEIGHT + name));
  return true;
}

/** What a training keeps beside its weights. */
function* beside(optimiser: Optimiser, average?: WeightAverage): Iterable<readonly [string, Buffer]> {
  for (const [name, buffer] of optimiser.moments()) yield [MOMENT + name, buffer];
  for (const [name, buffer] of average?.buffers ?? []) yield [AVERAGE + name, buffer];
}
