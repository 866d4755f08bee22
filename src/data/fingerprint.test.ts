/** What tells sentences as subwords apart; of images it is tested where machines are compared (src/cluster/identity.test.ts). */
import { expect, test } from 'vitest';
import { fingerprintSubwords } from './fingerprint.ts';

test('a fingerprint of subwords is that of their ids and of where sentences, sides and parts end', () => {
  const part = (from: number[][], to: number[][]) => ({
    from: from.map((ids) => Int32Array.from(ids)),
    to: to.map((ids) => Int32Array.from(ids)),
  });
  const mine = fingerprintSubwords([part([[4, 5], [6]], [[7], [8]])]);
  expect(mine).toMatch(/^[0-9a-f]{64}$/);
  expect(fingerprintSubwords([part([[4, 5], [6]], [[7], [8]])])).toBe(mine);
  const others = [
    [part([[4, 5], [9]], [[7], [8]])],
    [part([[4], [5, 6]], [[7], [8]])],
    [part([[4, 5], [6]], [[7, 8], []])],
    [part([[4, 5]], [[7]]), part([[6]], [[8]])],
  ];
  expect(new Set([mine, ...others.map(fingerprintSubwords)]).size).toBe(1 + others.length);
});
