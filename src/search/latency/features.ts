import { SEQUENCE_BLOCKS, type TranslationGenotype } from '../../spaces/seq2seq/network.ts';
import type { TranslationSpace } from '../../spaces/seq2seq/space.ts';

/**
 * What a latency predictor sees of a translation network (spec 7.4): ten figures of its shape, HAT's, each against the
 * largest of its space, and which block every layer of either side has, as 7 places of which one is 1 (none where there
 * is no such layer). In the published space 10 + 2 x 6 x 7 = 94.
 *
 * `layers` adds what the averages hide, for every layer: its feed-forward width, its heads, and in the decoder its heads
 * to the encoder and the encoder layers it sees; sums instead of averages are what time follows.
 */
export type FeatureSet = 'published' | 'layers';

export function networkFeatures(
  space: TranslationSpace,
  genotype: TranslationGenotype,
  set: FeatureSet = 'layers',
): number[] {
  const { encoder, decoder } = space;
  const { encoderLayers, decoderLayers } = genotype;
  const most = (values: readonly number[]) => Math.max(...values);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const shape = [
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
  ];
  const blocks = [encoder, decoder].flatMap((side, s) =>
    Array.from(
      { length: most(side.layers) },
      (_, i) => (s === 0 ? encoderLayers : decoderLayers)[i]?.block,
    ).flatMap((block) => SEQUENCE_BLOCKS.map((name) => (name === block ? 1 : 0))),
  );
  if (set === 'published') return [...shape, ...blocks];
  const layers = [
    ...Array.from({ length: most(encoder.layers) }, (_, i) => encoderLayers[i]).flatMap((layer) => [
      (layer?.feedForward ?? 0) / most(encoder.feedForward),
      (layer?.heads ?? 0) / most(encoder.heads),
    ]),
    ...Array.from({ length: most(decoder.layers) }, (_, i) => decoderLayers[i]).flatMap((layer) => [
      (layer?.feedForward ?? 0) / most(decoder.feedForward),
      (layer?.heads ?? 0) / most(decoder.heads),
      (layer?.crossHeads ?? 0) / most(decoder.crossHeads),
      (layer?.sources ?? 0) / most(decoder.sources),
    ]),
  ];
  return [...shape, ...blocks, ...layers];
}
