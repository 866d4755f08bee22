/**
 * The weights of a translator as its layers compute with them: filters after their softmax or their scale and offset, shift
 * layers as powers of two, everything else as it stands. Computed once, by the code that translating runs. Every writer of
 * this folder reads them, under the names that the tensors of a plain translator have.
 *
 *   a translator with any sharing ── weights ── a plain translator, which computes the same
 */
import { Graph, type Tensor } from '../../autograd/graph.ts';
import { internal } from '../../core/errors.ts';
import type { TensorData } from '../../core/safetensors.ts';
import { sameShape, showShape } from '../../core/shapes.ts';
import { blockParts, type TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import type { SharingConfig } from '../../supernet/sharing.ts';
import { rolesOf, translatorDeclarations } from '../../supernet/translator/declarations.ts';
import { extentOf, partWidth } from '../../supernet/translator/extent.ts';
import type { Pass } from '../../supernet/translator/pass.ts';
import { filterWeight, lightweightBias, lightweightMatrix } from '../../supernet/translator/sublayers.ts';
import type { Translator, TranslatorConfig } from '../../supernet/translator/translator.ts';
import { PLAIN_WEIGHTS } from '../pytorch/state-dict.ts';

/** By the names of a plain translator (src/supernet/translator/declarations.ts). */
export type TranslatorWeights = ReadonlyMap<string, TensorData>;

/**
 * Reads weights of additions and powers of two as they stand. 'none' would take the softmax of the former, as released;
 * 'released' transforms only what families share, and here nothing is shared.
 */
const PLAIN: SharingConfig = { ...PLAIN_WEIGHTS, transformation: 'released' };

/** The same network without anything that weights go through but the softmax of convolutions. */
export function plainConfig(
  { vocabulary, norm, longest }: TranslatorConfig,
  network: TranslationNetwork,
): TranslatorConfig {
  return { extent: extentOf(network), vocabulary, norm, longest, sharing: PLAIN };
}

/** Called while no graph is open. */
export async function translatorWeights(
  translator: Translator,
  network: TranslationNetwork,
): Promise<TranslatorWeights> {
  const graph = new Graph(translator.store.backend, { training: false });
  try {
    const pass = translator.pass(graph);
    const computed = new Map(lightweightWeights(pass, network));
    const found = new Map<string, TensorData>();
    for (const { name, shape } of translatorDeclarations(plainConfig(translator.config, network), PLAIN)) {
      const tensor = computed.get(name) ?? pass.weight(name, ...shape);
      if (!sameShape(tensor.shape, shape)) {
        internal(`${name} should have shape ${showShape(shape)}, but has ${showShape(tensor.shape)}`);
      }
      found.set(name, { shape, data: Float32Array.from(await graph.read(tensor)) });
    }
    return found;
  } finally {
    graph.close();
  }
}

/** What depends on more than one tensor, or on a transformed one. */
function* lightweightWeights(pass: Pass, network: TranslationNetwork): Iterable<[string, Tensor]> {
  const { gated, standardised } = network;
  for (const side of ['encoder', 'decoder'] as const) {
    for (const [i, { block, heads }] of network[`${side}Layers`].entries()) {
      const { lightweight: kind } = blockParts(block);
      if (kind === undefined) continue;
      const layer = `${side}.layer${i}`;
      const width = partWidth(block, network[side]);
      const choice = { kind, heads, gated, standardised };
      for (const role of rolesOf(kind)) {
        const name = `${layer}.lightweight.${kind}.${role}`;
        if (role === 'filter') yield [name, filterWeight(pass, layer, choice)];
        else {
          yield [name, lightweightMatrix(pass, layer, role, width, choice)];
          yield [`${name}.bias`, lightweightBias(pass, layer, role, width, choice)];
        }
      }
    }
  }
}
