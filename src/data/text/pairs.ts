/**
 * Sentence pairs as text: what a translation set is made of before anything is split into subwords. Sentence i of
 * `from` and sentence i of `to` say the same thing.
 */
import { require_ } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { type Origin, takeOrigin } from './origin.ts';

export interface SentencePairs {
  /** Plain text, not tokenised; as many as in `to`. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** Where they stood; absent for those of no file. */
  readonly origin?: Origin | undefined;
}

/** Codes of languages, `en` and `de`. */
export interface LanguagePair {
  readonly from: string;
  readonly to: string;
}

export interface TranslationDataset {
  readonly kind: 'translation';
  /** As given to --data: `parallel:DIR`, `numbers`. */
  readonly source: string;
  readonly pair: LanguagePair;
  readonly train: SentencePairs;
  /** Chooses among candidates and checkpoints; never part of train. */
  readonly valid: SentencePairs;
  readonly test: SentencePairs;
  /** What a person should know about how it was read: pairs left out, sets held out. One sentence each. */
  readonly notes: readonly string[];
}

/** `en-de` as two codes. Throws `usage` for anything else. */
export function parsePair(text: string): LanguagePair {
  const match = /^([a-z]{2,3})-([a-z]{2,3})$/.exec(text);
  require_(
    match !== null && match[1] !== match[2],
    'usage',
    () => `a language pair is two different codes with a hyphen, as en-de, but got "${text}"; write FROM-TO`,
    { pair: text },
  );
  return { from: match[1], to: match[2] };
}

export function pairName(pair: LanguagePair): string {
  return `${pair.from}-${pair.to}`;
}

/** The pairs at `indices`, in that order. */
export function takePairs(pairs: SentencePairs, indices: ArrayLike<number>): SentencePairs {
  return {
    from: Array.from(indices, (index) => pairs.from[index]),
    to: Array.from(indices, (index) => pairs.to[index]),
    ...(pairs.origin === undefined ? {} : { origin: takeOrigin(pairs.origin, indices) }),
  };
}

/**
 * Holds `count` pairs out, drawn by `seed` and `name`; both parts keep the order of the file.
 * Throws `data` when fewer than one pair would stay.
 */
export function holdOut(
  pairs: SentencePairs,
  count: number,
  seed: number | string,
  name: string,
): { readonly kept: SentencePairs; readonly held: SentencePairs } {
  const total = pairs.from.length;
  require_(
    count < total,
    'data',
    () => `cannot hold ${count} of ${total} sentence pairs out for ${name}; give more training text`,
    { count, total },
  );
  const order = Random.fromSeed(seed).split(`held out:${name}`).permutation(total);
  const isHeld = new Uint8Array(total);
  for (let i = 0; i < count; i++) isHeld[order[i]] = 1;
  const kept: number[] = [];
  const held: number[] = [];
  for (let i = 0; i < total; i++) (isHeld[i] ? held : kept).push(i);
  return { kept: takePairs(pairs, kept), held: takePairs(pairs, held) };
}
