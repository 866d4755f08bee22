import { expect, test } from 'vitest';
import type { CommandContext } from '../command.ts';
import { cost } from './cost.ts';

const run = (options: CommandContext['options']) =>
  cost.run({
    ...{ options, positional: [], json: true, print: () => undefined },
    signal: new AbortController().signal,
  }) as Promise<{ energyMj: number; latencyMs: number; macs: number }>;

test('spec 8.6: rows of a linear layer, FC 30 tokens 512->256 and FC 1 x 2048->1000', async () => {
  const tokens = await run({ layer: 'linear,30,512,256' });
  expect(tokens.energyMj).toBeCloseTo(0.2079947776, 9);
  expect(tokens.latencyMs).toBeCloseTo(0.12288, 9);
  const one = await run({ layer: 'linear,1,2048,1000' });
  expect(one).toMatchObject(
    await run({ layer: 'linear,1,2048,1,1000,1,1' }).then(({ energyMj }) => ({ energyMj })),
  );
});

test('a seventh number is the groups', async () => {
  const honest = { accelerator: 'rowstationary-45nm' };
  const dense = await run({ ...honest, layer: 'conv,14,64,3,64,14,1' });
  const depthwise = await run({ ...honest, layer: 'conv,14,64,3,64,14,1,64' });
  expect(depthwise.macs * 64).toBe(dense.macs);
});

test.each([
  ['con,14,64,3,64,14,1', /starts with a kind.*did you mean conv/],
  ['conv,14,64,3,64,14', /needs a kind and six whole numbers/],
  ['linear,30,0,4', /all above zero/],
  ['conv,14,64,3,64,99,1', /output of 99.*gives 12 to 16; the nearest is 16/],
  ['conv,14,64,3,64,14,1,7', /7 groups, which must divide/],
])('--layer %s is refused', async (layer, why) => {
  await expect(run({ layer })).rejects.toThrow(why);
});
