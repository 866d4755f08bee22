/** Trains one network alone and measures it: on held-out images to choose by, and once on the test set. */
import type { TensorData } from '../../core/safetensors.ts';
import type { Genotype } from '../../spaces/space.ts';
import { type LayerRecord, layerTable } from '../../supernet/layer-table.ts';
import { Network } from '../../supernet/network.ts';
import type { Score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import { loadPhase, measuredPhase, type RunContext, retrainPhase, savePhase, tell } from './context.ts';
import { spaceSubject } from './space-subject.ts';
import type { Subject } from './subject.ts';
import { trainAlone } from './train-alone.ts';

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
  /** Widths and steps of its layers; empty where it computes with real numbers, as networks of the zoo do. */
  readonly layers: readonly LayerRecord[];
}

export interface Retrained extends Measured {
  readonly name: string;
  readonly role: 'candidate' | 'baseline';
  readonly genotype: Genotype;
}

/** A network of the run's space. */
export async function runRetrainPhase(
  context: RunContext,
  place: { readonly index: number; readonly of: number },
  name: string,
  role: Retrained['role'],
  genotype: Genotype,
): Promise<Retrained> {
  const measured = await trainAndMeasure(context, place, name, role, spaceSubject(context, genotype));
  return { name, role, genotype, ...measured };
}

/** Any network, called `name` in the run. */
export async function trainAndMeasure<Path>(
  context: RunContext,
  place: { readonly index: number; readonly of: number },
  name: string,
  role: Retrained['role'],
  subject: Subject<Path>,
): Promise<Measured> {
  const phase = retrainPhase(name);
  const measured = loadPhase<SavedMeasurement>(context, measuredPhase(phase));
  if (measured !== undefined) {
    const { validation, test, curve, layers = [] } = measured.state;
    return { validation, test, curve, tensors: measured.tensors, layers };
  }
  const { backend, dataset, split } = context;
  const title = `training ${name} (${subject.key})`;
  return trainAlone(context, { phase, title, place, subject }, async ({ network, curve, measure }) => {
    const validation = await measure(dataset.train, split.held);
    const test = await measure(
      dataset.test,
      Uint32Array.from({ length: dataset.test.count }, (_, i) => i),
    );
    const tensors = new Map<string, TensorData>();
    for (const { name: tensor, shape, buffer } of network.store.tensors()) {
      tensors.set(tensor, { shape, data: (await backend.read(buffer)) as Float32Array });
    }
    const layers = network instanceof Network ? await layerTable(network) : [];
    // Before the checkpoint, which counts the journal's lines: a kill between the two repeats both.
    tell(context, measuredPhase(phase), {
      type: 'network-evaluated',
      name,
      role,
      genotype: subject.key,
      loss: test.loss,
      accuracy: test.accuracy,
      validationAccuracy: validation.accuracy,
      ...subject.costs(),
    });
    const state = { validation, test, curve, ...(layers.length === 0 ? {} : { layers }) };
    savePhase<SavedMeasurement>(context, measuredPhase(phase), state, tensors);
    return { validation, test, curve, tensors, layers };
  });
}
