/** The integer program of a trained network: by calibration alone, or fine-tuned behind it. */
import type { Backend } from '../../backends/backend.ts';
import { encodeSafetensors, type TensorData } from '../../core/safetensors.ts';
import { withChecksum } from '../../core/safetensors-checksum.ts';
import {
  type Conversion,
  converted,
  fold,
  type IntegerProgram,
  traceNetwork,
  tuned,
} from '../../deploy/index.ts';
import { createNetwork, type OpenedNetwork } from '../network-files.ts';
import { type FineTuning, fineTuning } from './fine-tuning.ts';

export interface ProgramOptions extends Pick<Conversion, 'images' | 'bits' | 'shiftBits'> {
  readonly fineTuning?: FineTuning;
}

export interface ProgramOfNetwork {
  readonly program: IntegerProgram;
  /** By calibration alone, where `program` is fine-tuned. */
  readonly calibrated?: IntegerProgram;
  /** Weights of the fine-tuned program in real numbers, as a safetensors file. */
  readonly weights?: Uint8Array;
}

/**
 * `images`: [count, h, w, c], normalised, that ranges are measured on. The network is not changed.
 * @throws ShiftAddError 'run' for a network that has no integer program; what fine-tuning throws
 */
export function integerProgram(
  backend: Backend,
  opened: OpenedNetwork,
  { fineTuning: asked, ...options }: ProgramOptions,
): Promise<ProgramOfNetwork> {
  const { key: name, description } = opened;
  const { task, classes, mean, deviation } = description;
  const conversion = { ...options, image: task.image, mean, deviation, name, classes };
  return inRealNumbers(opened, backend, async (real) => {
    const folded = fold(await traceNetwork(real.network, real.path, task.image));
    const before = await converted(backend, folded, conversion);
    if (asked === undefined) return { program: before.program };
    const after = await tuned(backend, before, conversion, fineTuning(real, asked));
    const { epochs, rate } = asked;
    const tensors = new Map<string, TensorData>();
    for (const layer of after.network.layers) {
      if (!('gain' in layer)) continue;
      const parts = { gain: layer.gain, bias: layer.bias };
      for (const [part, data] of Object.entries(parts)) {
        tensors.set(`${layer.name}.${part}`, { shape: [data.length], data });
      }
      if (layer.kind !== 'window') continue;
      const { r, s } = layer.window;
      const m = layer.gain.length;
      tensors.set(`${layer.name}.weight`, {
        shape: [r, s, layer.weight.length / (r * s * m), m],
        data: layer.weight,
      });
    }
    const metadata = {
      format: 'shiftaddnas-fine-tuned',
      network: name,
      epochs: `${epochs}`,
      rate: `${rate}`,
    };
    const weights = encodeSafetensors(tensors, withChecksum(tensors, metadata));
    return { program: after.program, calibrated: before.program, weights };
  });
}

/** A network of few bits rounds what its layers read; the program has its own ways to do so, and is made of the rest. */
async function inRealNumbers<T>(
  opened: OpenedNetwork,
  backend: Backend,
  use: (real: OpenedNetwork) => Promise<T>,
): Promise<T> {
  const { quantisation, ...description } = opened.description;
  if (quantisation === undefined) return use(opened);
  const real = createNetwork(backend, description, opened.key);
  try {
    const tensors = new Map<string, { shape: readonly number[]; data: ArrayLike<number> }>();
    for (const { name, shape, buffer } of opened.network.store.tensors()) {
      tensors.set(name, { shape, data: await backend.read(buffer) });
    }
    real.network.store.load((name) => tensors.get(name));
    return await use(real);
  } finally {
    real.network.dispose();
  }
}
