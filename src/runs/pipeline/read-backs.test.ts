/**
 * What a training reads back: its losses, ten steps at a time, and nothing else until it is validated or saved. On a GPU a
 * step is one command buffer beside that. On the reference, and on a GPU or a program that plays one (testing/gpu.ts).
 */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Graph } from '../../autograd/graph.ts';
import type { Backend } from '../../backends/backend.ts';
import { createReference } from '../../backends/reference/reference.ts';
import { testGpu } from '../../backends/testing/gpu.ts';
import { findAdapter } from '../../backends/webgpu/adapters.ts';
import { openDevice } from '../../backends/webgpu/device.ts';
import { Random } from '../../core/random.ts';
import type { ImageDataset, ImageSet } from '../../data/dataset.ts';
import { Network } from '../../supernet/network.ts';
import { DEFAULT_SHARING } from '../../supernet/sharing.ts';
import { TOY_SPACE, TOY_TASK, toyPath } from '../../supernet/toy.ts';
import { TOY_SHARING, toyNetwork, toyTranslator } from '../../supernet/translator/toy.ts';
import { networkTeacher } from '../../training/distillation.ts';
import { DEFAULT_CONFIG, type RunConfig } from '../options.ts';
import { sentenceMaterial } from '../translation/material.ts';
import type { JobContext } from './context.ts';
import { imageMaterial } from './image-material.ts';
import { runTrainPhase, type TrainPhase } from './train-phase.ts';
import { trainSupernet } from './train-supernet.ts';

vi.setConfig({ testTimeout: 480_000 });

const [STEPS, BATCH] = [13, 6];
const CONFIG: RunConfig = {
  ...DEFAULT_CONFIG,
  ...{ batch: BATCH, tokens: 16 },
  ...{ clip: 1, dropPath: 0.2, dropout: 0.1, attentionDropout: 0.1, filterDropout: 0.1 },
};
const random = Random.fromSeed('read-backs');

/** Noise, as bytes. */
function noise(count: number): ImageSet {
  const { h: height, w: width, c: channels } = TOY_TASK.image;
  const pixels = Uint8Array.from({ length: count * height * width * channels }, (_, i) => (i * i) % 251);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % TOY_TASK.classes);
  return { ...{ count, height, width, channels }, pixels, labels };
}

function imageContext(backend: Backend, supernetEpochs = 0): JobContext {
  const train = noise(STEPS * BATCH);
  const dataset: ImageDataset = {
    ...{ source: 'noise', classes: ['a', 'b', 'c'], train, test: train, mean: [0.5], deviation: [0.3] },
    ...{ mirrorable: true, notes: [] },
  };
  const kept = Uint32Array.from({ length: train.count }, (_, i) => i);
  return {
    config: { ...CONFIG, supernetEpochs },
    split: { kept, held: new Uint32Array() },
    ...{ backend, dataset, random },
    ...{ space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING, sharingAlone: DEFAULT_SHARING },
    ...{ quantisation: undefined, unreadable: new Set(), checkpoints: '', saveEvery: Infinity },
  };
}

/** What a training did, in the order in which it did it. */
class Log {
  readonly lines: string[] = [];
  /** Command buffers that had been sent off when each line was written. */
  readonly sent: number[] = [];
  private readonly count: () => number;

  constructor(count: () => number) {
    this.count = count;
  }

  note(line: string): void {
    this.lines.push(line);
    this.sent.push(this.count());
  }

  /** Command buffers from one line to the next, for every pair of neighbours that are called so. */
  between(first: string, second: string): number[] {
    return this.lines.flatMap((line, i) =>
      line === first && this.lines[i + 1] === second ? [this.sent[i + 1] - this.sent[i]] : [],
    );
  }
}

type Hooks = Pick<TrainPhase, 'record' | 'validate'>;

/** `saves`: whether what is saved is read. */
const hooksOf = (log: Log, saves: boolean): Hooks => ({
  record: {
    load: () => undefined,
    save: async (_, tensors) => {
      log.note(`save ${tensors.size}`);
      for (const source of saves ? tensors.values() : []) await source.read();
    },
    tell: ({ type }) => log.note(type),
    stopped: () => false,
    stop: () => {
      throw new Error('nobody asked it to stop');
    },
  },
  validate: async () => {
    log.note('validate');
    return { loss: 1, accuracy: 0 };
  },
});

const toy = (backend: Backend) =>
  new Network(backend, { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING }, random);
const alone = { phase: 'alone', title: 'training it', averaging: 0.9 } as const;

