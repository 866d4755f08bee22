/**
 * The weights of a translator as PyTorch keeps them, and back into a plain translator (weights.ts):
 *
 *   linear, shift layer     [inputs, outputs]      NAME.weight [outputs, inputs], NAME.bias
 *   filter                  [heads, window]        NAME.weight [heads, window], as it computes
 *   layer norm              [width]                NAME.weight, NAME.bias
 *   embedding               [vocabulary, width]    embedding.weight
 */
import { internal } from '../../core/errors.ts';
import type { TensorData } from '../../core/safetensors.ts';
import type { Shape } from '../../core/shapes.ts';
import type { Translator } from '../../supernet/translator/translator.ts';
import { reordered } from '../layout.ts';
import { checkTensors, type StateDictFile } from '../pytorch/match.ts';
import { publicName } from './names.ts';
import type { TranslatorWeights } from './weights.ts';

export function translatorState(weights: TranslatorWeights): Map<string, TensorData> {
  return new Map(
    Array.from(weights, ([name, { shape, data }]) => [
      publicName(name),
      isTurned(name, shape) ? { shape: shape.toReversed(), data: turned(data, shape) } : { shape, data },
    ]),
  );
}

/** Puts the tensors of a file into a plain translator. Throws 'run' where names or shapes differ, naming the nearest. */
export function loadTranslatorState(translator: Translator, file: StateDictFile): void {
  const tensors = [...translator.store.tensors()];
  checkTensors(
    file,
    tensors.map(({ name, shape }) => ({
      name: publicName(name),
      shape: isTurned(name, shape) ? shape.toReversed() : shape,
    })),
  );
  const found = new Map<string, TensorData>();
  for (const { name, shape } of tensors) {
    const { data } = file.tensors.get(publicName(name)) ?? internal(`no tensor ${name}`);
    const values = isTurned(name, shape) ? turned(data, shape.toReversed()) : Float32Array.from(data);
    found.set(name, { shape, data: name.endsWith('.conv.filter') ? values.map(logarithm) : values });
  }
  translator.store.load((name) => found.get(name));
}

/** Whether a tensor is a matrix that PyTorch keeps with its outputs first. */
const isTurned = (name: string, { length }: Shape): boolean =>
  length === 2 && name !== 'embedding' && !name.endsWith('.filter');

const turned = (data: ArrayLike<number>, shape: Shape): Float32Array =>
  reordered(Float32Array.from(data), shape, [1, 0]);

/** The softmax of logarithms of shares is these shares. A share of 0 has none; e^-100 is as good. */
const logarithm = (share: number): number => Math.max(-100, Math.log(share));
