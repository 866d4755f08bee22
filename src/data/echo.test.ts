import { expect, test } from 'vitest';
import { Random } from '../core/random.ts';
import { BatchMaker } from './batches.ts';
import { checkUses, type Echo, echoDistance, echoed, echoFromStart, moreUses, newAt } from './echo.ts';

const positions = (echo: Echo, step: number, shape: { distinct: number; distance: number }) =>
  Array.from({ length: shape.distinct }, (_, i) => echoed(echo, step, i, shape).position);

test.each([
  { uses: 2, distinct: 6, distance: 3 },
  { uses: 3, distinct: 6, distance: 1 },
  { uses: 6, distinct: 6, distance: 4 },
])(
  'every picture is used $uses times, $distance batches apart, and a batch has no picture twice',
  (shape) => {
    const { uses, distinct, distance } = shape;
    const echo = echoFromStart(uses, shape);
    const steps = new Map<number, number[]>();
    for (let step = 0; step < 60; step++) {
      const batch = positions(echo, step, shape);
      expect(new Set(batch).size).toBe(distinct);
      expect(batch.slice(0, distinct / uses)[0]).toBe(newAt(echo, step, distinct));
      for (const position of batch) steps.set(position, [...(steps.get(position) ?? []), step]);
    }
    expect(Math.min(...steps.keys())).toBeGreaterThanOrEqual(0);
    for (const [position, used] of steps) {
      const first = Math.floor((position - distinct * distance) / (distinct / uses));
      const all = Array.from({ length: uses }, (_, use) => first + use * distance);
      expect(used).toEqual(all.filter((step) => step >= 0 && step < 60));
    }
  },
);

test('where uses become more, no picture is passed over, and what was new last is used again', () => {
  const shape = { distinct: 8, distance: 2 };
  const two = echoFromStart(2, shape);
  const four = { step: 10, uses: 4, from: newAt(two, 10, shape.distinct) };
  expect(four.from).toBe(Math.max(...positions(two, 9, shape)) + 1);
  expect(positions(four, 10, shape)).toEqual(
    [0, 1].concat([-4, -3], [-8, -7], [-12, -11]).map((at) => four.from + at),
  );
});

/** Sixty images, their index as their pixel. */
const set = {
  ...{ count: 60, height: 1, width: 1, channels: 1 },
  pixels: Uint8Array.from({ length: 60 }, (_, i) => i),
  labels: new Uint8Array(60),
};
const options = {
  ...{ set, batchSize: 6, random: Random.fromSeed('echo').state() },
  normal: { classes: ['a', 'b'], mean: [0], deviation: [1 / 255] },
};

test('batches are those of single use up to a step, then pictures of the orders of epochs, each with draws of its own', () => {
  const [single, more] = [new BatchMaker(options), new BatchMaker(options)];
  const { distance } = more.echoShape;
  expect(distance).toBe(10);
  more.echo({ step: 13, uses: 3, from: single.newAt(13) });
  const steps = 10;
  const items = (maker: BatchMaker, step: number) => maker.items(Math.floor(step / steps), step % steps);
  const used: number[] = [];
  const draws = new Set<string>();
  for (let step = 0; step < 200; step++) {
    if (step < 13) expect(items(more, step)).toEqual(items(single, step));
    const [epoch, inEpoch] = [Math.floor(step / steps), step % steps];
    expect([...more.batch(epoch, inEpoch).images]).toEqual(items(more, step).map(({ at }) => at));
    for (const { at, random, position } of items(more, step)) {
      if (step < 13) continue;
      expect(at).toBe(
        new Random(options.random).split(`order:${Math.floor(position / 60)}`).permutation(60)[position % 60],
      );
      used.push(at);
      draws.add(JSON.stringify(random?.state()));
    }
  }
  expect(draws.size).toBe(used.length);
  const counts = Array.from({ length: 60 }, (_, i) => used.filter((at) => at === i).length);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(15); // 187 batches of 6, 18.7 on average
  expect(Math.max(...counts)).toBeLessThanOrEqual(24);
});

test('pictures at hand are at most 1024, 256 MiB or the set, and at least a batch', () => {
  expect(echoDistance(64, { count: 50_000, bytes: 1000 })).toBe(16);
  expect(echoDistance(64, { count: 700, bytes: 1000 })).toBe(10);
  expect(echoDistance(64, { count: 50_000, bytes: 2 ** 20 })).toBe(4);
  expect(echoDistance(1024, { count: 50_000, bytes: 2 ** 20 })).toBe(1);
});

test('more uses by the share of waiting, as batches can be cut, up to 32', () => {
  expect(moreUses(1, 0.05, 64)).toBe(2);
  expect(moreUses(1, 0.8, 64)).toBe(8);
  expect(moreUses(1, 0.8, 50)).toBe(10);
  expect(moreUses(8, 0.1, 64)).toBe(16);
  expect(moreUses(16, 0.02, 64)).toBe(32);
  expect(moreUses(1, 1, 64)).toBe(32);
  expect(moreUses(32, 0.9, 64)).toBeUndefined();
  expect(moreUses(1, 0.9, 37)).toBeUndefined();
});

test('uses that do not divide a batch are refused', () => {
  expect(() => checkUses(4, 64)).not.toThrow();
  expect(() => checkUses(5, 64)).toThrow(
    /64 different pictures cannot use each in 5 batches; choose a divisor of 64/,
  );
  expect(() => new BatchMaker({ ...options, uses: 4 })).toThrow(/--picture-uses/);
});
