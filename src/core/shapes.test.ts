import { expect, test } from 'vitest';
import { sameShape, showShape, sizeOf, windowOutput } from './shapes.ts';

test('sizeOf: the product of the extents, 1 for a scalar, 0 for an empty axis', () => {
  expect([sizeOf([2, 3, 4]), sizeOf([]), sizeOf([5, 0])]).toEqual([24, 1, 0]);
});

test('sameShape compares rank and extents in order', () => {
  expect(sameShape([2, 3], [2, 3])).toBe(true);
  for (const other of [[3, 2], [2], [2, 3, 1], []]) expect(sameShape([2, 3], other)).toBe(false);
});

test('showShape', () => {
  expect([showShape([2, 3]), showShape([])]).toEqual(['[2, 3]', '[]']);
});

test.each([
  [28, 3, 1, 1, 28],
  [7, 3, 2, 1, 4],
  [8, 3, 2, 1, 4],
  [224, 7, 2, 3, 112],
  [112, 3, 2, 1, 56],
  [5, 2, 2, 0, 2],
])(
  'windowOutput agrees with counting the places: input %d, kernel %d, stride %d, pad %d -> %d',
  (input, kernel, stride, pad, expected) => {
    let places = 0;
    for (let start = -pad; start + kernel <= input + pad; start += stride) places++;
    expect(windowOutput(input, kernel, stride, pad)).toBe(places);
    expect(places).toBe(expected);
  },
);
