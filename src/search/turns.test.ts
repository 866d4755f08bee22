import { expect, test } from 'vitest';
import { inTurns } from './turns.ts';

const size = (word: string) => word[0];

test('sizes take turns, the one with the best first', () => {
  expect(inTurns(['a1', 'a2', 'b1', 'a3', 'c1', 'b2'], 5, size)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2']);
});

test('a size that has no more gives way; fewer than asked for are all of them', () => {
  expect(inTurns(['a1', 'b1', 'a2', 'a3'], 9, size)).toEqual(['a1', 'b1', 'a2', 'a3']);
  expect(inTurns(['a1', 'b1'], 0, size)).toEqual([]);
  expect(inTurns([], 3, size)).toEqual([]);
});
