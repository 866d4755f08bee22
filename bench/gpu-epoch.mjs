/**
 * How long a GPU trains for an epoch of CIFAR-10 (50,000 images, batch 128): ResNet-20 as convolution, as adders, as
 * shifts, with SGD and the usual crops and mirrors. The images are CIFAR-10's where --data names its folder, else noise of
 * the same size, which takes as long. bench/gpu_peer.py does the same in PyTorch.
 *
 *   npm run build && node bench/gpu-epoch.mjs [--device name] [--data cifar10-folder] [--steps n] [--batch n] [--networks a,b]
 *
 * --steps: as many of an epoch's steps are timed, and the epoch's time follows from them.
 */
import { parseArgs } from 'node:util';
import { openBackend } from '../dist/backends/open.js';
import { Random } from '../dist/core/random.js';
import { openDataset } from '../dist/data/open.js';
import { DEFAULT_SHARING } from '../dist/supernet/sharing.js';
import { imageBatches } from '../dist/training/image-batches.js';
import { imageLoss } from '../dist/training/image-loss.js';
import { Sgd } from '../dist/training/sgd.js';
import { INITIAL_TRAINING, train } from '../dist/training/trainer.js';
import { baselinePlan, findBaseline, ZooNetwork } from '../dist/zoo/index.js';

const NETWORKS = 'resnet-20,adder-resnet-20,shift-q-resnet-20';
const EPOCH = 50_000;
const WARM_UP = 20;

const { values: asked } = parseArgs({
  options: {
    backend: { type: 'string', default: 'webgpu' },
    device: { type: 'string' },
    data: { type: 'string' },
    steps: { type: 'string' },
    batch: { type: 'string', default: '128' },
    networks: { type: 'string', default: NETWORKS },
  },
});
const batchSize = Number(asked.batch);
const stepsOfEpoch = Math.floor(EPOCH / batchSize);
const steps = asked.steps === undefined ? stepsOfEpoch : Number(asked.steps);

/** Noise in the form of a data set. */
function noise() {
  const pixels = new Uint8Array(EPOCH * 32 * 32 * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.imul(i, 0x9e3779b1) >>> 24;
  const labels = Uint8Array.from({ length: EPOCH }, (_, i) => i % 10);
  const train = { count: EPOCH, height: 32, width: 32, channels: 3, pixels, labels };
  const classes = Array.from({ length: 10 }, (_, i) => String(i));
  return { train, classes, mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25] };
}

const data = asked.data === undefined ? noise() : await openDataset(`cifar10:${asked.data}`);
const backend = await openBackend(asked.backend, asked.device === undefined ? {} : { device: asked.device });
console.log(`${backend.description}; batch ${batchSize}, ${steps} of ${stepsOfEpoch} steps`);

for (const name of asked.networks.split(',')) {
  const baseline = findBaseline(name);
  const plan = baselinePlan(baseline, { h: 32, w: 32, c: 3 }, 10);
  const sharing = { ...DEFAULT_SHARING, families: [], shift: baseline.shift ?? 'Q' };
  const network = new ZooNetwork(backend, { plan, sharing }, Random.fromSeed(1));
  const optimiser = new Sgd(backend, network.store.parameters());
  const batches = imageBatches(
    {
      ...{ set: data.train, normal: data, batchSize, random: Random.fromSeed('order').state() },
      augmentation: { mirror: true, cropPad: 4 },
    },
    4,
  );
  const job = {
    ...{ backend, optimiser, epochs: 1, locate: async () => 'the loss' },
    schedule: { kind: 'cosine', rate: 0.1, warmupSteps: 0, steps: WARM_UP + steps, floor: 0 },
    loss: imageLoss({
      batches,
      forward: (x) => ({ logits: network.forward(x, null, { mode: { kind: 'train' } }) }),
    }),
    validate: async () => ({ loss: 0, accuracy: 0 }),
  };
  const hooks = { between: async () => undefined };
  await train({ ...job, stepsPerEpoch: Math.min(WARM_UP, steps) }, INITIAL_TRAINING, hooks);
  const from = performance.now();
  const { curve } = await train({ ...job, stepsPerEpoch: steps }, INITIAL_TRAINING, hooks);
  await backend.finish();
  const seconds = (performance.now() - from) / 1e3;
  console.log(
    `${name}: ${((seconds * stepsOfEpoch) / steps).toFixed(2)} s an epoch, ${((steps * batchSize) / seconds).toFixed(0)} images/s, ` +
      `mean loss ${curve[0].trainLoss.toFixed(3)}, waited for images ${batches.waitedSeconds().toFixed(2)} s`,
  );
  batches.dispose();
  optimiser.dispose();
  network.dispose();
}
backend.dispose();
