import { describe, expect, test } from 'vitest';
import { OPERATORS } from '../operators/index.ts';
import { decode } from './genotype.ts';
import { networkWorkloads, planNetwork } from './layout.ts';
import { tiny } from './presets.ts';
import { parseSpace } from './schema.ts';

const task = { image: { h: 16, w: 16, c: 1 }, classes: 10 };
const wide = parseSpace({
  ...tiny(),
  name: 'wide',
  stages: tiny().stages.map((stage, i) => (i === 0 ? { ...stage, kernel: 5 } : stage)),
});
const plan = (space: typeof wide) =>
  planNetwork(space, { ...decode(tiny(), '1-2:c|da'), space: space.name }, task);

describe('the window of a stage', () => {
  test('is the shape of its middle weight, and of no other', () => {
    const shapes = (space: typeof wide) =>
      plan(space).blocks.map(({ operator, plan }) =>
        OPERATORS[operator].weights(plan).map(({ shape }) => shape),
      );
    const [before, after] = [shapes(tiny()), shapes(wide)];
    expect(after[0][2]).toEqual([5, 5, 16, 16]);
    expect(before[0][2]).toEqual([3, 3, 16, 16]);
    after[0][2] = before[0][2];
    expect(after).toEqual(before);
  });

  test('is paid for: 25 products where 3 x 3 takes 9, and maps keep their sizes', () => {
    const middle = (space: typeof wide) =>
      networkWorkloads(plan(space)).find(({ name }) => name === 'layer0.stage0.conv2');
    expect(middle(wide)).toEqual({ ...middle(tiny()), r: 5, s: 5, weights: 25 * 16 * 16 });
    expect(plan(wide).features).toEqual(plan(tiny()).features);
  });
});
