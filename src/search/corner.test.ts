import { expect, test } from 'vitest';
import { worstCorner } from './corner.ts';

const costs = (energyMj: number, areaMm2?: number) => ({
  ...{ energyMj, latencyMs: 1, params: 1, macs: 1 },
  ...(areaMm2 === undefined ? {} : { areaMm2 }),
});

test('of scores it is guessing one of as many as there are, of costs the limit or the dearest of the first', () => {
  const bounds = { choices: 10, limits: { energyMj: 5 }, first: [costs(1, 2), costs(9, 3)] };
  expect(worstCorner(['loss', 'energyMj'], bounds)).toEqual([Math.log(10), 5]);
  expect(worstCorner(['areaMm2', 'error', 'bleu'], bounds)).toEqual([3, 0.9, 100]);
  expect(worstCorner(['loss', 'energyMj'], { ...bounds, limits: {} })).toEqual([Math.log(10), 9]);
});
