/** An untrained translator as its folder, for tests of what reads one: made in a moment. */
import { createReference } from '../../backends/reference/reference.ts';
import { Random } from '../../core/random.ts';
import { openTranslation } from '../../data/text/open.ts';
import { Subwords } from '../../data/text/subwords.ts';
import { saveTranslator } from '../../runs/translation/files.ts';
import { tensorsOf } from '../../runs/translation/train-alone.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { DEFAULT_SHARING } from '../../supernet/sharing.ts';
import { extentOf } from '../../supernet/translator/extent.ts';
import { Translator } from '../../supernet/translator/translator.ts';

const NETWORK: TranslationNetwork = {
  ...{ encoder: 8, decoder: 8, attention: 8, windows: [3], gated: false, standardised: false },
  encoderLayers: [{ block: 'A', heads: 2, feedForward: 8 }],
  decoderLayers: [{ block: 'C', heads: 2, crossHeads: 2, feedForward: 8, sources: 1 }],
};

/** Writes it into `dir`: English to German, subwords of so many merges learned from sentences about numbers. */
export async function writeTinyTranslator(dir: string, seed = 0, merges = 60): Promise<void> {
  const set = await openTranslation('numbers', { pair: 'en-de', seed, limit: 200 });
  const { pair } = set;
  const subwords = new Subwords(Subwords.learn(set.train, { pair, merges }));
  const [norm, longest, sharing] = ['pre', 64, DEFAULT_SHARING] as const;
  const size = { extent: extentOf(NETWORK), vocabulary: subwords.size, norm, longest, sharing };
  const backend = createReference();
  const translator = new Translator(backend, size, Random.fromSeed(seed));
  const description = {
    ...{ genotype: 'tiny', network: NETWORK, pair, vocabulary: subwords.size, norm, longest, sharing },
    ...{ beam: 2, lengthPenalty: 0.6 },
  };
  saveTranslator(dir, description, subwords, await tensorsOf(translator));
  translator.dispose();
  backend.dispose();
}
