/**
 * Parameters and operations of published translation networks as the release counted them, to the last unit: its
 * figures stand in NLP/en-de/figures/plot_params_flops.py and, rounded, in spec 9.3; those of HAT are its own.
 *
 * Parameters: all but embeddings. Every linear layer has a bias, every sublayer a norm, neither side a last norm. A
 * filter beside attention has 4 heads, whatever the layer has; alone as many as the supernet.
 *
 * Operations: two for every multiply-accumulate of linear and shift layers and of the two products of attention, over
 * 30 tokens. Filters are kernels of the release's own, which its counter (torchprofile) did not see. It did count, two
 * for an element, the results of norms, the scaling of queries and of embeddings, one mask of positions a side, and
 * three products of sizes an attention.
 */
import { describe, expect, test } from 'vitest';
import { accumulates, type Workload } from '../hardware/workload.ts';
import { blockParts, type EncoderLayer, type TranslationNetwork } from '../spaces/seq2seq/network.ts';
import { translationWorkloads } from '../spaces/seq2seq/workloads.ts';
import { publishedTranslation, TRANSLATION_NETWORKS, zooParameters } from './index.ts';

const TOKENS = 30;

interface Released {
  /** Heads of a filter that stands alone. */
  readonly alone: number;
  /** Width of queries, keys and values beside a filter: half of the supernet's embeddings. */
  readonly branch: number;
}

/** Most published networks are of a supernet of width 1024 with 16 heads. */
const WIDE: Released = { alone: 16, branch: 512 };

function releasedLoads(network: TranslationNetwork, { alone, branch }: Released): Workload[] {
  const withHeads = <L extends EncoderLayer>(layer: L): L => {
    const { attention, lightweight } = blockParts(layer.block);
    return lightweight === undefined ? layer : { ...layer, heads: attention ? 4 : alone };
  };
  const counted = {
    ...network,
    encoderLayers: network.encoderLayers.map(withHeads),
    decoderLayers: network.decoderLayers.map(withHeads),
  };
  const beside = translationWorkloads({ ...counted, attention: branch }, TOKENS);
  return translationWorkloads(counted, TOKENS).map((load, i) =>
    twoBranch(network, load) ? beside[i] : load,
  );
}

/** Whether a workload belongs to the self-attention of a two-branch block. */
function twoBranch(network: TranslationNetwork, { name }: Workload): boolean {
  const [, side, layer] = /^(encoder|decoder)\.layer(\d+)\.self\./.exec(name) ?? [];
  if (side === undefined) return false;
  const layers = side === 'encoder' ? network.encoderLayers : network.decoderLayers;
  return layers[Number(layer) - 1].block.length === 2;
}

function parameters(network: TranslationNetwork, released = WIDE): number {
  return releasedLoads(network, released).reduce((sum, { weights }) => sum + weights, 0);
}

function operations(network: TranslationNetwork, released = WIDE): number {
  const loads = releasedLoads(network, released);
  const sum = (count: (load: Workload) => number) => loads.reduce((total, load) => total + count(load), 0);
  const seen = sum((load) => (load.role === 'lightweight-filter' ? 0 : accumulates(load)));
  const norms = sum(({ name, n, c }) => (name.endsWith('.norm') ? n * c : 0));
  const queries = sum(({ name, n, m }) => (name.endsWith('.query') ? n * m + 3 : 0));
  const embeddings = TOKENS * (network.encoder + network.decoder) + 2 * TOKENS;
  return 2 * (seen + norms + queries + embeddings);
}

