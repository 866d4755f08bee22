/** The training loop on a tiny problem: it learns, it resumes to the bit, and it says where it diverged. */
import { describe, expect, test } from 'vitest';
import { createReference } from '../backends/reference/reference.ts';
import { ShiftAddError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { sample } from '../spaces/sample.ts';
import type { Genotype } from '../spaces/space.ts';
import { Network } from '../supernet/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from '../supernet/toy.ts';
import { AdamW, DEFAULT_ADAMW } from './adamw.ts';
import { type BatchSource, type ImageForward, imageLoss } from './image-loss.ts';
import { locateBadNumber } from './locate.ts';
import { calibrate, HeldBatches, score } from './score.ts';
import {
  INITIAL_TRAINING,
  type TrainingHooks,
  type TrainingJob,
  type TrainingState,
  train,
} from './trainer.ts';

const backend = createReference();
const SHAPE = [7, 7, 1] as const;
const QUIET: TrainingHooks = { between: async () => undefined };

function source(stepsPerEpoch: number, size: number): BatchSource {
  const batches = Array.from({ length: stepsPerEpoch }, (_, i) =>
    toyImages(size, Random.fromSeed(`batch ${i}`)),
  );
  return { stepsPerEpoch, shape: SHAPE, classes: 3, batch: (step) => batches[step % stepsPerEpoch] };
}

const TEST_SOURCE = toyImages(30, Random.fromSeed('held out'));

interface Trial {
  readonly job: TrainingJob;
  readonly forward: ImageForward;
  readonly network: Network;
  readonly optimiser: AdamW;
}

function trial(batches: BatchSource, epochs: number, pathAt: (step: number) => Genotype, rate = 1e-2): Trial {
  const network = new Network(
    backend,
    { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING },
    Random.fromSeed('weights'),
  );
  const families = DEFAULT_SHARING.families;
  const optimiser = new AdamW(backend, network.store.parameters(), { ...DEFAULT_ADAMW, families });
  const steps = epochs * batches.stepsPerEpoch;
  const held = new HeldBatches(backend, batches, [TEST_SOURCE]);
  const forward: ImageForward = (x, step) => ({
    logits: network.forward(x, pathAt(step), { mode: { kind: 'train' } }),
  });
  const job: TrainingJob = {
    backend,
    epochs,
    stepsPerEpoch: batches.stepsPerEpoch,
    schedule: { kind: 'cosine', rate, warmupSteps: 3, steps, floor: 0 },
    optimiser,
    loss: imageLoss({ batches, forward }),
    validate: async () => {
      calibrate(network, pathAt(0), held);
      return score(network, pathAt(0), held);
    },
    locate: (step) => locateBadNumber(network, pathAt(step), batches.batch(step), SHAPE),
  };
  return { job, forward, network, optimiser };
}

async function tensors({ network, optimiser }: Trial): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (const { name, buffer } of network.store.tensors())
    found.set(name, Array.from(await backend.read(buffer)));
  for (const [name, buffer] of optimiser.moments()) found.set(name, Array.from(await backend.read(buffer)));
  return found;
}

