/** Weights out to PyTorch and back: safetensors with the names and shapes of entries.ts. */
import { internal, ShiftAddError } from '../../core/errors.ts';
import type { TensorData } from '../../core/safetensors.ts';
import type { Shape } from '../../core/shapes.ts';
import type { MapSize } from '../../operators/operator.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import { DEFAULT_SHARING } from '../../supernet/sharing.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import { reordered } from '../layout.ts';
import type { Program } from '../program.ts';
import { traceSteps } from '../trace.ts';
import { entriesOf } from './entries.ts';
import { checkTensors, type StateDictFile } from './match.ts';

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
  checkTensors(file, entries);
  const found = new Map<string, TensorData>();
  for (const { name, constant, from, axes } of entries) {
    const { data } = file.tensors.get(name) ?? internal(`no tensor ${name}`);
    found.set(constant, { shape: from, data: back(data, from, axes) });
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
