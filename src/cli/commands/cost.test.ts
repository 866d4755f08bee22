import { describe, expect, test } from 'vitest';
import { encodeTranslation } from '../../spaces/seq2seq/index.ts';
import { TRANSLATION_NETWORKS } from '../../zoo/index.ts';
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

describe('translation networks', () => {
  const space = 'seq2seq';
  // The published 100 ms network (spec 7.6).
  const genotype = '512-512:AD8f1024.AS8f1024.A16f1024.AD8f4096.AS4f3072.A16f4096|A8x4s3f4096';

  test('spec 9.3: 41.18 mJ and 25.17 ms for the 100 ms network, as a word and by name', async () => {
    const accelerator = 'shiftaddnas-released-translation';
    const byName = await run({ accelerator, network: 'seq2seq-ende-100' });
    expect(byName.energyMj).toBeCloseTo(41.18, 2);
    expect(byName.latencyMs).toBeCloseTo(25.17, 2);
    const word = encodeTranslation(TRANSLATION_NETWORKS['seq2seq-ende-100']);
    expect(await run({ accelerator, space, genotype: word })).toMatchObject({
      ...{ energyMj: byName.energyMj, latencyMs: byName.latencyMs, macs: byName.macs },
    });
  });

  test('tokens and vocabulary are settings', async () => {
    const plain = await run({ space, genotype, tokens: 10 });
    const words = await run({ space, genotype, tokens: 10, vocabulary: 1000 });
    expect(words.macs - plain.macs).toBe(10 * 512 * 1000);
    expect((await run({ space, genotype, tokens: 20 })).macs).toBeGreaterThan(2 * plain.macs);
  });

  test('settings of the other kind of network are refused', async () => {
    await expect(run({ space, genotype, retrainWidth: 2 })).rejects.toThrow(/--retrain-width does not apply/);
    const image = { space: 'cifar', genotype: '2-2-2:cc|cc|cc' };
    await expect(run({ ...image, tokens: 30 })).rejects.toThrow(/--tokens does not apply.*'cifar'/);
  });
});
