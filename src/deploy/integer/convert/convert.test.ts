/** From networks to integer programs: what folding keeps exactly, and what whole numbers come near to. */
import { afterAll, describe, expect, test } from 'vitest';
import { Graph } from '../../../autograd/graph.ts';
import { openBackend } from '../../../backends/open.ts';
import { Random } from '../../../core/random.ts';
import { normalise } from '../../../data/batches.ts';
import type { OperatorName } from '../../../operators/names.ts';
import { publishedNetwork, type TestNetwork, toyNetwork, zooNetwork } from '../../testing/networks.ts';
import { traceNetwork } from '../../trace.ts';
import { type IntegerProof, proveInteger } from '../prove.ts';
import { convert } from './convert.ts';
import { fold } from './fold.ts';
import { FoldedNetwork } from './folded-network.ts';

const backend = await openBackend('auto', { threads: 1 });
afterAll(() => backend.dispose());

/** Operators of a toy network or a name of the zoo, and how far logits may be, as a part of the largest, of 16 bits and of 8. */
const NETWORKS: readonly (readonly [string | readonly OperatorName[], number, number])[] = [
  [['conv', 'conv'], 0.03, 0.08],
  [['shift', 'attention'], 0.08, 0.12],
  [['shift', 'add'], 0.08, 0.12],
  // two channels, and a network that no training has made robust
  [['add', 'shift', 'attention'], 0.4, 0.4],
  // two heads whose logits nearly cancel
  ['published conv-conv', 0.15, 0.15],
  ['published shift-add', 0.1, 0.15],
  ['published add-shift-attention', 0.4, 0.4],
  ['resnet-20@0.125', 0.04, 0.12],
  ['shift-ps-resnet-20@0.125', 0.1, 0.15],
  ['adder-resnet-20@0.125', 0.1, 0.15],
  ['shiftadd-vgg-small@0.03', 0.06, 0.1],
  // 52 layers that magnify what differs
  ['mobilenet-v2-cifar@0.125', 0.4, 0.7],
];

function made(what: string | readonly OperatorName[]): TestNetwork {
  if (typeof what !== 'string') return toyNetwork(backend, what);
  const [form, path] = what.split(' ');
  return form === 'published'
    ? publishedNetwork(backend, path.split('-') as OperatorName[])
    : zooNetwork(backend, what, 18);
}

const folded = async ({ network, path, image }: TestNetwork) =>
  fold(await traceNetwork(network, path, image));

/** `count` images of noise, as bytes: those of the tests' networks were calibrated on normalised noise. */
function noise({ image: { h, w, c } }: TestNetwork, count: number, seed: number): Uint8Array {
  const random = Random.fromSeed(seed);
  return Uint8Array.from({ length: count * h * w * c }, () =>
    Math.max(0, Math.min(255, Math.round(128 + 64 * random.normal()))),
  );
}

function normal({ image: { c } }: TestNetwork) {
  const all = (value: number) => new Array<number>(c).fill(value);
  return { mean: all(128 / 255), deviation: all(64 / 255) };
}

async function proved(test: TestNetwork, bits: 8 | 16): Promise<IntegerProof> {
  const { network, path, image, classes } = test;
  const { mean, deviation } = normal(test);
  const images = normalise(noise(test, 64, 1), { mean, deviation });
  const names = Array.from({ length: classes }, (_, i) => String(i));
  const conversion = { image, images, mean, deviation, name: 'test', classes: names, bits };
  const program = await convert(backend, await folded(test), conversion);
  const pixels = noise(test, 20, 2);
  const labels = new Array<number>(20).fill(0);
  return proveInteger(program, { network, path, image, mean, deviation, pixels, labels });
}

describe.each(NETWORKS)('%s', (what, wide, narrow) => {
  test('folded, it gives the logits it gave before', async () => {
    const test = made(what);
    const { network, path, image } = test;
    const own = new FoldedNetwork(backend, await folded(test));
    const graph = new Graph(backend, { training: false });
    const images = normalise(noise(test, 4, 3), normal(test));
    const x = graph.values(images, [4, image.h, image.w, image.c]);
    const logits = await graph.read(network.forward(x, path, { mode: { kind: 'evaluate' } }));
    const found = await graph.read(own.forward(x));
    const most = Math.max(...logits.map(Math.abs));
    logits.forEach((logit, i) => {
      expect(Math.abs(found[i] - logit)).toBeLessThan(2e-4 * Math.max(1, most));
    });
    graph.close();
    own.dispose();
  });

  test.each([
    [16, wide],
    [8, narrow],
  ] as const)('of %d bits', async (bits, part) => {
    const { maxDifference, largest } = await proved(made(what), bits);
    expect(maxDifference).toBeLessThan(part * largest);
  });
});

test('a network with layers of no whole numbers is refused with the layer', async () => {
  await expect(folded(zooNetwork(backend, 'vit-tiny-cifar@0.1', 16))).rejects.toThrow(
    /no word for .* \(at .*\): it holds convolution/,
  );
});
