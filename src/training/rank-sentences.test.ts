/** Ranks on sentence pairs, played in this process: their step is that of the whole batch, however it is dealt out. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import { makeBatch, type SubwordPairs, type TokenBatch, TokenBatches } from '../data/text/batches.ts';
import { TOY_SHARING, TOY_VOCABULARY, toyNetwork, toyTranslator } from '../supernet/translator/toy.ts';
import { type Gradient, gradientsOf } from './gradients.ts';
import { rankPairs } from './rank-batches.ts';
import { drawsOfRank, RankedGradients, type Ranks } from './ranks.ts';
import { playRanks } from './testing/played-ranks.ts';
import { translationLoss } from './translation-loss.ts';

const backend = createReference();

function pairsOf(sizes: readonly (readonly [from: number, to: number])[]): SubwordPairs {
  const random = Random.fromSeed('words');
  const sentence = (length: number) =>
    Int32Array.from({ length }, () => 4 + random.integer(TOY_VOCABULARY - 4));
  return { from: sizes.map(([from]) => sentence(from)), to: sizes.map(([, to]) => sentence(to)) };
}

/** Very different lengths: parts with as many pairs are far from as many subwords. */
const PAIRS = pairsOf([
  [2, 1],
  [1, 3],
  [5, 2],
  [4, 7],
  [9, 3],
  [6, 11],
  [12, 12],
]);
const NETWORK = toyNetwork(['A', 'AD', 'S'], ['C', 'AS']);
const SILENT = { encoder: 0, decoder: 0, attention: 0, filter: 0, random: Random.fromSeed('silent') };

/** Gradients by name and family, and the loss, of a step on a batch; `ranks` take the means of all. */
async function stepOn(batch: TokenBatch, ranks?: Ranks): Promise<Map<string, number[]>> {
  const translator = toyTranslator(backend, NETWORK);
  const graph = new Graph(backend, { training: true });
  const loss = translationLoss({
    ...{ translator, smoothing: 0.1, batchAt: () => batch },
    ...{ networkAt: () => NETWORK, noiseAt: () => SILENT },
  })(graph, 0);
  try {
    graph.backward(loss);
    const parameters = translator.store.parameters();
    const found: { gradients: Gradient[]; loss: typeof loss.buffer } =
      ranks === undefined
        ? { gradients: gradientsOf(graph), loss: loss.buffer }
        : new RankedGradients(ranks, parameters, TOY_SHARING.families).combine(graph, loss.buffer);
    const values = new Map([['loss', Array.from((await backend.read(found.loss)).subarray(0, 1))]]);
    for (const { parameter, family = '', value } of found.gradients) {
      const gradient = (await backend.read(value)).subarray(0, sizeOf(parameter.shape));
      values.set(`${parameter.name}/${family}`, Array.from(gradient));
    }
    return values;
  } finally {
    graph.close();
    translator.dispose();
  }
}

test.each([
  [2, [0, 1, 2, 3, 4, 5, 6]],
  [3, [0, 1, 2, 3, 4, 5, 6]],
  [3, [1, 6]], // fewer pairs than ranks: one has nothing to do
])('%i ranks on pairs %j step along the gradient of one process on all of them', async (size, indices) => {
  const members = Uint32Array.from(indices);
  const whole = await stepOn(makeBatch(PAIRS, members));
  const ranks = await playRanks(size, (rank) => stepOn(rankPairs(PAIRS, members, rank), rank));
  for (const found of ranks) {
    expect([...found.keys()].sort()).toEqual([...whole.keys()].sort());
    for (const [key, values] of found) {
      const wanted = whole.get(key) as number[];
      const largest = Math.max(...wanted.map(Math.abs));
      values.forEach((value, i) => {
        expect(Math.abs(value - wanted[i]), key).toBeLessThanOrEqual(1e-5 * largest + 1e-7);
      });
    }
  }
});

test('a batch is dealt out whole, in parts whose longer sides together differ by one pair at most', () => {
  const length = fc.integer({ min: 0, max: 19 });
  const sizes = fc.array(fc.tuple(length, length), { minLength: 1, maxLength: 120 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 5 }), fc.nat(3), (lengths, size, epoch) => {
      const pairs = pairsOf(lengths);
      const batches = new TokenBatches({ pairs, tokens: 120, random: Random.fromSeed('order') });
      for (let i = 0; i < batches.stepsPerEpoch; i++) {
        const members = batches.members(epoch, i);
        const whole = makeBatch(pairs, members);
        const parts = Array.from({ length: size }, (_, rank) => rankPairs(pairs, members, { rank, size }));
        expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(whole.count);
        expect(sortedRows(parts)).toEqual(sortedRows([whole]));
        for (const { count, tokens, sourceLength, targetLength } of parts) {
          expect(count).toBeGreaterThanOrEqual(Math.floor(whole.count / size));
          expect(tokens * size).toBeCloseTo(whole.tokens, 9);
          expect(sourceLength).toBeLessThanOrEqual(whole.sourceLength);
          expect(targetLength).toBeLessThanOrEqual(whole.targetLength);
        }
        const longer = parts.map((part) => longerSides(part).reduce((sum, tokens) => sum + tokens, 0));
        const spread = Math.max(...longer) - Math.min(...longer);
        expect(spread).toBeLessThanOrEqual(Math.max(...longerSides(whole)));
      }
    }),
    { numRuns: 40 },
  );
});

/** Subwords of the longer side of every row, without padding. */
function longerSides({ count, sourceLengths, output, targetLength }: TokenBatch): number[] {
  return Array.from({ length: count }, (_, i) => {
    const asked = output.subarray(i * targetLength, (i + 1) * targetLength).filter((id) => id >= 0);
    return Math.max(sourceLengths[i], asked.length);
  });
}

/** What sources and outputs say, row by row, without padding. */
function sortedRows(batches: readonly TokenBatch[]): string[] {
  return batches
    .flatMap(({ count, source, sourceLengths, sourceLength, output, targetLength }) =>
      Array.from({ length: count }, (_, i) => {
        const asked = output.slice(i * targetLength, (i + 1) * targetLength).filter((id) => id >= 0);
        return [source.slice(i * sourceLength, i * sourceLength + sourceLengths[i]), asked].join('|');
      }),
    )
    .sort();
}

test('what is dropped follows seed, rank and step', () => {
  const key = (rank: number, step: number) =>
    drawsOfRank(Random.fromSeed('dropout'), { rank }).split(step).state().key.join();
  const all = [0, 1, 2].flatMap((rank) => [0, 1, 2].map((step) => key(rank, step)));
  expect(new Set(all).size).toBe(9);
  expect(key(0, 1)).toBe(drawsOfRank(Random.fromSeed('dropout'), undefined).split(1).state().key.join());
  expect(key(2, 1)).toBe(key(2, 1));
});
