import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../core/random.ts';
import { makeBatch, TokenBatches } from './batches.ts';
import { BOS, EOS, NOT_ASKED, PAD } from './special.ts';

const sentence = (length: number, first = 4) => Int32Array.from({ length }, (_, i) => first + i);

/** Pairs of the given lengths. */
const pairsOf = (lengths: readonly (readonly [number, number])[]) => ({
  from: lengths.map(([from]) => sentence(from)),
  to: lengths.map(([, to]) => sentence(to, 40)),
});

test('a batch ends sources with EOS, begins inputs with BOS, and asks for target and EOS', () => {
  const pairs = {
    from: [Int32Array.of(7, 8), Int32Array.of(9)],
    to: [Int32Array.of(5), Int32Array.of(6, 4, 5)],
  };
  expect(makeBatch(pairs, [1, 0])).toEqual({
    count: 2,
    sourceLength: 3,
    targetLength: 4,
    source: Int32Array.of(9, EOS, PAD, 7, 8, EOS),
    sourceLengths: Int32Array.of(2, 3),
    input: Int32Array.of(BOS, 6, 4, 5, BOS, 5, PAD, PAD),
    output: Int32Array.of(6, 4, 5, EOS, 5, EOS, NOT_ASKED, NOT_ASKED),
    tokens: 6,
  });
});

const lengths = fc.array(fc.tuple(fc.integer({ min: 0, max: 19 }), fc.integer({ min: 0, max: 19 })), {
  minLength: 1,
  maxLength: 200,
});

test('every pair is in exactly one batch of an epoch, and no batch is larger than allowed', () => {
  fc.assert(
    fc.property(
      lengths,
      fc.integer({ min: 20, max: 200 }),
      fc.nat(5),
      fc.boolean(),
      (sizes, tokens, epoch, drawn) => {
        const random = drawn ? Random.fromSeed('order') : undefined;
        const batches = new TokenBatches({ pairs: pairsOf(sizes), tokens, random });
        const seen: number[] = [];
        for (let i = 0; i < batches.stepsPerEpoch; i++) {
          const batch = batches.batch(epoch, i);
          seen.push(...batches.members(epoch, i));
          expect(batch.count).toBe(batches.members(epoch, i).length);
          expect(batch.count * Math.max(batch.sourceLength, batch.targetLength)).toBeLessThanOrEqual(tokens);
        }
        expect(seen.sort((a, b) => a - b)).toEqual(sizes.map((_, i) => i));
      },
    ),
    { numRuns: 60 },
  );
});

test('order and members follow the random value and the epoch, and nothing that was asked before', () => {
  const random = Random.fromSeed(3);
  const sizes = Array.from({ length: 300 }, () => [random.integer(12), random.integer(12)] as const);
  const make = (seed: number) =>
    new TokenBatches({ pairs: pairsOf(sizes), tokens: 64, random: Random.fromSeed(seed) });
  const epoch = (batches: TokenBatches, at: number) =>
    Array.from({ length: batches.stepsPerEpoch }, (_, i) => [...batches.members(at, i)]);
  const one = make(1);
  const first = epoch(one, 0);
  const second = epoch(one, 1);
  expect(second).not.toEqual(first);
  expect(epoch(one, 0)).toEqual(first);
  expect(epoch(make(1), 1)).toEqual(second);
  expect(epoch(make(2), 0)).not.toEqual(first);
  const sorted = (members: number[][]) => members.map((list) => list.toSorted((a, b) => a - b).join()).sort();
  expect(sorted(second)).not.toEqual(sorted(first));
});

test('longer sides within a batch differ by no more than the sorted order makes them', () => {
  const random = Random.fromSeed(4);
  const sizes = Array.from({ length: 500 }, () => [random.integer(30), random.integer(30)] as const);
  const batches = new TokenBatches({ pairs: pairsOf(sizes), tokens: 256, random });
  const spans = Array.from({ length: batches.stepsPerEpoch }, (_, i) => {
    const longer = [...batches.members(2, i)].map((at) => Math.max(...sizes[at]));
    return [Math.min(...longer), Math.max(...longer)];
  }).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  for (let i = 1; i < spans.length; i++) expect(spans[i][0]).toBeGreaterThanOrEqual(spans[i - 1][1]);
});

test('without a random value pairs come shortest first, the same in every epoch', () => {
  const batches = new TokenBatches({
    pairs: pairsOf([
      [5, 2],
      [1, 1],
      [3, 9],
      [2, 1],
    ]),
    tokens: 12,
  });
  const all = (epoch: number) =>
    Array.from({ length: batches.stepsPerEpoch }, (_, i) => [...batches.members(epoch, i)]);
  expect(all(0)).toEqual([[1, 3], [0], [2]]);
  expect(all(7)).toEqual(all(0));
});

test('a pair that no batch can hold is named with its length; no pairs are refused', () => {
  const make = () =>
    new TokenBatches({
      pairs: pairsOf([
        [2, 2],
        [3, 30],
      ]),
      tokens: 16,
    });
  expect(make).toThrow(/sentence pair 2 alone takes 31.*leave out long sentences/);
  expect(() => new TokenBatches({ pairs: pairsOf([]), tokens: 16 })).toThrow(/none were given/);
});
