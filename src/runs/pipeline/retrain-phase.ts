/** Trains one network alone and measures it: on held-out images to choose by, and once on the test set. */
import type { TensorData } from '../../core/safetensors.ts';
import { encode } from '../../spaces/genotype.ts';
import type { Genotype } from '../../spaces/space.ts';
import type { Score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { loadPhase, measuredPhase, type RunContext, retrainPhase, savePhase, tell } from './context.ts';
import { trainAlone } from './train-alone.ts';

export interface Retrained {
  readonly name: string;
  readonly role: 'candidate' | 'baseline';
  readonly genotype: Genotype;
  readonly validation: Score;
  readonly test: Score;
  readonly curve: readonly CurvePoint[];
  /** Weights and calibrated norms: all that using the network needs. */
  readonly tensors: ReadonlyMap<string, TensorData>;
}

interface SavedMeasurement {
  readonly validation: Score;
  readonly test: Score;
  readonly curve: readonly CurvePoint[];
}

export async function runRetrainPhase(
  context: RunContext,
  place: { readonly index: number; readonly of: number },
  name: string,
  role: Retrained['role'],
  genotype: Genotype,
): Promise<Retrained> {
  const phase = retrainPhase(name);
  const measured = loadPhase<SavedMeasurement>(context, measuredPhase(phase));
  if (measured !== undefined) {
    const { validation, test, curve } = measured.state;
    return { name, role, genotype, validation, test, curve, tensors: measured.tensors };
  }
  const { backend, dataset, split } = context;
  const title = `training ${name} (${encode(genotype)})`;
  return trainAlone(context, { phase, title, place, genotype }, async ({ network, curve, measure }) => {
    const validation = await measure(dataset.train, split.held);
    const test = await measure(
      dataset.test,
      Uint32Array.from({ length: dataset.test.count }, (_, i) => i),
    );
    const tensors = new Map<string, TensorData>();
    for (const { name: tensor, shape, buffer } of network.store.tensors()) {
      tensors.set(tensor, { shape, data: (await backend.read(buffer)) as Float32Array });
    }
    // Before the checkpoint, which counts the journal's lines: a kill between the two repeats both.
    tell(context, measuredPhase(phase), {
      type: 'network-evaluated',
      name,
      role,
      genotype: encode(genotype),
      loss: test.loss,
      accuracy: test.accuracy,
      validationAccuracy: validation.accuracy,
      ...context.pricer.price(genotype),
    });
    savePhase<SavedMeasurement>(context, measuredPhase(phase), { validation, test, curve }, tensors);
    return { name, role, genotype, validation, test, curve, tensors };
  });
}
