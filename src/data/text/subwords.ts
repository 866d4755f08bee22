/**
 * Text to subword ids and back.
 *
 *   text -> lower case? -> words (Moses or raw) -> escapes? -> merges of each word -> vocabulary -> ids
 *
 * A symbol the vocabulary lacks is taken apart again, merge by merge, until its parts are known (subword-nmt's
 * --vocabulary); a character that is not known even alone is UNK.
 *
 * Written here and not taken from @huggingface/tokenizers: that package applies merges of its own tokenizer.json, but
 * learns none, reads neither subword-nmt's nor fastBPE's files, and does not undo merges by a vocabulary.
 */
import { require_ } from '../../core/errors.ts';
import { detokenise } from './detokenise.ts';
import { compareCodePoints, learnMerges } from './learn.ts';
import { END_OF_WORD, endsWord, GOES_ON, mergeWord, rankMerges, writeSymbol } from './merge.ts';
import { describeModel, type SubwordModel, sealModel, type TextForm } from './model.ts';
import type { LanguagePair, SentencePairs } from './pairs.ts';
import { FIRST_SUBWORD, UNK } from './special.ts';
import { addEscapes, splitSpaces, tokenise, undoEscapes } from './tokenise.ts';

export interface LearnSubwordsOptions {
  readonly pair: LanguagePair;
  /** Most merges, for both languages together. Fewer are learned when no pair is seen twice. */
  readonly merges: number;
  /** Default `moses`. */
  readonly words?: TextForm['words'] | undefined;
  /** Default false. */
  readonly lowerCase?: boolean | undefined;
}

/** Words kept with their ids; a text has few distinct ones, and a hostile one must not fill the memory. */
const CACHE = 2 ** 18;

export class Subwords {
  readonly model: SubwordModel;
  /** Ids, the four special ones included: rows of an embedding. */
  readonly size: number;
  private readonly ranks: ReadonlyMap<string, number>;
  private readonly ids = new Map<string, number>();
  /** Merged symbol -> the two it was made of. */
  private readonly halves = new Map<string, readonly [string, string]>();
  private readonly cache = new Map<string, readonly number[]>();

  constructor(model: SubwordModel) {
    this.model = model;
    this.size = FIRST_SUBWORD + model.vocabulary.length;
    this.ranks = rankMerges(model.merges);
    for (let i = 0; i < model.vocabulary.length; i++) this.ids.set(model.vocabulary[i], FIRST_SUBWORD + i);
    for (const merge of this.ranks.keys()) {
      const [left, right] = merge.split(' ');
      // where two merges give one symbol, the better rank undoes it
      if (!this.halves.has(left + right)) this.halves.set(left + right, [left, right]);
    }
  }

  /**
   * Learns merges and vocabulary from training text, both languages together. The vocabulary holds every character
   * of the text, within a word and at its end, and every symbol that the text is split into; the most frequent first,
   * equals by code points. Throws `usage` for a count of merges that is none.
   */
  static learn(pairs: SentencePairs, options: LearnSubwordsOptions): SubwordModel {
    const { pair, merges, words = 'moses', lowerCase = false } = options;
    const form: TextForm = { words, lowerCase, escaped: false };
    const counts = countWords(pairs, pair, form);
    const learned = learnMerges(counts, { merges });
    return sealModel({
      languages: pair,
      form,
      end: 'joined',
      merges: learned,
      vocabulary: countSubwords(counts, learned, 'joined'),
    });
  }

  /** Ids of `text`, without BOS and EOS. `language` (the one translated from, when absent) decides on words. */
  encode(text: string, language: string = this.model.languages.from): Int32Array {
    const ids: number[] = [];
    for (const word of wordsOf(text, this.model.form, language)) {
      for (const id of this.encodeWord(word)) ids.push(id);
    }
    return Int32Array.from(ids);
  }

