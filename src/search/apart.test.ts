import { expect, test } from 'vitest';
import { bestApart } from './apart.ts';

/** Ten genes of one letter each; words say where a letter stands. */
const features = (key: string) => [...key].map((letter, i) => `${i}${letter}`);
const best = (count: number, ...ranked: string[]) => bestApart(ranked, count, { features });

test('a near copy of a better one waits until nothing else is left', () => {
  const ranked = ['aaaaaaaaaa', 'aaaaaaaaab', 'bbaaaaaaaa', 'aaaaaaaabb', 'bbbbbbbbbb'];
  // one gene of ten: 2 of 11 words are not common, below a fifth; two genes: 4 of 12
  expect(best(3, ...ranked)).toEqual(['aaaaaaaaaa', 'bbaaaaaaaa', 'aaaaaaaabb']);
  expect(best(4, ...ranked)).toEqual(['aaaaaaaaaa', 'bbaaaaaaaa', 'aaaaaaaabb', 'bbbbbbbbbb']);
  expect(best(5, ...ranked)).toEqual(['aaaaaaaaaa', 'bbaaaaaaaa', 'aaaaaaaabb', 'bbbbbbbbbb', 'aaaaaaaaab']);
});

test('the best is always first, and a count beyond all gives all', () => {
  expect(best(1, 'x', 'y')).toEqual(['x']);
  expect(best(9, 'aaaaaaaaaa', 'aaaaaaaaab', 'y')).toEqual(['aaaaaaaaaa', 'y', 'aaaaaaaaab']);
});

test('a word that stands twice counts twice', () => {
  const words = { a: ['w', 'w', 'w', 'w'], b: ['w'], c: ['w', 'w', 'w', 'w'] };
  const keys = Object.keys(words) as (keyof typeof words)[];
  expect(bestApart(keys, 2, { features: (key) => words[key] })).toEqual(['a', 'b']);
});

test('things without features are near copies of each other', () => {
  expect(bestApart(['a', 'b', 'c'], 2, { features: () => [] })).toEqual(['a', 'b']);
});

test('sizes take turns, the one with the best first', () => {
  const size = (key: string) => key[0];
  const ranked = ['aaaa', 'abbb', 'accc', 'baaa', 'addd', 'bccc', 'c---'];
  const found = (count: number) => bestApart(ranked, count, { features, size });
  expect(found(4)).toEqual(['aaaa', 'baaa', 'c---', 'abbb']);
  expect(found(7)).toEqual(['aaaa', 'baaa', 'c---', 'abbb', 'bccc', 'accc', 'addd']);
});
