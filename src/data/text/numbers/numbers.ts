/**
 * `numbers`: a translation set that is made, not read. English and German sentences about numbers, times, dates and
 * prices, drawn by the seed; as many as are wanted. No sentence of a set is in another one, in either language.
 */
import { internal, require_ } from '../../../core/errors.ts';
import { Random } from '../../../core/random.ts';
import { pairName, parsePair, type SentencePairs, type TranslationDataset } from '../pairs.ts';
import type { Said } from './draws.ts';
import { FRAMES } from './frames.ts';

/** Pairs of each set; training has as many as its limit says. */
const SIZES = { train: 20000, valid: 1000, test: 1000 };

export interface NumbersOptions {
  readonly source: string;
  /** `en-de` (default) or `de-en`. */
  readonly pair?: string | undefined;
  readonly seed: number | string;
  /** Training pairs; 20000 when absent. The other sets do not depend on it. */
  readonly limit?: number | undefined;
}

/** Throws `usage` for another pair than English and German. */
export function openNumbers({ source, pair: wanted, seed, limit }: NumbersOptions): TranslationDataset {
  const pair = parsePair(wanted ?? 'en-de');
  require_(
    ['en-de', 'de-en'].includes(pairName(pair)),
    'usage',
    () => `numbers are in English and German, but the pair is ${pairName(pair)}; take en-de or de-en`,
    { pair: pairName(pair) },
  );
  const random = Random.fromSeed(seed).split('numbers');
  const seen = new Set<string>();
  const draw = (name: 'test' | 'valid' | 'train', count: number): SentencePairs => {
    const stream = random.split(name);
    const said = Array.from({ length: count }, () => drawNew(stream, seen));
    const english = said.map((pair) => pair.english);
    const german = said.map((pair) => pair.german);
    return pair.from === 'en' ? { from: english, to: german } : { from: german, to: english };
  };
  const test = draw('test', SIZES.test);
  const valid = draw('valid', SIZES.valid);
  const train = draw('train', limit ?? SIZES.train);
  return { kind: 'translation', source, pair, train, valid, test, notes: [] };
}

/** A frame at random, filled at random; every frame is as likely. */
export function drawSentence(random: Random): Said {
  return random.choice(FRAMES).draw(random);
}

/** Draws until a pair is new. Most frames say millions of things, so that a few draws are enough. */
function drawNew(random: Random, seen: Set<string>): Said {
  for (let tries = 0; tries < 10000; tries++) {
    const said = drawSentence(random);
    if (seen.has(said.english) || seen.has(said.german)) continue;
    seen.add(said.english).add(said.german);
    return said;
  }
  return internal(`no new sentence in 10000 draws after ${seen.size / 2}`);
}
