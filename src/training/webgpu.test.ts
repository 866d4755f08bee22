/**
 * The training loop on a GPU, or a program that plays one (testing/gpu.ts), has the losses of the reference. Skipped with
 * the reason where nothing plays a GPU.
 */
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { Backend } from '../backends/backend.ts';
import { createReference } from '../backends/reference/reference.ts';
import { testGpu } from '../backends/testing/gpu.ts';
import { Queue } from '../backends/webgpu/queue.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import { sample } from '../spaces/sample.ts';
import type { Genotype } from '../spaces/space.ts';
import { Network } from '../supernet/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from '../supernet/toy.ts';
import { AdamW, DEFAULT_ADAMW } from './adamw.ts';
import { WeightAverage } from './average.ts';
import { clipGradients } from './clip.ts';
import { imageLoss } from './image-loss.ts';
import { Sgd } from './sgd.ts';
import { INITIAL_TRAINING, type TrainingJob, train } from './trainer.ts';

vi.setConfig({ testTimeout: 240_000 });

const STEPS = 4;
const batches = {
  stepsPerEpoch: STEPS,
  shape: [7, 7, 1] as const,
  classes: 3,
  batch: (step: number) => toyImages(12, Random.fromSeed(`batch ${step % STEPS}`)),
};

/** Losses of the steps of two epochs. */
async function losses(backend: Backend, pathAt: (step: number) => Genotype): Promise<readonly number[]> {
  const network = new Network(
    backend,
    { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING },
    Random.fromSeed('weights'),
  );
  const { families } = DEFAULT_SHARING;
  const optimiser = new AdamW(backend, network.store.parameters(), { ...DEFAULT_ADAMW, families });
  const forward = imageLoss({
    batches,
    forward: (x, step) => ({ logits: network.forward(x, pathAt(step), { mode: { kind: 'train' } }) }),
  });
  const job: TrainingJob = {
    ...{ backend, optimiser, loss: forward, epochs: 2, stepsPerEpoch: STEPS },
    schedule: { kind: 'cosine', rate: 3e-3, warmupSteps: 2, steps: 2 * STEPS, floor: 0 },
    validate: async () => ({ loss: 0, accuracy: 0 }),
    locate: async () => 'nowhere',
  };
  const { curve } = await train(job, INITIAL_TRAINING, { between: async () => undefined });
  return curve.map(({ trainLoss }) => trainLoss);
}

const gpu = await testGpu();

describe.skipIf(!gpu.present)(gpu.reason, async () => {
  const backend = gpu.present ? await gpu.open() : createReference();
  const reference = createReference();
  afterAll(() => backend.dispose());
  const paths = Random.fromSeed('paths');

  test('what follows the gradients takes a few launches, not some for every tensor', async () => {
    const network = new Network(
      backend,
      { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING },
      Random.fromSeed('weights'),
    );
    const parameters = [...network.store.parameters()];
    const { families } = DEFAULT_SHARING;
    const optimisers = {
      adamw: new AdamW(backend, parameters, { ...DEFAULT_ADAMW, families }),
      radam: new AdamW(backend, parameters, { ...DEFAULT_ADAMW, families, beta2: 0.999, rectified: true }),
      sgd: new Sgd(backend, parameters),
    };
    const average = new WeightAverage(backend, parameters, 0.9);
    const launch = vi.spyOn(Queue.prototype, 'launch');
    const launches = (work: () => void): number => {
      launch.mockClear();
      work();
      return launch.mock.calls.length;
    };
    const scope = backend.openScope();
    const gradients = parameters.map((parameter) => {
      const value = backend.allocate(sizeOf(parameter.shape));
      backend.fill(value, 1e-3);
      return parameter.traits.shared === true ? { parameter, value, family: 'conv' } : { parameter, value };
    });
    expect(gradients.length).toBeGreaterThan(30);
    // two for the norms, two for their sum, five for what comes of it, a factor on each
    expect(launches(() => clipGradients(backend, gradients, 1))).toBeLessThanOrEqual(10);
    // two kinds of moments, bounds; local rates are five launches where parameters have them
    expect(launches(() => optimisers.adamw.step(gradients, 1e-3))).toBeLessThanOrEqual(3);
    expect(launches(() => optimisers.radam.step(gradients, 1e-3))).toBeLessThanOrEqual(4);
    expect(launches(() => optimisers.sgd.step(gradients, 1e-3))).toBeLessThanOrEqual(8);
    expect(launches(() => average.update(0))).toBe(1);
    launch.mockRestore();
    scope.close();
    for (const optimiser of Object.values(optimisers)) optimiser.dispose();
    average.dispose();
    await backend.finish();
  });

  test.each([
    ['convolutions', () => toyPath('conv', 'conv')],
    ['shifts', () => toyPath('shift', 'shift')],
    ['adders', () => toyPath('add', 'add')],
    ['attention', () => toyPath('conv', 'attention')],
    ['paths of a supernet', (step: number) => sample(TOY_SPACE, paths.split(step))],
  ])('%s train to the losses of the reference', async (_, pathAt) => {
    const [found, expected] = [await losses(backend, pathAt), await losses(reference, pathAt)];
    for (const [i, loss] of expected.entries()) expect(found[i] / loss).toBeCloseTo(1, 3);
    expect(await losses(backend, pathAt)).toEqual(found); // the same bits again
  });
});
