/** One translator of a result: scores, price and the boxes of its picture. */

import type { NetworkPrice } from '../../hardware/price.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { translationWorkloads } from '../../spaces/seq2seq/workloads.ts';
import { scaleRange } from '../../supernet/adder-scales.ts';
import { blockCost } from '../pipeline/subject.ts';
import type { ResultInput } from '../result.ts';
import type { TranslationContext } from './context.ts';
import type { TrainedTranslator } from './jobs.ts';
import { withoutLatency } from './latency.ts';
import type { Trainee } from './train-network.ts';

export function translatorResult(
  { pricer, latency, config, sharingAlone }: TranslationContext,
  { name, key, network, costs }: Trainee,
  { validation, test, lengthPenalty, tensors }: TrainedTranslator,
): ResultInput['winner'] {
  const price = pricer.pricer.priceNetwork(translationWorkloads(network, config.sentenceTokens));
  const { params, macs, latencyMs } = costs();
  const predicted = latency !== undefined;
  const blocks = blocksOf(network, price, config.sentenceTokens);
  const named = [...tensors].map(([tensor, { data }]) => [tensor, data] as const);
  const scales = scaleRange(sharingAlone, named);
  return {
    ...{ name, genotype: key, description: describeTranslator(network) },
    ...{ accuracy: test.accuracy, validationAccuracy: validation.accuracy },
    ...{ bleu: test.bleu, chrf: test.chrf, validationBleu: validation.bleu, lengthPenalty },
    ...(test.signatures === undefined ? {} : { signatures: test.signatures }),
    ...{ energyMj: price.energyMj, latencyMs: predicted ? latencyMs : price.latencyMs, params, macs },
    ...(price.areaMm2 === undefined ? {} : { areaMm2: price.areaMm2 }),
    operations: price.operations,
    byFamily: Object.fromEntries(
      Object.entries(price.byFamily).map(([family, part]) => [
        family,
        predicted ? withoutLatency(part) : part,
      ]),
    ),
    byLevel: { ...price.byLevel },
    blocks: predicted ? blocks.map(withoutLatency) : blocks,
    ...(scales === undefined ? {} : { adderScale: scales }),
  };
}

/** `encoder 256: A AC D, decoder 192: AC A` */
export function describeTranslator(network: TranslationNetwork): string {
  const side = (name: 'encoder' | 'decoder') =>
    `${name} ${network[name]}: ${network[`${name}Layers`].map(({ block }) => block).join(' ')}`;
  return `${side('encoder')}, ${side('decoder')}`;
}

/** Layers of the encoder are stage 0, those of the decoder stage 1; a map is as high as the sentence has subwords. */
function blocksOf(network: TranslationNetwork, price: NetworkPrice, tokens: number) {
  return (['encoder', 'decoder'] as const).flatMap((side, stage) =>
    network[`${side}Layers`].map(({ block }, i) => {
      const name = `${side}.layer${i + 1}`;
      return {
        ...{ name, operator: block, stage, height: tokens, width: 1, channels: network[side] },
        ...blockCost(price, name),
      };
    }),
  );
}
