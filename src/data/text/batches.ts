/**
 * Batches of sentence pairs of nearly equal length, each as large as a number of padded tokens allows. Pairs are
 * sorted by the length of their longer side and cut into batches in that order; what is equally long comes in an
 * order drawn for each epoch, so batches are made of other pairs each time while their number and shape stay. Then
 * the batches are shuffled.
 *
 *   lengths  3 3 3 4 | 4 5 5 | 6 6 7 | ...    count * longest <= tokens
 *
 * A batch is a function of (pairs, tokens, random, epoch, index): a resumed run sees what an uninterrupted one would.
 */
import { require_ } from '../../core/errors.ts';
import { Random, type RandomState } from '../../core/random.ts';
import { BOS, EOS, NOT_ASKED, PAD } from './special.ts';

/** Sentences as subword ids, without BOS and EOS. */
export interface SubwordPairs {
  readonly from: readonly Int32Array[];
  readonly to: readonly Int32Array[];
}

export interface TokenBatch {
  readonly count: number;
  /** Padded; both count EOS or BOS. */
  readonly sourceLength: number;
  readonly targetLength: number;
  readonly source: Int32Array; // [count, sourceLength], ends with EOS, then PAD
  readonly sourceLengths: Int32Array; // [count], EOS included
  readonly input: Int32Array; // [count, targetLength], BOS + target, then PAD
  readonly output: Int32Array; // [count, targetLength], target + EOS, then NOT_ASKED
  /** Outputs that are asked for. */
  readonly tokens: number;
}

export interface TokenBatchesOptions {
  readonly pairs: SubwordPairs;
  /** Most tokens a batch takes on its larger side, padding, BOS and EOS included. */
  readonly tokens: number;
  /** Absent: the same order in every epoch, shortest first, as scoring wants it. */
  readonly random?: Random | RandomState | undefined;
}

export class TokenBatches {
  /** Batches of an epoch, the same number in each. */
  readonly stepsPerEpoch: number;
  private readonly pairs: SubwordPairs;
  private readonly random: Random | undefined;
  /** Pairs by length of the longer side, then of the other, then as they stand. */
  private readonly sorted: Uint32Array;
  /** Batch b holds sorted pairs bounds[b] to bounds[b + 1]. */
  private readonly bounds: readonly number[];
  private order:
    | { readonly epoch: number; readonly pairs: Uint32Array; readonly batches: Uint32Array }
    | undefined;

  /** Throws `usage` when a single pair takes more than `tokens`. */
  constructor({ pairs, tokens, random }: TokenBatchesOptions) {
    this.pairs = pairs;
    this.random = random === undefined || random instanceof Random ? random : new Random(random);
    const lengths = pairs.from.map((source, i) => longer(source, pairs.to[i]));
    const others = pairs.from.map((source, i) => Math.min(source.length, pairs.to[i].length));
    this.sorted = Uint32Array.from(lengths.keys()).sort(
      (a, b) => lengths[a] - lengths[b] || others[a] - others[b] || a - b,
    );
    const longest = lengths[this.sorted[lengths.length - 1]] ?? 0;
    require_(
      longest <= tokens,
      'usage',
      () =>
        `a batch may take ${tokens} tokens, but sentence pair ${this.sorted[lengths.length - 1] + 1} alone takes ` +
        `${longest}; allow more tokens a batch or leave out long sentences`,
      { tokens, longest },
    );
    this.bounds = cut(
      Array.from(this.sorted, (index) => lengths[index]),
      tokens,
    );
    this.stepsPerEpoch = this.bounds.length - 1;
  }

  /** The pairs of a batch, by their place in `pairs`. */
  members(epoch: number, index: number): Uint32Array {
    require_(
      Number.isInteger(index) && index >= 0 && index < this.stepsPerEpoch,
      'internal',
      () => `internal: batch ${index} of ${this.stepsPerEpoch} was asked for`,
      { index },
    );
    const { pairs, batches } = this.ordered(epoch);
    const batch = batches[index];
    return pairs.subarray(this.bounds[batch], this.bounds[batch + 1]);
  }

  batch(epoch: number, index: number): TokenBatch {
    return makeBatch(this.pairs, this.members(epoch, index));
  }

  private ordered(epoch: number) {
    if (this.order?.epoch === epoch) return this.order;
    const steps = this.stepsPerEpoch;
    if (this.random === undefined) {
      return (this.order = {
        epoch,
        pairs: this.sorted,
        batches: Uint32Array.from({ length: steps }, (_, i) => i),
      });
    }
    const random = this.random.split(`epoch:${epoch}`);
    const pairs = this.shuffleEquals(random.split('pairs'));
    return (this.order = { epoch, pairs, batches: random.split('batches').permutation(steps) });
  }

  /** Shuffles pairs whose longer sides are equally long. */
  private shuffleEquals(random: Random): Uint32Array {
    const out = this.sorted.slice();
    const length = (at: number) => longer(this.pairs.from[out[at]], this.pairs.to[out[at]]);
    for (let start = 0; start < out.length; ) {
      let end = start + 1;
      while (end < out.length && length(end) === length(start)) end++;
      const order = random.permutation(end - start);
      const run = out.slice(start, end);
      for (let i = 0; i < run.length; i++) out[start + i] = run[order[i]];
      start = end;
    }
    return out;
  }
}

/** Tokens of the longer side, with the BOS or EOS that is added to both. */
function longer(source: Int32Array, target: Int32Array): number {
  return Math.max(source.length, target.length) + 1;
}

/** Where batches begin in ascending `lengths`, and the end: as many in each as fit. */
function cut(lengths: readonly number[], tokens: number): number[] {
  const bounds = [0];
  for (let i = 0; i < lengths.length; i++) {
    if ((i + 1 - bounds[bounds.length - 1]) * lengths[i] > tokens) bounds.push(i);
  }
  bounds.push(lengths.length);
  return bounds;
}

/** The pairs at `indices` as one batch. */
export function makeBatch(pairs: SubwordPairs, indices: ArrayLike<number>): TokenBatch {
  const count = indices.length;
  let sourceLength = 0;
  let targetLength = 0;
  let tokens = 0;
  for (let i = 0; i < count; i++) {
    sourceLength = Math.max(sourceLength, pairs.from[indices[i]].length + 1);
    targetLength = Math.max(targetLength, pairs.to[indices[i]].length + 1);
    tokens += pairs.to[indices[i]].length + 1;
  }
  const source = new Int32Array(count * sourceLength).fill(PAD);
  const sourceLengths = new Int32Array(count);
  const input = new Int32Array(count * targetLength).fill(PAD);
  const output = new Int32Array(count * targetLength).fill(NOT_ASKED);
  for (let i = 0; i < count; i++) {
    const from = pairs.from[indices[i]];
    const to = pairs.to[indices[i]];
    source.set(from, i * sourceLength);
    source[i * sourceLength + from.length] = EOS;
    sourceLengths[i] = from.length + 1;
    input[i * targetLength] = BOS;
    input.set(to, i * targetLength + 1);
    output.set(to, i * targetLength);
    output[i * targetLength + to.length] = EOS;
  }
  return { count, sourceLength, targetLength, source, sourceLengths, input, output, tokens };
}
