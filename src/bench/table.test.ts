import { expect, test } from 'vitest';
import { atLeast, atMost, type Row } from './row.ts';
import { countBars, figure, markdownTable, rowCells, rowsTable } from './table.ts';

const ROW: Row = {
  ...{ group: 'conv', id: 'a', title: 'conv 3x3', shape: '8x8', unit: 'ms', best: 12.34, median: 123.4 },
  bars: [],
};

test.each([
  [239.6, '240'],
  [12.34, '12.3'],
  [5.294, '5.29'],
  [0.04123, '0.0412'],
  [0.00000041, '4.1e-7'],
  [0, '0'],
  [Number.NaN, ''],
])('%d as %s', (value, text) => {
  expect(figure(value)).toBe(text);
});

test('bars say what they compare, and whether they are met', () => {
  expect(atMost('peer', 0.65, 0.65)).toEqual({ text: 'peer <= 0.65', value: 0.65, met: true });
  expect(atMost('peer', 0.66, 0.65).met).toBe(false);
  expect(atLeast('% of peak', 79.9, 80)).toEqual({ text: '% of peak >= 80', value: 79.9, met: false });
  expect(atMost('peer', Number.NaN, 1).met).toBe(false);
});

test('a row with everything', () => {
  const row: Row = {
    ...ROW,
    rate: { value: 139, unit: 'GFLOP/s' },
    share: { best: 0.75, median: 0.694 },
    peer: { median: 20, ratio: 0.55, pairs: 3 },
    bars: [atLeast('% of peak', 69.4, 80), atMost('peer', 0.55, 0.65)],
  };
  expect(rowCells(row)).toEqual([
    ...['conv 3x3', '8x8', '12.3', '123', 'ms', '139 GFLOP/s', '69', '20.0', '0.55'],
    ...['% of peak >= 80: 69.4; peer <= 0.65: 0.55', 'NO, yes'],
  ]);
  expect(countBars([row, ROW])).toEqual({ met: 1, all: 2 });
});

test('columns that stay empty are left out', () => {
  const { head, body } = rowsTable([ROW, { ...ROW, rate: { value: 1, unit: 'GB/s' } }]);
  expect(head).toEqual(['work', 'shape', 'best', 'median', '', 'rate']);
  expect(body).toEqual([
    ['conv 3x3', '8x8', '12.3', '123', 'ms', ''],
    ['conv 3x3', '8x8', '12.3', '123', 'ms', '1.00 GB/s'],
  ]);
});

test('a table for a page', () => {
  expect(markdownTable(['work', 'shape', 'ms'], [['  a|b', '8x8', '1.00']])).toBe(
    '| work | shape | ms |\n| --- | --- | ---: |\n| a\\|b | 8x8 | 1.00 |',
  );
});
