import { internal } from '../core/errors.ts';
import type { TranslationNetwork } from '../spaces/seq2seq/network.ts';
import { parseTranslation, TRANSLATION_LINES } from './translation-table.ts';

/**
 * Translation networks as published (spec 7.6, 9.3); what they compute is in src/spaces/seq2seq/workloads.ts.
 */
export const TRANSLATION_NETWORKS: Readonly<Record<string, TranslationNetwork>> = {
  ...Object.fromEntries(Object.entries(TRANSLATION_LINES).flatMap(([name, line]) => entries(name, line))),
  // The release simulated queries, keys and values of 512; the true width is 1024 (spec 9.3).
  'transformer-big-ende-1024': parseTranslation(TRANSLATION_LINES['transformer-big-ende'], 1024),
  'transformer-big-enfr-1024': parseTranslation(TRANSLATION_LINES['transformer-big-enfr'], 1024),
};

/** A published network with what it was published for. */
export interface PublishedTranslation {
  readonly network: TranslationNetwork;
  /** Language codes. */
  readonly pair: { readonly from: string; readonly to: string };
  /**
   * One vocabulary of both languages and one matrix for it, read by encoder, decoder and output (--share-all-embeddings
   * of the release and of HAT); where the two sides differ in width, each reads as many columns as it is wide.
   */
  readonly embeddings: 'shared';
}

/** Undefined for names that no translation network has. */
export function publishedTranslation(name: string): PublishedTranslation | undefined {
  if (!Object.hasOwn(TRANSLATION_NETWORKS, name)) return undefined;
  const [, from, to] = /-(en)(de|fr)(?=-|$)/.exec(name) ?? internal(`${name} says no pair of languages`);
  return { network: TRANSLATION_NETWORKS[name], pair: { from, to }, embeddings: 'shared' };
}

/**
 * The released simulator let HAT networks attend to one encoder layer where their configuration says the last two:
 * its totals (spec 9.3, 14) only come out so [R]. `hat-ende-...` is that; `hat-ende-...-config` is the true network.
 */
function entries(name: string, line: string): [string, TranslationNetwork][] {
  const network = parseTranslation(line);
  if (!name.startsWith('hat-ende-')) return [[name, network]];
  const decoderLayers = network.decoderLayers.map((layer) => ({ ...layer, sources: 1 as const }));
  return [
    [name, { ...network, decoderLayers }],
    [`${name}-config`, network],
  ];
}
