/** The teacher of a run: a trained network from its folder, held to the run's classes and images. */
import type { Backend } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { type Distillation, networkTeacher, renormalisation } from '../../training/distillation.ts';
import { type OpenedNetwork, openNetwork } from '../network-files.ts';
import type { JobContext } from './context.ts';

export interface Teacher {
  readonly distillation: Distillation;
  dispose(): void;
}

/**
 * Undefined when the run has no teacher. Throws 'usage' when its folder holds no trained network, when it tells other
 * classes apart or takes images of another size.
 */
export function openTeacher({ backend, config, dataset, task }: JobContext): Teacher | undefined {
  if (config.distill === 'none') return undefined;
  const { description, path, network } = loadTeacher(backend, config.distill);
  try {
    const { classes, task: own } = description;
    const foreign = classes.findIndex((name, i) => name !== dataset.classes[i]);
    if (foreign >= 0 || classes.length !== dataset.classes.length) {
      const at = foreign >= 0 ? foreign : classes.length;
      throw new ShiftAddError(
        'usage',
        `a teacher must know the ${dataset.classes.length} classes of ${dataset.source}, but ${config.distill} knows ${classes.length}, and class ${at + 1} is ${quoted(classes[at])} instead of ${quoted(dataset.classes[at])}; give one that was trained on the same classes`,
        { teacher: config.distill },
      );
    }
    const size = ({ h, w, c }: typeof own.image) => `${h}x${w}x${c}`;
    if (size(own.image) !== size(task.image)) {
      throw new ShiftAddError(
        'usage',
        `a teacher must take the run's images of ${size(task.image)}, but ${config.distill} takes ${size(own.image)}; give one that was trained on images of the same size`,
        { teacher: config.distill },
      );
    }
    return {
      distillation: {
        kind: config.distillKind === 'hard' ? 'hard' : 'soft',
        share: config.distillShare,
        temperature: config.distillTemperature,
        teacher: networkTeacher(network, path, renormalisation(dataset, description)),
      },
      dispose: () => network.dispose(),
    };
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** A teacher that cannot be read is a matter of this run's settings, not of its folder. */
function loadTeacher(backend: Backend, dir: string): OpenedNetwork {
  try {
    return openNetwork(backend, dir);
  } catch (error) {
    if (!(error instanceof ShiftAddError) || error.code !== 'run') throw error;
    const sentence = `a teacher must be a trained network, but ${error.message}; give the folder of one`;
    throw new ShiftAddError('usage', sentence, { teacher: dir }, error);
  }
}

function quoted(name: string | undefined): string {
  return name === undefined ? 'missing' : `"${name}"`;
}
