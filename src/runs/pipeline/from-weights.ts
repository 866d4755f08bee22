/**
 * A network that starts from a file: a PyTorch state dict as safetensors, under the names of docs/export.md; or from the
 * weights of a trained network in its folder.
 */
import { internal, ShiftAddError } from '../../core/errors.ts';
import { readSafetensors, type Safetensors } from '../../core/safetensors.ts';
import { sizeOf } from '../../core/shapes.ts';
import { loadStateDict } from '../../deploy/index.ts';
import type { Task } from '../../spaces/layout.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import type { WeightStore } from '../../supernet/store.ts';
import { findBaseline } from '../../zoo/index.ts';
import { type Architecture, readNetworkDescription, weightsFile } from '../network-files.ts';
import { isFolder } from '../source-files.ts';
import type { Trainable } from './subject.ts';

/** The name that decides what layers are called; see namingOf. */
export function baseOf(architecture: Architecture): string | undefined {
  return 'zoo' in architecture ? findBaseline(architecture.zoo)?.base : undefined;
}

/** The network that a file says its tensors are of, where that is not `key`; a file of PyTorch's says nothing. */
export function otherNetwork({ network }: Safetensors['metadata'], key: string): string | undefined {
  return network === key ? undefined : network;
}

/**
 * The same network, built with the tensors of a file or of the folder of a trained network. `real`: the network in real
 * numbers, where `drawn` is of few bits: what a file holds has no ranges, and a network measures its own while it trains.
 * Building throws 'run' or 'usage' where the tensors do not fit.
 */
export function fromWeights<Path>(
  drawn: Trainable<Path>,
  real: Trainable<Path>,
  architecture: Architecture,
  task: Task,
  source: string,
): Trainable<Path> {
  return {
    ...drawn,
    build(backend, random) {
      const start = real.build(backend, random);
      try {
        const { tensors } = readSafetensors(weightsFile(source));
        if (isFolder(source)) {
          checkFolder(source, architecture, drawn.sharing);
          start.store.load((name) => tensors.get(name));
        } else {
          const file = { path: source, tensors };
          loadStateDict(start, drawn.path, task.image, file, baseOf(architecture));
        }
        const network = drawn.build(backend, random);
        copyTensors(start.store, network.store);
        return network;
      } finally {
        start.dispose();
      }
    },
  };
}

/** Weights of a folder are as they are trained: those of this very network, which must transform them alike. */
function checkFolder(dir: string, wanted: Architecture, sharing: SharingConfig): void {
  const keyOf = (of: Architecture) => ('zoo' in of ? of.zoo : of.genotype);
  const found = readNetworkDescription(dir);
  if (keyOf(found) !== keyOf(wanted)) {
    const sentence = `${dir} holds the weights of ${keyOf(found)}, not of ${keyOf(wanted)}; give --network ${keyOf(found)}`;
    throw new ShiftAddError('usage', sentence, { dir });
  }
  const read = ({ transformation, shift, adder }: SharingConfig) =>
    JSON.stringify({ transformation, shift, adder });
  if (read(found.sharing) === read(sharing)) return;
  throw new ShiftAddError(
    'usage',
    `${dir} holds weights that were trained as ${read(found.sharing)}, and this network would read them as ${read(sharing)}; give the settings of that run`,
    { dir },
  );
}

function copyTensors(from: WeightStore, to: WeightStore): void {
  const targets = new Map(Array.from(to.tensors(), ({ name, buffer }) => [name, buffer]));
  for (const { name, shape, buffer } of from.tensors()) {
    const target = targets.get(name) ?? internal(`a network of few bits has no ${name}`);
    from.backend.unary('copy', buffer, target, sizeOf(shape));
  }
}
