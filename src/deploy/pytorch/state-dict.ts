/** Weights out to PyTorch and back: safetensors with the names and shapes of entries.ts. */
import { nearest, ShiftAddError } from '../../core/errors.ts';
import type { TensorData } from '../../core/safetensors.ts';
import { type Shape, sameShape, showShape } from '../../core/shapes.ts';
import type { MapSize } from '../../operators/operator.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import { DEFAULT_SHARING } from '../../supernet/sharing.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import { reordered } from '../layout.ts';
import type { Program } from '../program.ts';
import { traceSteps } from '../trace.ts';
import { entriesOf } from './entries.ts';

/** Weights as layers compute with them: nothing is shared and nothing transformed but the rounding of shift weights. */
export const PLAIN_WEIGHTS: SharingConfig = {
  ...DEFAULT_SHARING,
  families: [],
  transformation: 'none',
  alignment: 'none',
  shift: 'Q',
};

/** Every tensor of a program by its name in PyTorch. `base`: as in entriesOf. */
export function stateDict(program: Program, base?: string): Map<string, TensorData> {
  return new Map(
    entriesOf(program, base).map(({ name, constant, from, axes, shape }) => {
      const data = program.constants.get(constant) ?? new Float32Array();
      return [name, { shape, data: reordered(data, from, axes) }];
    }),
  );
}

export interface StateDictFile {
  /** For messages. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorData>;
}

/** Counted by PyTorch's batch norms, and of no use here. */
const IGNORED = /(^|\.)num_batches_tracked$/;

/**
 * Puts the tensors of a PyTorch state dict into a network. Throws 'run' when names or shapes differ, naming the nearest,
 * or when the network transforms its weights, for a file holds them as layers compute with them.
 */
export function loadStateDict<Path>(
  network: TrainableNetwork<Path>,
  path: Path,
  image: MapSize,
  file: StateDictFile,
  base?: string,
): void {
  const entries = entriesOf(traceSteps(network, path, image), base);
  const wanted = new Set(entries.map(({ name }) => name));
  const unexpected = [...file.tensors.keys()].filter((name) => !wanted.has(name) && !IGNORED.test(name));
  const found = new Map<string, TensorData>();
  for (const { name, constant, from, axes, shape } of entries) {
    const tensor = file.tensors.get(name);
    if (tensor === undefined) misfit(file, `it has no ${name}`, name, unexpected);
    if (!sameShape(tensor.shape, shape)) {
      const sizes = `${name} has shape ${showShape(tensor.shape)} where the network has ${showShape(shape)}`;
      misfit(file, sizes, name, []);
    }
    found.set(constant, { shape: from, data: back(tensor.data, from, axes) });
  }
  if (unexpected.length > 0) {
    misfit(file, `the network has no ${unexpected[0]}`, unexpected[0], wanted);
  }
  const { transformation } = network.config.sharing;
  const learned = [...network.store.tensors()].find(({ name }) => !found.has(name));
  const shaped =
    transformation !== 'none' && entries.some(({ constant }) => /\.(add|shift)\./.test(constant));
  if (learned !== undefined || shaped) {
    const sentence = `${file.path} holds weights as layers compute with them, but the adder or shift layers of this network transform theirs (${transformation}, ${network.config.sharing.shift}); give --transformation none and --shift Q`;
    throw new ShiftAddError('usage', sentence, { path: file.path });
  }
  network.store.load((name) => found.get(name));
}

function back(data: TensorData['data'], from: Shape, axes: readonly number[]): Float32Array {
  const inverse = axes.map((_, axis) => axes.indexOf(axis));
  return reordered(
    Float32Array.from(data),
    axes.map((axis) => from[axis]),
    inverse,
  );
}

function misfit({ path }: StateDictFile, what: string, name: string, others: Iterable<string>): never {
  const near = nearest(name, others);
  const sentence = `${path} does not fit the network: ${what}${near === undefined ? '' : `; the nearest name is ${near}`}; docs/export.md lists the names`;
  throw new ShiftAddError('run', sentence, { path, name });
}
