import type { TranslationNetwork } from '../spaces/seq2seq/network.ts';
import { parseTranslation, TRANSLATION_LINES } from './translation-table.ts';

/**
 * Translation networks as published (spec 7.6, 9.3); what they compute is in src/spaces/seq2seq/workloads.ts.
 */
export const TRANSLATION_NETWORKS: Readonly<Record<string, TranslationNetwork>> = {
  ...Object.fromEntries(Object.entries(TRANSLATION_LINES).flatMap(([name, line]) => entries(name, line))),
  // The release simulated queries, keys and values of 512; the true width is 1024 (spec 9.3).
  'transformer-big-ende-1024': parseTranslation(TRANSLATION_LINES['transformer-big-ende'], 1024),
};

/**
 * The released simulator let HAT networks attend to one encoder layer where their configuration says the last two:
 * its totals (spec 9.3, 14) only come out so [R]. `hat-...` is that; `hat-...-config` is the true network.
 */
function entries(name: string, line: string): [string, TranslationNetwork][] {
  const network = parseTranslation(line);
  if (!name.startsWith('hat-')) return [[name, network]];
  const decoderLayers = network.decoderLayers.map((layer) => ({ ...layer, sources: 1 as const }));
  return [
    [name, { ...network, decoderLayers }],
    [`${name}-config`, network],
  ];
}
