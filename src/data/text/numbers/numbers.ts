/**
 * `numbers`: a translation set that is made, not read. English and German sentences about numbers, drawn by the seed.
 * No sentence of a set is in another one.
 */
import { Random } from '../../../core/random.ts';
import { parsePair, type SentencePairs, type TranslationDataset } from '../pairs.ts';
import { englishCardinal } from './english.ts';
import { germanCardinal } from './german.ts';

const SIZES = { train: 20000, valid: 1000, test: 1000 };

export function openNumbers(options: {
  readonly source: string;
  readonly pair?: string | undefined;
  readonly seed: number | string;
  readonly limit?: number | undefined;
}): TranslationDataset {
  const pair = parsePair(options.pair ?? 'en-de');
  const random = Random.fromSeed(options.seed).split('numbers');
  const seen = new Set<string>();
  const draw = (name: 'test' | 'valid' | 'train', count: number): SentencePairs => {
    const stream = random.split(name);
    const english: string[] = [];
    const german: string[] = [];
    while (english.length < count) {
      const n = stream.integer(10 ** (1 + stream.integer(10)));
      const sentence = englishCardinal(n);
      if (seen.has(sentence)) continue;
      seen.add(sentence);
      english.push(sentence);
      german.push(germanCardinal(n));
    }
    return pair.from === 'en' ? { from: english, to: german } : { from: german, to: english };
  };
  const test = draw('test', SIZES.test);
  const valid = draw('valid', SIZES.valid);
  const train = draw('train', Math.min(options.limit ?? SIZES.train, SIZES.train));
  return { kind: 'translation', source: options.source, pair, train, valid, test, notes: [] };
}
