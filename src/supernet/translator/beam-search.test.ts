import { expect, test } from 'vitest';
import { Graph } from '../../autograd/graph.ts';
import { createReference } from '../../backends/reference/reference.ts';
import { beamSearch, type Translation } from './beam-search.ts';
import { TOY_VOCABULARY, toyNetwork, toySource, toyTranslator } from './toy.ts';

const backend = createReference();
const FRAME = { begin: 0, end: 2, never: [0, 1, 3] };
const network = toyNetwork(['A', 'D'], ['AC', 'AS']);
const translator = toyTranslator(backend, network);
const LENGTHS = [3, 5, 2];
const source = toySource(backend, LENGTHS);

/** log p of every next subword after `ids`, for sentence `n`, by the whole forward pass. */
async function next(n: number, ids: readonly number[]): Promise<number[]> {
  const graph = new Graph(backend, { training: false });
  const pass = translator.pass(graph);
  const encoded = translator.encode(pass, source, network);
  const t = ids.length + 1;
  const words = backend.allocate(LENGTHS.length * t, 'int32');
  backend.write(words, Int32Array.from(LENGTHS.flatMap(() => [0, ...ids])));
  const logits = await graph.read(
    translator.logits(pass, translator.decode(pass, encoded, words, t, network)),
  );
  graph.close();
  const row = logits.subarray((n * t + t - 1) * TOY_VOCABULARY, (n * t + t) * TOY_VOCABULARY);
  const most = Math.max(...row);
  const sum = Math.log(row.reduce((total, value) => total + Math.exp(value - most), 0)) + most;
  return Array.from(row, (value) => value - sum);
}

/** The best of all translations of at most `limit` subwords, the end included. */
async function best(n: number, limit: number, penalty: number): Promise<Translation> {
  let found: Translation = { ids: [], score: Number.NEGATIVE_INFINITY };
  const visit = async (ids: readonly number[], sum: number) => {
    const probabilities = await next(n, ids);
    const length = ids.length + 1;
    for (const [id, value] of probabilities.entries()) {
      if (FRAME.never.includes(id)) continue;
      const score = (sum + value) / length ** penalty;
      const ends = id === FRAME.end;
      if ((ends || length === limit) && score > found.score)
        found = { ids: ends ? ids : [...ids, id], score };
      if (!ends && length < limit) await visit([...ids, id], sum + value);
    }
  };
  await visit([], 0);
  return found;
}

test('a beam as wide as there are beginnings finds the best of all translations', async () => {
  const options = { beam: 90, penalty: 0.6, limit: () => 3 };
  const translations = await beamSearch(translator, network, source, FRAME, options);
  for (const [n, { ids, score }] of translations.entries()) {
    const expected = await best(n, 3, 0.6);
    expect(score).toBeCloseTo(expected.score, 4);
    expect(ids).toEqual(expected.ids);
  }
});

test('a beam of one takes the most probable subword every time', async () => {
  const options = { beam: 1, penalty: 0, limit: (length: number) => 2 * length };
  const translations = await beamSearch(translator, network, source, FRAME, options);
  expect(translations).toHaveLength(LENGTHS.length);
  for (const [n, { ids }] of translations.entries()) {
    const expected: number[] = [];
    while (expected.length < 2 * LENGTHS[n]) {
      const probabilities = (await next(n, expected)).map((value, id) =>
        FRAME.never.includes(id) ? Number.NEGATIVE_INFINITY : value,
      );
      const id = probabilities.indexOf(Math.max(...probabilities));
      if (id === FRAME.end) break;
      expected.push(id);
    }
    expect(ids).toEqual(expected);
  }
});

test('a sentence is translated alike alone and among others', async () => {
  const options = { beam: 3, penalty: 0.6, limit: () => 9 };
  const together = await beamSearch(translator, network, source, FRAME, options);
  const [alone] = await beamSearch(translator, network, toySource(backend, [3]), FRAME, options);
  expect(alone.ids).toEqual(together[0].ids);
  expect(alone.score).toBeCloseTo(together[0].score, 4);
});

test('weights that are not numbers are told, not translated', async () => {
  const damaged = toyTranslator(backend, network);
  for (const { value } of damaged.store.parameters()) backend.fill(value, Number.NaN);
  const options = { beam: 2, penalty: 0.6, limit: () => 4 };
  await expect(beamSearch(damaged, network, source, FRAME, options)).rejects.toThrow(
    /no next subword has a probability/,
  );
  damaged.dispose();
});

test('one that is longer than the translator knows positions for is named', async () => {
  const short = toyTranslator(backend, network, { longest: 4 });
  const options = { beam: 1, penalty: 0, limit: () => 4 };
  await expect(beamSearch(short, network, source, FRAME, options)).rejects.toThrow(
    'a sentence may have at most 4 subwords here, but one has 5',
  );
});
