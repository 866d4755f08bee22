/** A network that starts from a file: a PyTorch state dict as safetensors, under the names of docs/export.md. */
import { readSafetensors, type Safetensors } from '../../core/safetensors.ts';
import { loadStateDict } from '../../deploy/index.ts';
import type { Task } from '../../spaces/layout.ts';
import { findBaseline } from '../../zoo/index.ts';
import type { Architecture } from '../network-files.ts';
import type { Trainable } from './subject.ts';

/** The name that decides what layers are called; see namingOf. */
export function baseOf(architecture: Architecture): string | undefined {
  return 'zoo' in architecture ? findBaseline(architecture.zoo)?.base : undefined;
}

/** The network that a file says its tensors are of, where that is not `key`; a file of PyTorch's says nothing. */
export function otherNetwork({ network }: Safetensors['metadata'], key: string): string | undefined {
  return network === key ? undefined : network;
}

/** The same network, built with the tensors of the file. Building throws 'run' or 'usage' where they do not fit. */
export function fromWeights<Path>(
  drawn: Trainable<Path>,
  architecture: Architecture,
  task: Task,
  file: string,
): Trainable<Path> {
  return {
    ...drawn,
    build(backend, random) {
      const network = drawn.build(backend, random);
      try {
        const { tensors } = readSafetensors(file);
        loadStateDict(network, drawn.path, task.image, { path: file, tensors }, baseOf(architecture));
        return network;
      } catch (error) {
        network.dispose();
        throw error;
      }
    },
  };
}
