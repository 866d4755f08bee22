/**
 * What a translation network of a space costs, in a few additions: every sublayer that can stand anywhere in the space
 * is priced once, a network is their sum.
 */
import type { NetworkPrice } from '../../hardware/price.ts';
import type { Pricer } from '../../hardware/pricer.ts';
import { type ArchitectureCosts, CostSum, type PartCosts, partCosts } from '../costs.ts';
import {
  type DecoderLayer,
  type EncoderLayer,
  SEQUENCE_BLOCKS,
  type TranslationGenotype,
} from './network.ts';
import { networkOf, type TranslationSpace } from './space.ts';
import { crossOf, feedForwardOf, mixingOf, type Sublayer } from './sublayers.ts';
import { vocabularyWorkloads } from './vocabulary.ts';
import { PUBLISHED_TOKENS, sublayerWorkloads, translationWorkloads } from './workloads.ts';

/** What is priced beside the network's own layers. */
export interface SentenceTask {
  /** Tokens of source and target: 30 as published (spec 9.3) unless given. */
  readonly tokens?: number | undefined;
  /** Words of both languages; their embeddings and the projection to them are priced and counted if given. */
  readonly vocabulary?: number | undefined;
}

export class TranslationPricer {
  readonly space: TranslationSpace;
  readonly tokens: number;
  readonly vocabulary: number | undefined;
  /** Prices single layers. */
  readonly pricer: Pricer;
  private readonly latencyMs: ((genotype: TranslationGenotype) => number) | undefined;
  /** Costs of sublayers by the choices they depend on, folded into a number. */
  private readonly mixings = new Map<number, PartCosts>();
  private readonly crosses = new Map<number, PartCosts>();
  private readonly feedForwards = new Map<number, PartCosts>();
  private readonly words = new Map<number, PartCosts>();

  /** `latencyMs`: says how long a network takes, in place of the accelerator. */
  constructor(
    space: TranslationSpace,
    task: SentenceTask,
    pricer: Pricer,
    latencyMs?: (genotype: TranslationGenotype) => number,
  ) {
    this.space = space;
    this.tokens = task.tokens ?? PUBLISHED_TOKENS;
    this.vocabulary = task.vocabulary;
    this.pricer = pricer;
    this.latencyMs = latencyMs;
  }

  /** Of one sentence; microseconds once its sublayers are known. The network need not be one the space searches. */
  price(genotype: TranslationGenotype): ArchitectureCosts {
    const { encoder, decoder, encoderLayers, decoderLayers } = genotype;
    const sum = new CostSum();
    for (let i = 0; i < encoderLayers.length; i++) {
      sum.add(this.mixing(encoder, encoderLayers[i], i));
      sum.add(this.feedForward(encoder, encoderLayers[i]));
    }
    for (let i = 0; i < decoderLayers.length; i++) {
      sum.add(this.mixing(decoder, decoderLayers[i], i));
      sum.add(this.cross(decoder, encoder, decoderLayers[i]));
      sum.add(this.feedForward(decoder, decoderLayers[i]));
    }
    if (this.vocabulary !== undefined) sum.add(this.wordsOf(encoder, decoder, this.vocabulary));
    const costs = sum.costs(this.pricer);
    return this.latencyMs === undefined ? costs : { ...costs, latencyMs: this.latencyMs(genotype) };
  }

  /** The full price, layer by layer, by the accelerator alone. */
  detail(genotype: TranslationGenotype): NetworkPrice {
    const network = networkOf(this.space, genotype);
    return this.pricer.priceNetwork(translationWorkloads(network, this.tokens, this.vocabulary));
  }

  private mixing(width: number, layer: EncoderLayer, i: number): PartCosts {
    const { windows } = this.space;
    const window = Math.min(i, windows.length - 1);
    const block = SEQUENCE_BLOCKS.indexOf(layer.block);
    const key =
      fold(width, layer.heads) * SEQUENCE_BLOCKS.length * windows.length + block * windows.length + window;
    return this.part(this.mixings, key, () => mixingOf(this.space, '', width, layer, i));
  }

  private cross(width: number, source: number, layer: DecoderLayer): PartCosts {
    const key = fold(fold(width, source), layer.crossHeads) * 4 + layer.sources;
    return this.part(this.crosses, key, () => crossOf(this.space, '', width, source, layer));
  }

  private feedForward(width: number, layer: EncoderLayer): PartCosts {
    return this.part(this.feedForwards, fold(width, layer.feedForward), () =>
      feedForwardOf('', width, layer),
    );
  }

  private part(known: Map<number, PartCosts>, key: number, sublayer: () => Sublayer): PartCosts {
    let costs = known.get(key);
    if (costs === undefined) {
      costs = partCosts(this.pricer, sublayerWorkloads(sublayer(), this.tokens));
      known.set(key, costs);
    }
    return costs;
  }

  private wordsOf(encoder: number, decoder: number, vocabulary: number): PartCosts {
    const key = fold(encoder, decoder);
    let costs = this.words.get(key);
    if (costs === undefined) {
      costs = partCosts(this.pricer, vocabularyWorkloads({ encoder, decoder }, this.tokens, vocabulary));
      this.words.set(key, costs);
    }
    return costs;
  }
}

/** Two sizes as one number, exact for three sizes of at most 65,536, as a space may have. */
function fold(a: number, b: number): number {
  return a * 65_537 + b;
}
