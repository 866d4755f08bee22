/** Who trains translators: in one thread each, or one after the other with all threads. */
import { expect, test } from 'vitest';
import { oneByOne } from './sentence-evaluator.ts';

test.each([
  ['a single one has all threads', 1, 2, 2, true],
  ['so has each of two where four would leave half of the cores idle', 2, 4, 4, true],
  ['three of four threads are busy with one each', 3, 4, 4, false],
  ['as many as threads have one each', 2, 2, 2, false],
  ['more workers than threads are what was asked for', 2, 4, 1, false],
  ['a single worker does one after the other', 5, 1, 4, true],
])('%s', (_, count, slots, threads, alone) => {
  expect(oneByOne(count, slots, threads)).toBe(alone);
});
