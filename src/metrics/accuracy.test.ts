import { expect, test } from 'vitest';
import { accuracy, argmax, confusion, countCorrect } from './accuracy.ts';

const scores = [1, 3, 2, 5, 5, 0, Number.NaN, 1, 2];

test('argmax takes the first among equals and never NaN', () => {
  expect([0, 1, 2].map((row) => argmax(scores, 3 * row, 3))).toEqual([1, 0, 2]);
});

test('accuracy at 1 agrees with argmax, at 2 it takes the second too', () => {
  expect(countCorrect(scores, [1, 0, 2], 3)).toBe(3);
  expect(accuracy(scores, [2, 1, 0], 3)).toBe(0);
  expect(accuracy(scores, [2, 1, 0], 3, 2)).toBeCloseTo(2 / 3);
  expect(accuracy([], [], 3)).toBe(0);
  expect(() => accuracy([1, 2], [0], 3)).toThrow(/1 labels of 3 classes take 3 scores, but got 2/);
});

test('confusion counts right classes by row', () => {
  expect([...confusion([0, 1, 1], [0, 0, 1], 2)]).toEqual([1, 1, 0, 1]);
});
