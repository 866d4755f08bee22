/**
 * Beam search: of every sentence the `beam` best beginnings go on; one that ends is kept with its score, the mean-like
 *
 *   sum of log p / length^penalty          (Wu et al. 2016 in fairseq's form; spec 7.3: beam 4, penalty 0.6)
 *
 * A sentence is done when `beam` translations of it have ended among its best continuations. Sentences that are done leave
 * the batch. Beam 1 is greedy decoding.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { TranslationNetwork } from '../../spaces/seq2seq/network.ts';
import { IncrementalDecoder } from './incremental.ts';
import type { SourceBatch } from './source.ts';
import type { Translator } from './translator.ts';

/** Ids of the subwords that frame a sentence. */
export interface Frame {
  readonly begin: number;
  readonly end: number;
  /** Never part of a translation. */
  readonly never: readonly number[];
}

export interface BeamOptions {
  readonly beam: number;
  readonly penalty: number;
  /** Most subwords of a translation, by those of its source, end included. */
  limit(source: number): number;
}

export interface Translation {
  /** Without the end. */
  readonly ids: readonly number[];
  /** sum of log p / length^penalty */
  readonly score: number;
}

/** A beginning, or a whole translation, as a list from its last subword back. */
interface Node {
  readonly id: number;
  readonly before: Node | undefined;
}

interface Beam {
  /** Place of the sentence in the batch that was asked for. */
  readonly sentence: number;
  readonly limit: number;
  /** Sums of log p of its beginnings, best first, and the beginnings. */
  sums: number[];
  nodes: (Node | undefined)[];
  readonly ended: Translation[];
}

/**
 * The best translation of every sentence. Called while no graph is open. Throws 'data' for sentences that are too long,
 * 'run' where weights that are not numbers leave nothing to choose from.
 */
export async function beamSearch(
  translator: Translator,
  network: TranslationNetwork,
  source: SourceBatch,
  frame: Frame,
  options: BeamOptions,
): Promise<Translation[]> {
  const { beam } = options;
  const decoder = new IncrementalDecoder(translator, network, source);
  const best: Translation[] = [];
  try {
    const most = Math.min(translator.config.longest, translator.config.vocabulary);
    let beams: Beam[] = Array.from(source.sizes, (size, sentence) => ({
      sentence,
      limit: Math.min(most, Math.max(1, options.limit(size))),
      ...{ sums: [0], nodes: [undefined] },
      ended: [],
    }));
    let ids = new Int32Array(decoder.rows).fill(frame.begin);
    const k = Math.min(translator.config.vocabulary, 2 * beam + frame.never.length);
    for (let length = 1; beams.length > 0; length++) {
      const rowsEach = decoder.rows / beams.length;
      const { values, indices } = await decoder.step(ids, k);
      const rows: number[] = [];
      const words: number[] = [];
      const going: number[] = [];
      for (const [at, one] of beams.entries()) {
        const chosen = advance(one, { values, indices, first: at * rowsEach, k, length, frame, options });
        if (chosen === undefined) {
          best[one.sentence] = bestOf(one);
          continue;
        }
        going.push(at);
        for (const { row, id } of chosen) {
          rows.push(row);
          words.push(id);
        }
      }
      const fewer = going.length < beams.length;
      beams = going.map((at) => beams[at]);
      if (beams.length > 0) {
        decoder.select(Int32Array.from(rows), fewer ? Int32Array.from(going) : undefined);
      }
      ids = Int32Array.from(words);
    }
    return best;
  } finally {
    decoder.close();
  }
}

interface Step {
  readonly values: Float32Array;
  readonly indices: Int32Array;
  /** First row of the sentence. */
  readonly first: number;
  readonly k: number;
  /** Subwords of a translation that ends here, the end included. */
  readonly length: number;
  readonly frame: Frame;
  readonly options: BeamOptions;
}

/** Takes one step of a sentence: the rows that go on with their next subwords; undefined when it is done. */
function advance(
  one: Beam,
  { values, indices, first, k, length, frame, options: { beam, penalty } }: Step,
): { readonly row: number; readonly id: number }[] | undefined {
  const found = bestContinuations(one, { values, indices, first, k, frame }, 2 * beam);
  if (found.length === 0) {
    const what =
      'no next subword has a probability: the weights of this translator are not numbers; train it anew';
    throw new ShiftAddError('run', what);
  }
  const last = length >= one.limit;
  const going: Continuation[] = [];
  for (const [rank, candidate] of found.entries()) {
    if (going.length === beam) break;
    if (candidate.id === frame.end || last) {
      // as in fairseq, only one of the best `beam` continuations may end a translation
      if (rank >= beam) continue;
      one.ended.push({
        ids: spell(one.nodes[candidate.row], candidate.id === frame.end ? undefined : candidate.id),
        score: candidate.sum / length ** penalty,
      });
    } else going.push(candidate);
  }
  if (last || one.ended.length >= beam || going.length === 0) return undefined;
  const nodes = going.map(({ row, id }) => ({ id, before: one.nodes[row] }));
  while (going.length < beam)
    going.push({ sum: Number.NEGATIVE_INFINITY, row: going[0].row, id: going[0].id });
  one.sums = going.map(({ sum }) => sum);
  one.nodes = going.map((_, i) => nodes[i]);
  return going.map(({ row, id }) => ({ row: first + row, id }));
}

interface Continuation {
  readonly sum: number;
  /** Within the sentence. */
  readonly row: number;
  readonly id: number;
}

/** The best of all rows, merged from those of each, which are sorted; of equal sums those of the first row. */
function bestContinuations(
  { sums }: Beam,
  { values, indices, first, k, frame }: Pick<Step, 'values' | 'indices' | 'first' | 'k' | 'frame'>,
  count: number,
): Continuation[] {
  const next = sums.map(() => 0);
  const found: Continuation[] = [];
  while (found.length < count) {
    let row = -1;
    let sum = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < sums.length; i++) {
      const at = (first + i) * k;
      while (next[i] < k && frame.never.includes(indices[at + next[i]])) next[i]++;
      if (next[i] === k || !(sums[i] + values[at + next[i]] > sum)) continue;
      row = i;
      sum = sums[i] + values[at + next[i]];
    }
    if (row < 0) break;
    found.push({ sum, row, id: indices[(first + row) * k + next[row]++] });
  }
  return found;
}

function spell(node: Node | undefined, last: number | undefined): number[] {
  const ids: number[] = last === undefined ? [] : [last];
  for (let at = node; at !== undefined; at = at.before) ids.push(at.id);
  return ids.reverse();
}

function bestOf({ ended }: Beam): Translation {
  return ended.reduce((best, one) => (one.score > best.score ? one : best));
}