describe('learning', () => {
  test.each([
    [toyPath('conv', 'conv')],
    [toyPath('shift', 'shift')],
    [toyPath('add', 'add')],
    [toyPath('conv', 'attention')],
  ])('a tiny network learns a separable problem: $operators', async (path) => {
    const { job } = trial(source(6, 12), 8, () => path);
    const { curve, step } = await train(job, INITIAL_TRAINING, QUIET);
    expect(step).toBe(48);
    expect(curve.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(curve[7].trainLoss).toBeLessThan(curve[0].trainLoss);
    expect(curve[7].validationAccuracy).toBeGreaterThan(0.9);
  });
});

describe('resuming', () => {
  const batches = source(13, 6);
  const paths = Random.fromSeed('paths');
  const pathAt = (step: number) => sample(TOY_SPACE, paths.split(step));

  test('from a state in the middle of an epoch equals never having stopped: weights, moments, curve', async () => {
    const whole = trial(batches, 2, pathAt);
    const seen: number[] = [];
    const states: { state: TrainingState; optimiser: string; values: Map<string, number[]> }[] = [];
    const last = await train(whole.job, INITIAL_TRAINING, {
      onStep: ({ step }) => seen.push(step),
      between: async (state) => {
        const values = await tensors(whole);
        states.push({ state, optimiser: JSON.stringify(whole.optimiser.state()), values });
      },
    });
    expect(seen).toEqual([10, 13, 23, 26]);
    const expected = await tensors(whole);
    for (const { state, optimiser, values } of [states[0], states[2]]) {
      expect(state.step % 13).not.toBe(0);
      const again = trial(batches, 2, pathAt);
      for (const { name, buffer } of again.network.store.tensors()) backend.write(buffer, values.get(name)!);
      for (const [name, buffer] of again.optimiser.moments()) backend.write(buffer, values.get(name)!);
      again.optimiser.restore(JSON.parse(optimiser));
      const resumed = await train(again.job, JSON.parse(JSON.stringify(state)), QUIET);
      expect(resumed).toEqual(last);
      expect(await tensors(again)).toEqual(expected);
    }
  });

  test('a finished run has nothing left to do', async () => {
    const { job } = trial(batches, 1, pathAt);
    const done = {
      step: 13,
      lossSum: 0,
      curve: [{ epoch: 1, trainLoss: 1, validationLoss: 1, validationAccuracy: 0 }],
    };
    expect(await train(job, done, QUIET)).toEqual(done);
  });
});

describe('hooks', () => {
  test('the loss of an epoch is the mean over its steps; a penalty adds to it', async () => {
    const batches = source(4, 6);
    const plain = trial(batches, 1, () => toyPath('conv', 'conv'), 0);
    const { curve } = await train(plain.job, INITIAL_TRAINING, QUIET);
    const taxed = trial(batches, 1, () => toyPath('conv', 'conv'), 0);
    const job: TrainingJob = {
      ...taxed.job,
      loss: imageLoss({
        batches,
        forward: (x, step) => ({ ...taxed.forward(x, step), penalty: x.graph.values([step], []) }),
      }),
    };
    const points: number[] = [];
    await train(job, INITIAL_TRAINING, { ...QUIET, onEpoch: ({ trainLoss }) => points.push(trainLoss) });
    expect(points).toHaveLength(1);
    expect(points[0]).toBeCloseTo(curve[0].trainLoss + (0 + 1 + 2 + 3) / 4, 5);
  });

  test('an error between steps ends the loop and frees what it held', async () => {
    const { job } = trial(source(4, 6), 1, () => toyPath('conv', 'conv'));
    const before = backend.memory().used;
    const stop = async () => {
      throw new ShiftAddError('interrupted', 'stopped');
    };
    await expect(train(job, INITIAL_TRAINING, { between: stop })).rejects.toThrow('stopped');
    expect(backend.memory().used).toBe(before);
  });
});

describe('divergence', () => {
  async function failure(action: Promise<unknown>): Promise<ShiftAddError> {
    return action.then(
      () => expect.unreachable('it should have diverged'),
      (error: unknown) => error as ShiftAddError,
    );
  }

  test('stops with the step, counted from 1, and what locate says', async () => {
    const batches = source(20, 6);
    const spoilt: BatchSource = {
      ...batches,
      batch: (step) => {
        const batch = batches.batch(step);
        return step === 13 ? { ...batch, images: batch.images.map(() => Number.NaN) } : batch;
      },
    };
    const { job } = trial(spoilt, 1, () => toyPath('conv', 'conv'));
    const asked: number[] = [];
    const locate = async (step: number) => {
      asked.push(step);
      return 'layer7';
    };
    const error = await failure(train({ ...job, locate }, INITIAL_TRAINING, QUIET));
    expect(error).toBeInstanceOf(ShiftAddError);
    expect(error.code).toBe('diverged');
    expect(error.fields).toEqual({ step: 14, place: 'layer7' });
    expect(error.message).toMatch(/NaN at step 14; first seen in layer7;.*--rate \(now 0.01\)/);
    expect(asked).toEqual([13]);
  });

  test('locateBadNumber names the first block whose output is not finite', async () => {
    const { network } = trial(source(1, 6), 1, () => toyPath('conv', 'conv'));
    const path = toyPath('conv', 'shift', 'attention');
    const { store } = network;
    backend.fill(store.parameter('layer1.stage0.shift.norm3.gamma').value, Number.POSITIVE_INFINITY);
    const place = await locateBadNumber(network, path, toyImages(6, Random.fromSeed(0)), SHAPE);
    expect(place).toMatch(/^layer1\.stage0 \(shift\): \d+ of \d+ outputs are not finite$/);
  });

  test('locateBadNumber falls back to weights off the path, then to the loss itself', async () => {
    const { network } = trial(source(1, 6), 1, () => toyPath('conv', 'conv'));
    const images = toyImages(6, Random.fromSeed(0));
    const path = toyPath('conv', 'conv');
    expect(await locateBadNumber(network, path, images, SHAPE)).toMatch(/^the loss itself/);
    backend.fill(network.store.parameter('layer1.stage1.attention.qkv').value, Number.NaN);
    expect(await locateBadNumber(network, path, images, SHAPE)).toBe(
      'the weights layer1.stage1.attention.qkv',
    );
  });

  test('images that are not finite are seen in the stem', async () => {
    const { network } = trial(source(1, 6), 1, () => toyPath('conv', 'conv'));
    const batch = toyImages(6, Random.fromSeed(0));
    const spoilt = { ...batch, images: batch.images.map(() => Number.POSITIVE_INFINITY) };
    expect(await locateBadNumber(network, toyPath('conv', 'conv'), spoilt, SHAPE)).toMatch(/^stem: /);
  });
});
