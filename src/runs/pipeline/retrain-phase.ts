/**
 * Trains one network alone with the recipe every other network gets: same images in the same order, same rates,
 * same parametrisation of its adders. Then measures it, on held-out images to choose by and once on the test set.
 */
import type { TensorData } from '../../core/safetensors.ts';
import { encode } from '../../spaces/genotype.ts';
import type { Genotype } from '../../spaces/space.ts';
import { Network } from '../../supernet/network.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import { calibrate, type Score, score } from '../../training/score.ts';
import type { CurvePoint } from '../../training/trainer.ts';
import {
  calibrationBatches,
  heldBatches,
  loadPhase,
  measuredPhase,
  type RunContext,
  retrainPhase,
  savePhase,
  scoringBatches,
  tell,
} from './context.ts';
import { openTeacher, type Teacher } from './teacher.ts';
import { runTrainPhase } from './train-phase.ts';

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

/** Sharing of a network that is alone: none, with the same transformations. */
export function alone(sharing: SharingConfig): SharingConfig {
  return { ...sharing, families: [], alignment: 'none' };
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
  const { backend, space, task, config, dataset, split, random } = context;
  const sharing = alone(context.sharing);
  const network = new Network(backend, { space, task, sharing, genotype }, random.split('retrained weights'));
  const calibration = calibrationBatches(context);
  const scoring = scoringBatches(context);
  let teacher: Teacher | undefined;
  try {
    teacher = openTeacher(context);
    const curve = await runTrainPhase(context, {
      phase,
      title: `training ${name} (${encode(genotype)})`,
      ...place,
      network,
      epochs: config.epochs,
      genotypeAt: () => genotype,
      averaging: config.averaging,
      ...(teacher === undefined ? {} : { distillation: teacher.distillation }),
      validate: () => {
        calibrate(network, genotype, calibration);
        return score(network, genotype, scoring);
      },
    });
    calibrate(network, genotype, calibration);
    const measure = async (set: typeof dataset.train, indices: ArrayLike<number>) => {
      const held = heldBatches(context, set, indices);
      try {
        return await score(network, genotype, held);
      } finally {
        held.dispose();
      }
    };
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
  } finally {
    teacher?.dispose();
    calibration.dispose();
    scoring.dispose();
    network.dispose();
  }
}
