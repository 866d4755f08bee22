/**
 * A translation network over one store of weights: encoder and decoder of Transformer layers whose first sublayer is
 * attention, a lightweight filter or both (spec 7.1). Holding the weights of the largest choices it is the supernet, and
 * every network of the space is a path through it; holding those of one network it is that network. Both run the same
 * code.
 *
 *   source ids ── embedding, positions ── encoder layers ──┬── the last one, two or three outputs
 *   target ids ── embedding, positions ── decoder layers ──┴── norm ── embedding again ── logits
 */
import { add, multiply, scale } from '../../autograd/arithmetic.ts';
import { attention } from '../../autograd/attention.ts';
import { concatenate } from '../../autograd/concatenate.ts';
import { filter1d } from '../../autograd/filter.ts';
import { gather } from '../../autograd/gather.ts';
import type { Graph, Tensor } from '../../autograd/graph.ts';
import { matmul } from '../../autograd/matmul.ts';
import { reshape } from '../../autograd/reshape.ts';
import type { Backend, Buffer } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { checkSharing, type SharingConfig } from '../sharing.ts';
import { WeightStore } from '../store.ts';
import { type TranslatorSize, translatorDeclarations } from './declarations.ts';
import { type Noise, Pass, type PassOptions } from './pass.ts';
import { positionTable } from './positions.ts';
import type { SourceBatch } from './source.ts';
import { crossAttention, crossMemory, feedForward, type Meeting, mixing } from './sublayers.ts';

export interface TranslatorConfig extends TranslatorSize {
  readonly sharing: SharingConfig;
  /** Longest sequence in subwords, end included. */
  readonly longest: number;
}

export interface TranslatorPass {
  /** While training; nothing is dropped when absent. */
  readonly noise?: Noise | undefined;
  readonly probe?: PassOptions['probe'];
  readonly onWeight?: PassOptions['onWeight'];
}

/** Subwords int32 [n, t] that stand at positions `first` (0 when absent), `first` + 1 ... */
export interface EmbeddedWords {
  readonly ids: Buffer;
  readonly n: number;
  readonly t: number;
  readonly width: number;
  readonly first?: number;
}

/** What the decoder attends to: the outputs of the last encoder layers, the last one last; [n, t, encoder width] each. */
export interface Encoded {
  readonly outputs: readonly Tensor[];
  readonly source: SourceBatch;
}

export class Translator {
  readonly config: TranslatorConfig;
  readonly store: WeightStore;
  private readonly random: Random;
  /** By width. */
  private readonly positions = new Map<number, Float32Array>();

  /** `weights`: parameters that are there already and stay their owner's. Made while no scope is open. */
  constructor(
    backend: Backend,
    config: TranslatorConfig,
    random: Random,
    weights?: (name: string) => Buffer | undefined,
  ) {
    checkSharing(config.sharing);
    this.config = config;
    this.random = random;
    this.store = new WeightStore(backend, random, weights);
    for (const { name, shape, traits, initialise } of translatorDeclarations(config, config.sharing)) {
      this.store.declare(name, shape, traits, initialise);
    }
  }

  /** A second translator as this one was before any training. */
  untrained(): Translator {
    return new Translator(this.store.backend, this.config, this.random);
  }

  /** A pass on a graph. */
  pass(graph: Graph, { noise, probe, onWeight }: TranslatorPass = {}): Pass {
    const { sharing, norm } = this.config;
    return new Pass({ graph, store: this.store, sharing, norm, noise, probe, onWeight });
  }

  /** [n, t, width]. Throws 'data' for positions that the translator does not know. */
  embed(pass: Pass, side: 'encoder' | 'decoder', { ids, n, t, width, first = 0 }: EmbeddedWords): Tensor {
    const { graph } = pass;
    const { longest } = this.config;
    if (first + t > longest) {
      throw new ShiftAddError(
        'data',
        `a sentence may have at most ${longest} subwords here, but one has ${first + t}; shorten it, or train with a larger --longest`,
        { longest, found: first + t },
      );
    }
    const table = pass.weight('embedding', this.config.vocabulary, width);
    const words = reshape(scale(gather(table, ids, n * t), Math.sqrt(width)), [n, t, width]);
    return pass.dropped(side, add(words, this.positionsAt(graph, width, first, t)));
  }