const SUBJECTS: Readonly<
  Record<string, (backend: Backend, hooks: Hooks, epochs: number) => Promise<unknown>>
> = {
  supernet: (backend, hooks, epochs) =>
    trainSupernet(imageContext(backend, epochs), { network: toy(backend), ...hooks }),

  'a network alone, with a teacher': (backend, hooks, epochs) => {
    const context = imageContext(backend);
    const path = toyPath('conv', 'add');
    const teacher = networkTeacher(toy(backend), path, { factor: [0.9], offset: [0.1] });
    const distillation = { kind: 'soft', share: 0.5, temperature: 2, teacher } as const;
    const training = { phase: 'alone', stream: 'alone', pathAt: () => path, distillation } as const;
    const material = () => imageMaterial(context, training);
    return runTrainPhase(context, { ...alone, epochs, ...hooks, network: toy(backend), material });
  },

  'a translator': (backend, hooks, epochs) => {
    const network = toyNetwork(['A', 'AC', 'D'], ['A', 'AS']);
    const sentences = Array.from({ length: STEPS * 3 }, (_, i) => Int32Array.of(4 + (i % 9), 5, 6, 7));
    const train = { from: sentences, to: sentences };
    const context = {
      ...imageContext(backend),
      sharing: TOY_SHARING,
      encoded: { train, valid: train, test: train },
    };
    const material = () => sentenceMaterial(context, { stream: 'alone', networkAt: () => network });
    const translator = toyTranslator(backend, network);
    return runTrainPhase(context, { ...alone, epochs, ...hooks, network: translator, material });
  },
};

/** Trains one of them and says what happened. */
async function logOf(
  backend: Backend,
  subject: string,
  { epochs = 1, saves = false, sent = (): number => 0 } = {},
): Promise<Log> {
  const log = new Log(sent);
  const [read, finish] = [backend.read.bind(backend), backend.finish.bind(backend)];
  vi.spyOn(backend, 'read').mockImplementation((buffer) => {
    log.note(`read ${buffer.length}`);
    return read(buffer);
  });
  vi.spyOn(backend, 'finish').mockImplementation(() => {
    log.note('finish');
    return finish();
  });
  const { backward } = Graph.prototype;
  vi.spyOn(Graph.prototype, 'backward').mockImplementation(function (this: Graph, loss) {
    log.note('step'); // its batch is written, its forward pass launched
    backward.call(this, loss);
  });
  await SUBJECTS[subject](backend, hooksOf(log, saves), epochs);
  return log;
}

/** Ten steps, their losses; three steps, their losses; no more of an epoch. */
const WINDOW = 10;
const window = (steps: number) => [...new Array<string>(steps).fill('step'), `read ${WINDOW}`, 'train-step'];
const EPOCH = [...window(WINDOW), ...window(STEPS - WINDOW), 'validate', 'epoch-ended'];

const gpu = await testGpu();
afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(Object.keys(SUBJECTS))('%s', (subject) => {
  test('waits for its losses every ten steps, for its tensors when it is saved, and for nothing else', async () => {
    const { lines } = await logOf(createReference(), subject, { epochs: 2, saves: true });
    const trained = lines.lastIndexOf('epoch-ended') + 1;
    expect(lines.slice(0, trained)).toEqual([...EPOCH, ...EPOCH]);
    const saved = lines.findIndex((line) => line.startsWith('save'));
    expect(lines[saved - 1]).toBe('phase-ended');
    const tensors = Number(lines[saved].slice('save '.length));
    expect(tensors).toBeGreaterThan(100);
    expect(lines.slice(saved + 1).map((line) => line.split(' ')[0])).toEqual(new Array(tensors).fill('read'));
  });

  test.skipIf(!gpu.present)(`a step of it is one command buffer on ${gpu.reason}`, async () => {
    const { adapter, name } = await findAdapter(gpu.device);
    const device = await openDevice(adapter, name);
    const submit = vi.spyOn(Object.getPrototypeOf(device.gpu.queue), 'submit'); // of every queue
    const backend = await gpu.open();
    const log = await logOf(backend, subject, { sent: () => submit.mock.calls.length });
    // a step goes off when the next one's batch is written, or when its loss is read
    expect(log.between('step', 'step')).toEqual(new Array(STEPS - 2).fill(1));
    expect(log.between('step', `read ${WINDOW}`)).toEqual([0, 0]);
    expect(log.between(`read ${WINDOW}`, 'train-step')).toEqual([1, 1]);
    backend.dispose();
    device.close();
  });
});
