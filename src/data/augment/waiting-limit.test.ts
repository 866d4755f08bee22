import { expect, test } from 'vitest';
import { WaitingLimit } from './waiting-limit.ts';

const limit = (settled = 1) => new WaitingLimit(0.03, { spanMs: 1000, settled });

/** Calls every 10 ms in which so many of them were waited; the first share that was too much, and when. */
function run(one: WaitingLimit, waits: (at: number) => number, until: number) {
  let waited = 0;
  for (let at = 0; at <= until; at += 10) {
    const share = one.exceeded(waited, at);
    if (share !== undefined) return { share, at };
    waited += waits(at);
  }
  return undefined;
}

test('three spans one behind the other with too much waiting are an error, the share is that of the last', () => {
  const found = run(limit(), (at) => (at < 2000 ? 8 : 5), 10_000);
  expect(found?.at).toBe(3000);
  expect(found?.share).toBeCloseTo(0.5, 12);
});

test('waiting up to the limit is none', () => {
  expect(run(limit(), () => 0.3, 10_000)).toBeUndefined();
  expect(run(limit(), () => 0.31, 10_000)?.at).toBe(3000);
});

test.each([0, 1, 2])('what was quick enough in span %d may wait later', (quick) => {
  const waits = (at: number) => (Math.floor(at / 1000) === quick ? 0 : 9);
  expect(run(limit(), waits, 20_000)).toBeUndefined();
});

test('where several quick spans are asked for, fewer settle nothing', () => {
  const waits = (quick: number) => (at: number) => (at < 1000 * quick ? 0 : 9);
  expect(run(limit(3), waits(2), 20_000)?.at).toBe(5000);
  expect(run(limit(3), waits(3), 20_000)).toBeUndefined();
});

test('spans that are quick in between do not make slow ones good until it is settled', () => {
  const everySecond = (at: number) => (Math.floor(at / 1000) % 2 === 0 ? 0 : 9);
  expect(run(limit(2), everySecond, 20_000)?.at).toBe(6000);
  expect(run(limit(1), everySecond, 20_000)).toBeUndefined();
});