  /** [t, width] from position `first` on. */
  private positionsAt(graph: Graph, width: number, first: number, t: number): Tensor {
    let table = this.positions.get(width);
    if (table === undefined) {
      table = positionTable(this.config.longest, width);
      this.positions.set(width, table);
    }
    return graph.values(table.subarray(first * width, (first + t) * width), [t, width]);
  }

  encode(pass: Pass, source: SourceBatch, network: TranslationNetwork): Encoded {
    const { graph } = pass;
    const { n, t, ids } = source;
    const [lengths] = source.lengths;
    const mask = graph.constant(source.mask, [n, t, 1]);
    const meeting: Meeting = {
      attend: (_, q, k, v, heads) =>
        attention(q, k, v, { heads, lengths, drop: pass.noise?.attention ?? 0, key: pass.drawKey() }),
      // What pads is taken out first, so that no sentence depends on the length of another.
      filter: (_, x, { kind, weight, heads }) =>
        filter1d(kind, multiply(x, mask), weight, { heads, left: Math.floor(weight.shape[1] / 2) }),
    };
    let x = this.embed(pass, 'encoder', { ids, n, t, width: network.encoder });
    const outputs: Tensor[] = [];
    const most = Math.max(...network.decoderLayers.map(({ sources }) => sources));
    const kept = network.encoderLayers.length - most;
    for (const [i, { block, heads, feedForward: inner }] of network.encoderLayers.entries()) {
      const at = `encoder.layer${i}`;
      x = mixing(pass, at, x, { block, heads }, network, meeting);
      x = feedForward(pass, at, x, inner);
      if (i >= kept) outputs.push(this.config.norm === 'pre' ? pass.layerNorm('encoder.norm', x) : x);
    }
    return { outputs, source };
  }

  /**
   * Keys and values of decoder layer `index` [n, sources * t, attention]. The outputs of several encoder layers stand
   * beside each other position by position, so that what pads is behind what counts.
   */
  memory(pass: Pass, { outputs, source }: Encoded, network: TranslationNetwork, index: number) {
    const { sources } = network.decoderLayers[index];
    const { n, t } = source;
    const last = outputs.slice(outputs.length - sources);
    const joined = sources === 1 ? last[0] : reshape(concatenate(last, 2), [n, sources * t, network.encoder]);
    return crossMemory(pass, `decoder.layer${index}`, joined, network.attention);
  }

  /** Hidden states [n, t, decoder width] of target ids int32 [n, t], each position seeing those before it. */
  decode(pass: Pass, encoded: Encoded, ids: Buffer, t: number, network: TranslationNetwork): Tensor {
    const { n, lengths: lengthsOf } = encoded.source;
    const drop = pass.noise?.attention ?? 0;
    const meeting: Meeting = {
      attend: (_, q, k, v, heads) => attention(q, k, v, { heads, causal: true, drop, key: pass.drawKey() }),
      filter: (_, x, { kind, weight, heads }) =>
        filter1d(kind, x, weight, { heads, left: weight.shape[1] - 1 }),
    };
    let x = this.embed(pass, 'decoder', { ids, n, t, width: network.decoder });
    for (const [i, layer] of network.decoderLayers.entries()) {
      const at = `decoder.layer${i}`;
      const { keys, values } = this.memory(pass, encoded, network, i);
      const lengths = lengthsOf[layer.sources - 1];
      x = mixing(pass, at, x, layer, network, meeting);
      x = crossAttention(pass, at, x, network.attention, (q) =>
        attention(q, keys, values, { heads: layer.crossHeads, lengths, drop, key: pass.drawKey() }),
      );
      x = feedForward(pass, at, x, layer.feedForward);
    }
    return this.config.norm === 'pre' ? pass.layerNorm('decoder.norm', x) : x;
  }

  /** [rows, width] -> [rows, vocabulary]: the embedding is the projection, too. */
  logits(pass: Pass, hidden: Tensor): Tensor {
    const width = hidden.shape[hidden.shape.length - 1];
    const rows = hidden.shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
    const table = pass.weight('embedding', this.config.vocabulary, width);
    return matmul(reshape(hidden, [rows, width]), table, { transposeB: true });
  }

  dispose(): void {
    this.store.dispose();
  }
}
