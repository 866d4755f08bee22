import { afterAll, describe, expect, test } from 'vitest';
import { openBackend } from '../../backends/open.ts';
import { rowstationary45 } from '../../hardware/accelerators/index.ts';
import { Pricer } from '../../hardware/pricer.ts';
import type { Workload } from '../../hardware/workload.ts';
import type { OperatorName } from '../../operators/names.ts';
import { modelWorkloads, readOnnx } from '../../zoo/index.ts';
import { proofImages } from '../inputs.ts';
import { logitsOf, publishedNetwork, type TestNetwork, toyNetwork, zooNetwork } from '../testing/networks.ts';
import { traceNetwork } from '../trace.ts';
import { IR_VERSIONS, type Opset } from './model.ts';
import { proveOnnx } from './prove.ts';
import { findRuntime, INSTALL } from './runtime.ts';
import { writeOnnx } from './write.ts';

const backend = await openBackend('auto', { threads: 1 });
afterAll(() => backend.dispose());
const runtime = await findRuntime();
if (runtime === undefined) console.log(`skipped: onnxruntime-node is not installed (${INSTALL})`);

const IMAGES = 6;

const PATHS: readonly (readonly OperatorName[])[] = [
  ['conv', 'conv'],
  ['add', 'shift', 'attention'],
  ['shift', 'add'],
];
const ZOO = [
  'resnet-20@0.125',
  'adder-resnet-20@0.125',
  'shift-ps-resnet-20@0.125',
  'shiftadd-vgg-small@0.03',
  'resnet-18@0.05',
  'mobilenet-v2-cifar@0.125',
  'vit-tiny-cifar@0.1',
];

const networks: readonly (readonly [string, () => TestNetwork])[] = [
  ...PATHS.map((path) => [path.join('-'), () => toyNetwork(backend, path)] as const),
  ...PATHS.map((path) => [`published ${path.join('-')}`, () => publishedNetwork(backend, path)] as const),
  // 18 pixels: odd maps further in
  ...ZOO.map((name) => [name, () => zooNetwork(backend, name, name.includes('vit') ? 16 : 18)] as const),
];

async function exported({ network, path, image }: TestNetwork, opset: Opset = 26): Promise<Uint8Array> {
  const program = await traceNetwork(network, path, image);
  return writeOnnx(program, { name: 'test', version: '0', opset });
}

const claim = async (made: TestNetwork, images = IMAGES) => ({
  ...{ image: made.image, threads: 1, images: proofImages(made.image, images) },
  logits: await logitsOf(made, images),
});

describe.skipIf(runtime === undefined)('through onnxruntime', () => {
  test.each(networks)('%s: outputs within 1e-4', async (_, make) => {
    const made = make();
    const proof = await proveOnnx(await exported(made), await claim(made));
    expect(proof.images).toBe(IMAGES);
    expect(proof.largest).toBeGreaterThan(0.1);
    expect(proof.maxDifference).toBeLessThan(1e-4);
    made.network.dispose();
  });

  test.each(Object.keys(IR_VERSIONS))('operator set %s', async (opset) => {
    for (const made of [
      toyNetwork(backend, ['add', 'attention']),
      zooNetwork(backend, 'vit-tiny-cifar@0.1', 8),
    ]) {
      const bytes = await exported(made, Number(opset) as Opset);
      expect((await proveOnnx(bytes, await claim(made, 2))).maxDifference).toBeLessThan(1e-4);
      made.network.dispose();
    }
  });

  test('a file that says something else is refused', async () => {
    const made = toyNetwork(backend, ['conv', 'conv']);
    const bytes = await exported(made);
    const truth = await claim(made);
    const logits = truth.logits.map((value, i) => (i === 10 ? value + 0.01 : value));
    await expect(proveOnnx(bytes, { ...truth, logits })).rejects.toThrow(/logits 1\.00e-2 away/);
    const nothing = truth.logits.map((value, i) => (i === 3 ? Number.NaN : value));
    await expect(proveOnnx(bytes, { ...truth, logits: nothing })).rejects.toThrow(/network gives NaN/);
    await expect(proveOnnx(bytes.subarray(0, 1000), truth)).rejects.toThrow(/onnxruntime refuses/);
    made.network.dispose();
  });
});

/** Sizes of what multiplies, shifts or adds windows and matrices, without names; a product of one position is linear. */
const computing = (loads: readonly Workload[]) =>
  loads
    .filter(({ kind }) => kind !== 'vector')
    .map(({ kind, n, h, w, c, r, s, m, e, f, stride, groups, weights }) =>
      JSON.stringify({
        ...{ kind: kind === 'conv' && h * w * r * s === 1 ? 'linear' : kind },
        ...{ n, h, w, c, r, s, m, e, f, stride, groups, weights },
      }),
    )
    .sort();

test.each(networks)('%s: the file is priced as the network', async (name, make) => {
  const made = make();
  const read = modelWorkloads(readOnnx(await exported(made)));
  made.network.dispose();
  expect(read.notes).toEqual([]);
  const pricer = new Pricer(rowstationary45);
  const [theirs, ours] = [read.loads, made.loads].map((loads) => pricer.priceNetwork(loads));
  // patches of a vision transformer are priced as rows of pixels
  if (!name.includes('vit')) expect(computing(read.loads)).toEqual(computing(made.loads));
  // a norm and the activation behind it are two nodes, which the zoo prices as one pass over memory
  const passes = name.startsWith('published') ? 0.2 : 0.06; // three more a block: SiLU, gate and the sum behind it
  expect(Math.abs(theirs.energyMj / ours.energyMj - 1)).toBeLessThan(passes);
  expect(theirs.operations.shifts).toBe(ours.operations.shifts);
});

test('the graph holds operators of the standard set alone', async () => {
  const made = toyNetwork(backend, ['add', 'shift', 'attention']);
  const { nodes } = readOnnx(await exported(made));
  made.network.dispose();
  expect([...new Set(nodes.map(({ operator }) => operator))].sort()).toEqual(
    `Abs Add AveragePool BatchNormalization Clip Conv Floor GlobalAveragePool Identity MatMul Mul Neg Pad ReduceSum Relu
     Reshape Slice Softmax Sub Sum Transpose`.split(/\s+/),
  );
});
