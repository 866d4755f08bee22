/** The tensors of a file beside those that somebody waits for. */
import { nearest, ShiftAddError } from '../../core/errors.ts';
import type { TensorData } from '../../core/safetensors.ts';
import { type Shape, sameShape, showShape } from '../../core/shapes.ts';

export interface StateDictFile {
  /** For messages. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorData>;
}

/** Counted by PyTorch's batch norms, and of no use here. */
const IGNORED = /(^|\.)num_batches_tracked$/;

/** Throws 'run' where names or shapes differ, naming the nearest; afterwards every wanted tensor is in the file. */
export function checkTensors(
  file: StateDictFile,
  entries: Iterable<{ readonly name: string; readonly shape: Shape }>,
): void {
  const shapes = new Map(Array.from(entries, ({ name, shape }) => [name, shape]));
  const unexpected = [...file.tensors.keys()].filter((name) => !shapes.has(name) && !IGNORED.test(name));
  for (const [name, shape] of shapes) {
    const tensor = file.tensors.get(name);
    if (tensor === undefined) misfit(file, `it has no ${name}`, name, unexpected);
    if (!sameShape(tensor.shape, shape)) {
      const sizes = `${name} has shape ${showShape(tensor.shape)} where the network has ${showShape(shape)}`;
      misfit(file, sizes, name, []);
    }
  }
  if (unexpected.length > 0) {
    misfit(file, `the network has no ${unexpected[0]}`, unexpected[0], shapes.keys());
  }
}

function misfit({ path }: StateDictFile, what: string, name: string, others: Iterable<string>): never {
  const near = nearest(name, others);
  const sentence = `${path} does not fit the network: ${what}${near === undefined ? '' : `; the nearest name is ${near}`}; docs/export.md lists the names`;
  throw new ShiftAddError('run', sentence, { path, name });
}
