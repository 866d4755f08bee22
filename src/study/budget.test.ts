import { expect, test } from 'vitest';
import { estimate, parseDuration } from './budget.ts';
import type { Cell } from './cells.ts';
import type { CellLine } from './journal.ts';

test.each([
  ['75m', 4500],
  ['2h', 7200],
  ['90s', 90],
  ['1h30m', 5400],
  ['0.5h', 1800],
])('%s is %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each(['75', 'm', '', '1h 30m', '-5m', 'an hour'])('"%s" is no time', (text) => {
  expect(() => parseDuration(text)).toThrow(/a budget is a time such as 75m/);
});

const cell = (kind: string, work: number) => ({ kind, work }) as Cell;
const line = (kind: string, work: number, seconds: number, resumed = false) =>
  ({ figures: { kind }, work, seconds, resumed }) as unknown as CellLine;

test('a cell is estimated by its kind, then by any, then as planned; resumed cells do not count', () => {
  const done = [line('supernet', 10, 30), line('supernet', 10, 50), line('truth', 10, 10)];
  expect(estimate(cell('supernet', 5), done)).toBe(20);
  expect(estimate(cell('winner', 3), done)).toBe(9);
  expect(estimate(cell('winner', 3), [line('winner', 1, 100, true)])).toBe(3);
});

test('old cells give way to newer ones: the machine may have been busier', () => {
  const done = [
    ...Array.from({ length: 20 }, () => line('truth', 1, 9)),
    ...Array.from({ length: 12 }, () => line('truth', 1, 2)),
  ];
  expect(estimate(cell('truth', 10), done)).toBe(20);
});
