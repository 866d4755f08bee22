import { describe, expect, test } from 'vitest';
import { released, released168 } from './accelerators/index.ts';
import { Pricer } from './pricer.ts';
import type { Workload, WorkloadKind } from './workload.ts';

const flat = { h: 1, w: 1, r: 1, s: 1, e: 1, f: 1, stride: 1, groups: 1, weights: 0 };
const linear = (n: number, c: number, m: number): Workload => ({
  ...{ name: 'fc', kind: 'linear', family: 'linear', ...flat },
  ...{ n, c, m },
});
const square = (kind: WorkloadKind, sizes: readonly number[]): Workload => {
  const [h, c, r, m, e, stride] = sizes;
  return {
    name: 'layer',
    kind,
    family: kind,
    n: 1,
    h,
    w: h,
    c,
    r,
    s: r,
    m,
    e,
    f: e,
    stride,
    groups: 1,
    weights: 0,
  };
};

/** Layer, then energy mJ and latency ms with 168 elements and 32 bits, 192 and 32, 192 and 8. */
const ROWS: readonly [Workload, ...(readonly [number, number] | undefined)[]][] = [
  [linear(30, 256, 512), [0.2073696256, 0.12288], [0.2073696256, 0.12288]],
  [linear(30, 512, 256), [0.2079947776, 0.12288], [0.2079947776, 0.12288], [0.0470451, 0.03072]],
  [linear(30, 4096, 512), [3.2445085696, 1.96608], [3.2445085696, 1.96608]],
  [linear(30, 4096, 768), [4.8421868544, 2.94912], [4.8421868544, 2.94912]],
  [linear(1, 2048, 1000), [0.9289059, 0.0512], [0.9289059, 0.0512], [0.2290374, 0.0128]],
  [
    square('conv', [224, 3, 7, 64, 112, 2]),
    [5.2231811, 3.211264],
    [5.2549726, 2.809856],
    [1.2037975, 0.802816],
  ],
  [
    square('conv', [56, 64, 3, 64, 56, 1]),
    [5.0017042, 4.816896],
    [4.9132306, 2.752512],
    [1.1044995, 0.688128],
  ],
  [
    square('conv', [56, 64, 1, 256, 56, 1]),
    [2.473155, 1.605632],
    [2.473155, 1.605632],
    [0.5368947, 0.401408],
  ],
  [
    square('conv', [14, 256, 3, 256, 14, 1]),
    [5.2890771, 5.505024],
    [5.146497, 2.752512],
    [1.1448871, 0.688128],
  ],
  [
    square('add', [14, 256, 3, 256, 14, 1]),
    [4.0012349, 4.816896],
    [4.0012349, 2.752512],
    [0.9777657, 0.688128],
  ],
  [
    square('shift', [14, 256, 3, 256, 14, 1]),
    [1.5341965, 1.72032],
    [1.4896402, 0.86016],
    [1.404982, 0.21504],
  ],
  [
    square('conv', [28, 256, 3, 256, 14, 2]),
    [5.4918685, 5.505024],
    [5.3492883, 2.752512],
    [1.1777624, 0.688128],
  ],
  [
    square('conv', [7, 512, 3, 512, 7, 1]),
    [5.9586548, 5.505024],
    [5.8279563, 2.752512],
    [1.3397579, 0.688128],
  ],
  [
    square('add', [7, 512, 3, 512, 7, 1]),
    [4.0012349, 5.505024],
    [4.0012349, 2.752512],
    [0.9777657, 0.688128],
  ],
  [square('shift', [7, 512, 3, 512, 7, 1]), [1.7434395, 1.72032], [1.7025962, 0.86016], [1.6485705, 0.21504]],
];

const COLUMNS = [
  ['168 elements, 32 bits', new Pricer(released168, 32)],
  ['192 elements, 32 bits', new Pricer(released, 32)],
  ['192 elements, 8 bits', new Pricer(released, 8)],
] as const;

describe('released model, golden values of spec 8.6', () => {
  for (const [load, ...golden] of ROWS) {
    const sizes = [load.n, load.h, load.c, load.r, load.m, load.e, load.stride].join();
    COLUMNS.forEach(([title, pricer], i) => {
      const expected = golden[i];
      if (expected === undefined) return;
      test(`spec 8.6: ${load.kind} ${sizes}, ${title}`, () => {
        const price = pricer.price(load);
        // Printed to seven decimals: 1e-7 relative, or half of the last printed digit where that is coarser.
        expect(Math.abs(price.energyMj - expected[0])).toBeLessThan(Math.max(1e-7 * expected[0], 5.1e-8));
        expect(Math.abs(price.latencyMs / expected[1] - 1)).toBeLessThan(1e-9);
      });
    });
  }

  test('levels and tensors add up to the total', () => {
    for (const [load] of ROWS) {
      const price = COLUMNS[1][1].price(load);
      const levels = Object.values(price.byLevel).reduce((a, b) => a + b, 0);
      const tensors = price.byTensor.input + price.byTensor.weight + price.byTensor.output;
      expect(levels / price.energyMj).toBeCloseTo(1, 12);
      expect((tensors + price.byLevel.computation) / price.energyMj).toBeCloseTo(1, 12);
    }
  });
});
