/** What a latency predictor sees of a translation network. */
import { findAccelerator, Pricer } from '../../hardware/index.ts';
import { SEQUENCE_BLOCKS, type TranslationGenotype } from '../../spaces/seq2seq/network.ts';
import { TranslationPricer } from '../../spaces/seq2seq/pricing.ts';
import type { TranslationSpace } from '../../spaces/seq2seq/space.ts';

/**
 * As published (spec 7.4): ten figures of its shape, each against the largest of its space, and which block every layer
 * of either side has, as 7 places of which one is 1 (none where there is no such layer). 10 + 2 x 6 x 7 = 94 in the
 * published space.
 */
export function shapeFeatures(space: TranslationSpace, genotype: TranslationGenotype): number[] {
  const { encoder, decoder } = space;
  const { encoderLayers, decoderLayers } = genotype;
  const most = (values: readonly number[]) => Math.max(...values);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const blocks = (layers: TranslationGenotype['encoderLayers'], depths: readonly number[]) =>
    Array.from({ length: most(depths) }, (_, i) => layers[i]?.block).flatMap((block) =>
      SEQUENCE_BLOCKS.map((name) => (name === block ? 1 : 0)),
    );
  return [
    genotype.encoder / most(encoder.width),
    encoderLayers.length / most(encoder.layers),
    mean(encoderLayers.map((layer) => layer.feedForward)) / most(encoder.feedForward),
    mean(encoderLayers.map((layer) => layer.heads)) / most(encoder.heads),
    genotype.decoder / most(decoder.width),
    decoderLayers.length / most(decoder.layers),
    mean(decoderLayers.map((layer) => layer.feedForward)) / most(decoder.feedForward),
    mean(decoderLayers.map((layer) => layer.heads)) / most(decoder.heads),
    mean(decoderLayers.map((layer) => layer.crossHeads)) / most(decoder.crossHeads),
    mean(decoderLayers.map((layer) => layer.sources)) / most(decoder.sources),
    ...blocks(encoderLayers, encoder.layers),
    ...blocks(decoderLayers, decoder.layers),
  ];
}

/**
 * What time is nearly a sum of, on any machine: parameters that are fetched and operations that are done, of either side,
 * how often it has each block, and one for what every network has. Microseconds.
 */
export class NetworkSums {
  private readonly pricer: TranslationPricer;

  constructor(space: TranslationSpace) {
    // Only what it counts is asked for, so any accelerator does.
    this.pricer = new TranslationPricer(space, {}, new Pricer(findAccelerator('asic-45nm-arithmetic')));
  }

  of(genotype: TranslationGenotype): number[] {
    const counts = (part: TranslationGenotype) => {
      const { params, macs, multiplications, additions, shifts } = this.pricer.price(part);
      return [params, macs, multiplications, additions, shifts];
    };
    const encoder = counts({ ...genotype, decoderLayers: [] });
    const decoder = counts({ ...genotype, encoderLayers: [] });
    const blocks = [genotype.encoderLayers, genotype.decoderLayers].flatMap((layers) =>
      SEQUENCE_BLOCKS.map((name) => layers.filter(({ block }) => block === name).length),
    );
    return [1, genotype.decoder, ...encoder, ...decoder, ...blocks];
  }
}
