/** The translator that a person names: of the zoo, fixed, of the space, or one that was trained. */
import { nearest, require_, ShiftAddError } from '../../core/errors.ts';
import { accumulates } from '../../hardware/workload.ts';
import { decodeTranslation, encodeTranslation } from '../../spaces/seq2seq/genotype.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { networkOf } from '../../spaces/seq2seq/space.ts';
import { translationWorkloads } from '../../spaces/seq2seq/workloads.ts';
import { countTranslator } from '../../supernet/translator/declarations.ts';
import { extentOf } from '../../supernet/translator/extent.ts';
import { TRANSLATION_NETWORKS } from '../../zoo/transformers.ts';
import { baselineNamed, translationBaselines } from './baselines.ts';
import type { TranslationContext } from './context.ts';
import { holdsTranslator, readDescription } from './files.ts';
import type { Trainee } from './train-network.ts';

/** Throws 'usage' for a word that names none, with what is near. */
export function namedTranslator(context: TranslationContext, word: string): Trainee {
  const { space, pricer } = context;
  const fixed = baselineNamed(space, word);
  if (fixed !== undefined) return ofSpace(context, word, fixed);
  if (Object.hasOwn(TRANSLATION_NETWORKS, word)) return alone(context, word, TRANSLATION_NETWORKS[word]);
  if (holdsTranslator(word)) {
    const { genotype, network } = readDescription(word);
    return alone(context, genotype, network);
  }
  const names = [
    ...translationBaselines(space).map(({ name }) => name),
    ...Object.keys(TRANSLATION_NETWORKS),
  ];
  const near = nearest(word, names);
  if (near !== undefined && /^[a-z-]+/.test(word) && !/\d/.test(word)) {
    throw new ShiftAddError('usage', `there is no translator named '${word}'; did you mean '${near}'?`, {
      network: word,
    });
  }
  const genotype = decodeTranslation(space, word);
  const costs = () => pricer.price(genotype);
  return { name: 'network', role: 'candidate', key: word, network: networkOf(space, genotype), costs };
}

function ofSpace(
  { space, pricer }: TranslationContext,
  name: string,
  genotype: Parameters<typeof encodeTranslation>[0],
): Trainee {
  const costs = () => pricer.price(genotype);
  return {
    name,
    role: 'candidate',
    key: encodeTranslation(genotype),
    network: networkOf(space, genotype),
    costs,
  };
}

/** One that need not be of the run's space. */
function alone(
  { pricer, latency, config, norm, sharingAlone }: TranslationContext,
  key: string,
  network: TranslationNetwork,
): Trainee {
  require_(
    latency === undefined,
    'usage',
    () =>
      `${config.latency} predicts the latency of networks of space '${latency?.source.space}', and ${key} was not taken from it; leave --latency out`,
    { network: key },
  );
  return {
    ...{ name: key, role: 'candidate', key, network },
    costs: () => {
      const loads = translationWorkloads(network, config.sentenceTokens);
      const { energyMj, latencyMs, areaMm2, operations } = pricer.pricer.priceNetwork(loads);
      const { total, embeddings } = countTranslator(
        { extent: extentOf(network), vocabulary: 0, norm },
        sharingAlone,
      );
      return {
        ...{ energyMj, latencyMs, ...operations, params: total - embeddings },
        ...(areaMm2 === undefined ? {} : { areaMm2 }),
        macs: loads.reduce((sum, load) => sum + accumulates(load), 0),
      };
    },
  };
}
