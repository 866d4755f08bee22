/**
 * What a run on sentences computes, small: a supernet of translators with every block type is trained for a few steps,
 * paths are scored and translate.
 */
import { createHash } from 'node:crypto';
import type { Backend } from '../backends/backend.ts';
import { Random } from '../core/random.ts';
import { TokenBatches } from '../data/text/batches.ts';
import { FIRST_SUBWORD } from '../data/text/special.ts';
import { weightsAddress } from '../runs/evaluation/weights-address.ts';
import { loadTranslationSpace } from '../spaces/load.ts';
import { decodeTranslation } from '../spaces/seq2seq/genotype.ts';
import { networkOf } from '../spaces/seq2seq/space.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { extentOfSpace } from '../supernet/translator/extent.ts';
import { Translator } from '../supernet/translator/translator.ts';
import { AdamW, DEFAULT_ADAMW } from '../training/adamw.ts';
import { scoreSentences, translateSentences } from '../training/score-translation.ts';
import { trainStep } from '../training/trainer.ts';
import { translationLoss } from '../training/translation-loss.ts';

/** Between them every block type, in space `numbers`: wide enough for the vectors of every instruction set. */
const PATHS = [
  '64-64:AC4f128.D2f64|A4x4s2f128',
  '64-32:S4f64.AD2f128|AC2x2s1f64.A4x4s1f64',
  '32-64:C2f128.AS4f64|AD4x2s2f128',
];
const VOCABULARY = 40;
/** Subwords of the sentences. */
const LENGTHS = [3, 5, 6, 7, 7, 9];
const LONGEST = 40;

/** SHA-256 of weights, scores and translations, hexadecimal. */
export async function probeSentences(backend: Backend): Promise<string> {
  const space = loadTranslationSpace('numbers');
  const size = {
    extent: extentOfSpace(space),
    vocabulary: VOCABULARY,
    norm: 'pre',
    longest: LONGEST,
  } as const;
  const random = Random.fromSeed('probe of sentences');
  const translator = new Translator(backend, { ...size, sharing: DEFAULT_SHARING }, random.split('weights'));
  const optimiser = new AdamW(backend, translator.store.parameters(), {
    ...DEFAULT_ADAMW,
    families: DEFAULT_SHARING.families,
  });
  try {
    const networks = PATHS.map((word) => networkOf(space, decodeTranslation(space, word)));
    const sentences = (side: string) =>
      LENGTHS.map((length, i) => sentence(random.split(`${side} ${i}`), length));
    const pairs = { from: sentences('from'), to: sentences('to').reverse() };
    const batches = new TokenBatches({ pairs, tokens: 30 });
    const schedule = { kind: 'cosine', rate: 0.01, warmupSteps: 1, steps: PATHS.length, floor: 0 } as const;
    const loss = translationLoss({
      translator,
      batchAt: (step) => batches.batch(0, step % batches.stepsPerEpoch),
      networkAt: (step) => networks[step],
      noiseAt: (step) => ({
        encoder: 0.1,
        decoder: 0.1,
        attention: 0.1,
        filter: 0.1,
        random: random.split(step),
      }),
      smoothing: 0.1,
    });
    for (const step of PATHS.keys()) trainStep({ backend, schedule, optimiser, loss }, step);
    const hash = createHash('sha256').update(await weightsAddress(translator));
    const held = Array.from({ length: batches.stepsPerEpoch }, (_, i) => batches.batch(0, i));
    for (const network of networks) {
      hash.update(JSON.stringify(await scoreSentences(translator, network, held)));
      const options = { beam: 2, penalty: 0.6, together: 2 };
      const found = await translateSentences(translator, network, pairs.from.slice(0, 2), options);
      hash.update(JSON.stringify(found));
    }
    return hash.digest('hex');
  } finally {
    optimiser.dispose();
    translator.dispose();
  }
}

function sentence(random: Random, length: number): Int32Array {
  return Int32Array.from({ length }, () => FIRST_SUBWORD + random.integer(VOCABULARY - FIRST_SUBWORD));
}
