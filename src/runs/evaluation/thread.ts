/**
 * A thread that does jobs, one at a time. Weights and images lie in the memory of the thread that started it and are
 * read there; activations and the statistics of norms are its own.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Backend } from '../../backends/backend.ts';
import { joinBackend } from '../../backends/join.ts';
import { internal } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import type { Network } from '../../supernet/network.ts';
import { viewNetwork } from '../../supernet/shared-network.ts';
import { type Score, viewImages } from '../../training/score.ts';
import type { JobContext } from '../pipeline/context.ts';
import type { EvaluationSet } from './evaluation-images.ts';
import type { EvaluateJob, Job, TrainJob, TrainResult } from './evaluator.ts';
import { scorePath } from './score-path.ts';
import {
  type FromThread,
  notOffered,
  postable,
  type ThreadStart,
  type ToThread,
  withdrawn,
} from './thread-messages.ts';
import { trainNetwork } from './train-network.ts';

const { link, abort } = workerData as ThreadStart;
const port = parentPort ?? internal('a thread of an evaluator was started as a program');
const backend: Backend = await joinBackend(link);
const say = (message: FromThread) => port.postMessage(message);

let material: JobContext | undefined;
let offered: { readonly supernet: string; readonly network: Network } | undefined;
const images = new Map<number, EvaluationSet>();

/** One message after the other, though a job takes several turns of the event loop. */
let last = Promise.resolve();
port.on('message', (message: ToThread) => {
  last = last.then(() => listen(message));
});

async function listen(message: ToThread): Promise<void> {
  switch (message.kind) {
    case 'offer':
      offered = { supernet: message.supernet, network: viewNetwork(backend, message.network) };
      return;
    case 'withdraw':
      forget();
      return;
    case 'material':
      material = {
        ...message.material,
        backend,
        random: new Random(message.material.random),
        unreadable: new Set(),
      };
      return;
    case 'images':
      images.set(message.share, {
        calibration: viewImages(backend, message.calibration),
        scoring: viewImages(backend, message.scoring),
      });
      return;
    case 'job':
      return work(message.id, message.job);
    case 'end':
      forget();
      backend.dispose();
      say({ kind: 'ended' });
      port.close();
      return;
    default:
      message satisfies never;
  }
}

async function work(id: number, job: Job): Promise<void> {
  const stopped = () => Atomics.load(abort, 0) === id;
  try {
    const result = await (job.kind === 'train' ? trained(id, job, stopped) : scored(job, stopped));
    say({ kind: 'done', id, result, unreadable: [...(material?.unreadable ?? [])] });
  } catch (error) {
    say({ kind: 'failed', id, error: postable(error) });
  }
}

function trained(id: number, job: TrainJob, stopped: () => boolean): Promise<TrainResult> {
  const context = material ?? internal('a training came before its material');
  return trainNetwork(context, job, { stopped, onEvent: (told) => say({ kind: 'told', id, told }) });
}

function scored(job: EvaluateJob, stopped: () => boolean): Promise<Score> {
  if (offered?.supernet !== job.supernet) throw notOffered(job);
  const set = images.get(job.share ?? 1) ?? internal('a job came before its images');
  return scorePath(offered.network, job.genotype, set, () => {
    if (stopped()) throw withdrawn();
  });
}

function forget(): void {
  offered?.network.dispose();
  offered = undefined;
  for (const { calibration, scoring } of images.values()) {
    for (const view of [...calibration.batches, ...scoring.batches]) {
      backend.free(view.images);
      backend.free(view.targets);
    }
  }
  images.clear();
}