test.each([
  ['seq2seq-ende-100', 25876768, 1631385768],
  ['seq2seq-ende-150', 29949136, 1945620660],
  ['seq2seq-ende-180', 34606180, 2224804020],
  ['seq2seq-ende-200', 36974940, 2436802752],
  ['seq2seq-ende-250', 39008236, 2558699712],
  ['seq2seq-ende-300', 33103536, 2138204352],
  ['seq2seq-ende-350', 42549968, 2771036352],
  ['transformer-small-ende', 22095360, 1355428068],
  ['hat-titanxp-ende-25.8', 30465536, 1873336488],
  ['hat-titanxp-ende-27.6', 35719168, 2191749300],
  ['hat-titanxp-ende-27.9', 40972800, 2543462592],
  ['hat-titanxp-ende-28.1', 51204480, 3172784832],
  ['hat-titanxp-ende-28.5', 49380864, 3087759576],
])('plot_params_flops.py: %s has %d parameters and %d operations', (name, published, flops) => {
  const network = TRANSLATION_NETWORKS[name];
  expect(parameters(network)).toBe(published);
  expect(operations(network)).toBe(flops);
  // Our filters have the heads of their layers, which moves the last digits only.
  expect(Math.abs((zooParameters(name) ?? 0) - published)).toBeLessThan(600);
});

describe('rounded figures', () => {
  test.each([
    ['transformer-base-ende', 44, 0, 2.68, 2],
    ['transformer-big-ende-1024', 176, 0, 10.6, 1],
  ])('spec 9.3: %s has %d M and, to %d digits, %d G', (name, mega, megaDigits, giga, gigaDigits) => {
    const network = TRANSLATION_NETWORKS[name];
    expect(Number((parameters(network) / 1e6).toFixed(megaDigits))).toBe(mega);
    expect(Number((operations(network) / 1e9).toFixed(gigaDigits))).toBe(giga);
  });

  test("spec 10.4, HAT's own: hat-titanxp-enfr-41.7 has 51.48 M and 3.25 G", () => {
    const network = TRANSLATION_NETWORKS['hat-titanxp-enfr-41.7'];
    expect((parameters(network) / 1e6).toFixed(2)).toBe('51.48');
    expect((operations(network) / 1e9).toFixed(2)).toBe('3.25');
  });
});

describe('the lightweight convolutions', () => {
  // Their supernet is 640 wide with 8 heads. The release leaves out the norm behind a filter that stands alone.
  const narrow: Released = { alone: 8, branch: 320 };
  const FORGOTTEN = 6 * 2 * 512;
  test.each([
    ['lightweight-conv-ende-200-config', 41639432, 2712046272],
    ['lightweight-conv-ende-150-config', 29747796, 1891011996],
  ])('plot_params_flops.py: %s has %d parameters and %d operations', (name, published, flops) => {
    const network = TRANSLATION_NETWORKS[name];
    expect(parameters(network, narrow) - FORGOTTEN).toBe(published);
    expect(operations(network, narrow)).toBe(flops);
  });
});

test('seq2seq-ende-120 is not the network whose 31.00 M and 2.009 G were published', () => {
  const layer = (block: 'A' | 'AC', feedForward: number) => ({ block, heads: 8, feedForward });
  const [printed, flops] = [30998848, 2008535220];
  expect(parameters(TRANSLATION_NETWORKS['seq2seq-ende-120'])).toBe(23318940);
  // What has them: two decoder layers, 21 * 1024 of feed-forward in all, four two-branch blocks with windows of 80 rows.
  const wide = TRANSLATION_NETWORKS['seq2seq-ende-150'];
  const two: TranslationNetwork = {
    ...wide,
    encoderLayers: (['A', 'A', 'AC', 'AC', 'AC', 'A'] as const).map((kind, i) =>
      layer(kind, 1024 * [2, 2, 2, 2, 2, 3][i]),
    ),
    decoderLayers: (['AC', 'A'] as const).map((kind) => ({
      ...layer(kind, 4096),
      ...{ crossHeads: 8, sources: 3 as const },
    })),
  };
  expect([parameters(two), operations(two)]).toEqual([printed, flops]);
});

test('every name of the table says its languages, and all share one matrix of embeddings', () => {
  for (const name of Object.keys(TRANSLATION_NETWORKS)) {
    const { network, pair, embeddings } = publishedTranslation(name) ?? expect.fail(name);
    expect(network).toBe(TRANSLATION_NETWORKS[name]);
    expect(name).toContain(`-${pair.from}${pair.to}`);
    expect(embeddings).toBe('shared');
  }
  expect(publishedTranslation('resnet-20')).toBeUndefined();
});
