import { expect, test } from 'vitest';
import type { FoldedWindow } from './folded.ts';
import { withinReach } from './within.ts';

/** Step 0.5 from 0 to 127.5: inputs of a ReLU. */
const GRID = { bits: 8, step: 0.5, zero: -128, most: 128 } as const;
const none = { smallest: 0, largest: 0, means: new Float64Array(2) };

/** gain * -sum |x - w| + bias of one position, for each output channel. */
function gives({ weight, gain, bias }: FoldedWindow, x: readonly number[]): number[] {
  return [0, 1].map((o) => {
    const distance = x.reduce((sum, value, i) => sum + Math.abs(value - weight[2 * i + o]), 0);
    return bias[o] - gain[o] * distance;
  });
}

test('weights move to the reach of the input, and the layer gives what it gave, wherever inputs lie', () => {
  const layer: FoldedWindow = {
    ...{ kind: 'window', name: 'add', arithmetic: 'add', x: 0 },
    window: { r: 1, s: 1, stride: 1, pad: 0, groups: 1 },
    weight: Float32Array.of(-3, 5, 2, 200, 130, -0.5),
    ...{ gain: Float32Array.of(0.5, -2), bias: Float32Array.of(1, -1), low: -Infinity, high: Infinity },
  };
  const network = {
    layers: [layer],
    shapes: [
      [1, 1, 3],
      [1, 1, 2],
    ] as const,
  };
  const moved = withinReach({ network, statistics: [none, none] }, [GRID, GRID]);
  const [after] = moved.network.layers as FoldedWindow[];
  expect([...after.weight]).toEqual([0, 5, 2, 127.5, 127.5, 0]);
  for (const x of [
    [0, 0, 0],
    [127.5, 127.5, 127.5],
    [3, 60.5, 100],
  ]) {
    expect(gives(after, x)).toEqual(gives(layer, x));
  }
  // what is computed before gain and bias is larger by what the weights moved: 3 + 2.5, and 72.5 + 0.5
  expect([...moved.statistics[1].means]).toEqual([5.5, 73]);
});
