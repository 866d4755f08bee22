import { expect, test } from 'vitest';
import { bestApart } from './apart.ts';

/** Ten genes of one letter each; words say where a letter stands. */
const features = (key: string) => [...key].map((letter, i) => `${i}${letter}`);
const best = (count: number, ...ranked: string[]) => bestApart(ranked, count, features);

test('a near copy of a better one waits until nothing else is left', () => {
  const ranked = ['aaaaaaaaaa', 'aaaaaaaaab', 'bbaaaaaaaa', 'aaaaaaaabb', 'bbbbbbbbbb'];
  // one gene of ten: 2 of 11 words are not common, below a fifth; two genes: 4 of 12
  expect(best(3, ...ranked)).toEqual(['aaaaaaaaaa', 'bbaaaaaaaa', 'aaaaaaaabb']);
  expect(best(4, ...ranked)).toEqual(['aaaaaaaaaa', 'bbaaaaaaaa', 'aaaaaaaabb', 'bbbbbbbbbb']);
  expect(best(5, ...ranked)).toEqual(['aaaaaaaaaa', 'bbaaaaaaaa', 'aaaaaaaabb', 'bbbbbbbbbb', 'aaaaaaaaab']);
});

test('the best is always first, and a count beyond all gives all', () => {
  expect(best(1, 'x', 'y')).toEqual(['x']);
  expect(best(9, 'x', 'x', 'y')).toEqual(['x', 'y', 'x']);
});

test('a word that stands twice counts twice', () => {
  const words = { a: ['w', 'w', 'w', 'w'], b: ['w'], c: ['w', 'w', 'w', 'w'] };
  const keys = Object.keys(words) as (keyof typeof words)[];
  expect(bestApart(keys, 2, (key) => words[key])).toEqual(['a', 'b']);
});

test('things without features are near copies of each other', () => {
  expect(bestApart(['a', 'b', 'c'], 2, () => [])).toEqual(['a', 'b']);
});
