/** Both directions through PyTorch itself, where a Python with it is found (SHIFTADDNAS_PYTHON, or /usr/bin/python3). */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { openBackend } from '../../backends/open.ts';
import { readSafetensors, writeSafetensors } from '../../core/safetensors.ts';
import { findBaseline } from '../../zoo/index.ts';
import { proofImages } from '../inputs.ts';
import { reordered } from '../layout.ts';
import { logitsOf, type TestNetwork, zooNetwork } from '../testing/networks.ts';
import { traceNetwork } from '../trace.ts';
import { loadStateDict, PLAIN_WEIGHTS, stateDict } from './state-dict.ts';

const python = process.env.SHIFTADDNAS_PYTHON ?? '/usr/bin/python3';
const present = spawnSync(python, ['-c', 'import torch']).status === 0;
if (!present) console.log(`skipped: ${python} has no torch (apt-get install python3-torch)`);
const script = fileURLToPath(new URL('../testing/torch_networks.py', import.meta.url));

const backend = await openBackend('auto', { threads: 1 });
const folder = fs.mkdtempSync(join(tmpdir(), 'torch-'));
afterAll(() => {
  backend.dispose();
  fs.rmSync(folder, { recursive: true, force: true });
});

const SIDE = 16;
const COUNT = 4;
const task = { classes: 5, image: [3, SIDE, SIDE] };
const resnet20 = {
  kind: 'resnet',
  stem: 3,
  widths: [4, 8, 16],
  blocks: [3, 3, 3],
  bottleneck: false,
  ...task,
};
const NETWORKS: readonly (readonly [string, object])[] = [
  ['adder-resnet-20@0.25', { ...resnet20, layer: 'add' }],
  ['shift-resnet-20@0.25', { ...resnet20, layer: 'shift' }],
  [
    'resnet-50-cifar@0.0625',
    {
      ...{ kind: 'resnet', layer: 'conv', stem: 3, widths: [4, 8, 16, 32], blocks: [3, 4, 6, 3] },
      ...{ bottleneck: true, ...task },
    },
  ],
  [
    'mobilenet-v2-cifar@0.125',
    {
      ...{ kind: 'mobilenet', widths: [4, 2, 3, 4, 8, 12, 20, 40, 160], blocks: [1, 2, 3, 4, 3, 3, 1] },
      ...{ strides: [1, 1, 2, 2, 1, 2, 1], ...task },
    },
  ],
];

const weights = join(folder, 'weights.safetensors');

/** Logits that PyTorch gives on the proof images. */
function throughTorch(mode: 'read' | 'write', network: object, { image }: TestNetwork): Float32Array {
  const [images, logits] = ['images.bin', 'logits.bin'].map((name) => join(folder, name));
  const channelsFirst = reordered(
    proofImages(image, COUNT),
    [COUNT, image.h, image.w, image.c],
    [0, 3, 1, 2],
  );
  fs.writeFileSync(images, new Uint8Array(channelsFirst.buffer));
  const done = spawnSync(python, [script, mode, weights, images, logits, JSON.stringify(network)]);
  if (done.status !== 0) throw new Error(String(done.stderr));
  return new Float32Array(new Uint8Array(fs.readFileSync(logits)).buffer);
}

function expectClose(found: Float32Array, wanted: Float32Array): void {
  expect(found.length).toBe(wanted.length);
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  for (const [i, value] of wanted.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-4 * largest);
}

describe.skipIf(!present)('PyTorch', () => {
  test.each(NETWORKS.filter(([name]) => !name.startsWith('resnet')))(
    'reads what is exported of %s',
    async (name, network) => {
      const made = zooNetwork(backend, name, SIDE);
      const program = await traceNetwork(made.network, made.path, made.image);
      writeSafetensors(weights, stateDict(program, findBaseline(name)?.base));
      expectClose(throughTorch('read', network, made), await logitsOf(made, COUNT));
      made.network.dispose();
    },
  );

  test.each(NETWORKS.filter(([name]) => !/^(shift|adder)/.test(name)))(
    'writes what %s reads',
    async (name, network) => {
      const made = zooNetwork(backend, name, SIDE, PLAIN_WEIGHTS);
      const theirs = throughTorch('write', network, made);
      const { tensors } = readSafetensors(weights);
      expect([...tensors.keys()].some((key) => key.endsWith('num_batches_tracked'))).toBe(true);
      const file = { path: weights, tensors };
      loadStateDict(made.network, made.path, made.image, file, findBaseline(name)?.base);
      expectClose(await logitsOf(made, COUNT), theirs);
      made.network.dispose();
    },
  );
});
