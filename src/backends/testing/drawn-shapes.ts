/** Shapes drawn at random, for kernels held against the reference. */
import fc from 'fast-check';
import { windowShape } from '../conformance/windows.ts';

/** Windows whose output has at least no negative size; groups 1, 2 or one for each channel. */
export const windowShapes = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    h: fc.integer({ min: 1, max: 10 }),
    w: fc.integer({ min: 1, max: 10 }),
    r: fc.integer({ min: 1, max: 5 }),
    s: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 3 }),
    pad: fc.integer({ min: 0, max: 3 }),
    inputs: fc.constantFrom(1, 3, 7, 8, 16, 24, 33),
    outputs: fc.constantFrom(1, 3, 7, 8, 16, 24, 33, 64),
    grouping: fc.constantFrom('dense', 'pairs', 'depthwise'),
  })
  .filter(({ h, w, r, s, pad }) => h + 2 * pad >= r && w + 2 * pad >= s)
  .map(({ inputs, outputs, grouping, ...rest }) => {
    if (grouping === 'depthwise') return windowShape({ ...rest, c: inputs, m: inputs, groups: inputs });
    if (grouping === 'pairs') return windowShape({ ...rest, c: 2 * inputs, m: 2 * outputs, groups: 2 });
    return windowShape({ ...rest, c: inputs, m: outputs, groups: 1 });
  });

const extent = fc.integer({ min: 0, max: 70 });

export const matmulShapes = fc.record({
  batch: fc.integer({ min: 0, max: 3 }),
  m: extent,
  n: extent,
  k: extent,
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  alpha: fc.constantFrom(1, 0.25, -2),
  accumulate: fc.boolean(),
});