  /** Plain text of `ids`; special ids say nothing. `language`: the one translated into, when absent. */
  decode(ids: ArrayLike<number>, language: string = this.model.languages.to): string {
    const words: string[] = [];
    let word = '';
    for (let i = 0; i < ids.length; i++) {
      const piece = this.piece(ids[i]);
      if (piece === undefined) continue;
      if (piece.endsWith(GOES_ON)) word += piece.slice(0, -GOES_ON.length);
      else {
        words.push(word + piece);
        word = '';
      }
    }
    if (word !== '') words.push(word);
    const { form } = this.model;
    const plain = form.escaped ? words.map(undoEscapes) : words;
    return form.words === 'moses' ? detokenise(plain, language) : plain.join(' ');
  }

  /** What `id` stands for as it is written, with @@ where a word goes on; undefined for special ids. */
  piece(id: number): string | undefined {
    require_(
      Number.isInteger(id) && id >= 0 && id < this.size,
      'shape',
      () =>
        `a subword id must be a whole number from 0 to ${this.size - 1}, but got ${id}; the vocabulary does not fit`,
      { id, size: this.size },
    );
    return this.model.vocabulary[id - FIRST_SUBWORD];
  }

  /** One line for people: size, merges, form, languages. */
  describe(): string {
    return describeModel(this.model);
  }

  private encodeWord(word: string): readonly number[] {
    const known = this.cache.get(word);
    if (known !== undefined) return known;
    const ids = mergeWord(word, this.ranks, this.model.end).flatMap((symbol) => this.known(symbol));
    if (this.cache.size >= CACHE) this.cache.clear();
    this.cache.set(word, ids);
    return ids;
  }

  /** A symbol as ids: whole if the vocabulary has it, otherwise the halves it was merged from. */
  private known(symbol: string): number[] {
    const id = this.ids.get(writeSymbol(symbol));
    if (id !== undefined) return [id];
    const halves = this.halvesOf(symbol);
    return halves === undefined ? [UNK] : halves.flatMap((half) => this.known(half));
  }

  private halvesOf(symbol: string): readonly [string, string] | undefined {
    const halves = this.halves.get(symbol);
    if (this.model.end === 'joined' || !endsWord(symbol)) return halves;
    if (halves !== undefined && halves[1] !== END_OF_WORD) return halves;
    // the mark was a symbol of its own: what it was put to comes apart
    const inner = this.halves.get(writeSymbol(symbol));
    return inner && [inner[0], inner[1] + END_OF_WORD];
  }
}

function wordsOf(text: string, form: TextForm, language: string): string[] {
  const cased = form.lowerCase ? text.toLowerCase() : text;
  const words = form.words === 'moses' ? tokenise(cased, language) : splitSpaces(cased);
  return form.escaped ? words.map(addEscapes) : words;
}

/** How often each word stands in both languages of `pairs`. */
export function countWords(pairs: SentencePairs, pair: LanguagePair, form: TextForm): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (texts: readonly string[], language: string) => {
    for (const text of texts) {
      for (const word of wordsOf(text, form, language)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  };
  add(pairs.from, pair.from);
  add(pairs.to, pair.to);
  return counts;
}

/** The vocabulary of a text given as words and counts: see `Subwords.learn`. */
export function countSubwords(
  counts: ReadonlyMap<string, number>,
  merges: readonly string[],
  end: SubwordModel['end'],
): string[] {
  const ranks = rankMerges(merges);
  const seen = new Map<string, number>();
  const add = (piece: string, count: number) => seen.set(piece, (seen.get(piece) ?? 0) + count);
  for (const [word, count] of counts) {
    for (const symbol of mergeWord(word, ranks, end)) add(writeSymbol(symbol), count);
    for (const character of word) {
      add(character, 0);
      add(character + GOES_ON, 0);
    }
  }
  return [...seen].sort(([a, m], [b, n]) => n - m || compareCodePoints(a, b)).map(([piece]) => piece);
}
