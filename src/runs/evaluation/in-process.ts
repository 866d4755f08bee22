/** Jobs one after the other in the thread that asks, each with all of the backend's threads. */
import type { Network } from '../../supernet/network.ts';
import type { Score } from '../../training/score.ts';
import { breathe } from '../../training/trainer.ts';
import type { JobContext } from '../pipeline/context.ts';
import { EvaluationImages } from './evaluation-images.ts';
import type {
  EvaluateJob,
  Evaluator,
  Job,
  Offer,
  ResultOf,
  RunJobOptions,
  TrainJob,
  TrainResult,
} from './evaluator.ts';
import { scorePath } from './score-path.ts';
import { notOffered, withdrawn } from './thread-messages.ts';
import { trainNetwork } from './train-network.ts';
import { weightsAddress } from './weights-address.ts';

export class InProcess implements Evaluator {
  readonly description = 'in process';
  readonly slots = 1;
  private readonly context: JobContext;
  private readonly images: EvaluationImages;
  private readonly offers = new Map<string, Network>();
  private last: Promise<unknown> = Promise.resolve();
  private disposed = false;

  constructor(context: JobContext) {
    this.context = context;
    this.images = new EvaluationImages(context);
  }

  async offer(network: Network): Promise<Offer> {
    const supernet = await weightsAddress(network);
    this.offers.set(supernet, network);
    return {
      supernet,
      withdraw: async () => {
        this.offers.delete(supernet);
        if (this.offers.size === 0) this.images.dispose();
      },
    };
  }

  run<J extends Job>(job: J, options: RunJobOptions = {}): Promise<ResultOf<J>> {
    const stopped = () => options.signal?.aborted === true || this.disposed;
    const done = this.last.then(async () => {
      await breathe();
      if (stopped()) throw withdrawn();
      const result = job.kind === 'train' ? this.train(job, stopped, options) : this.score(job, stopped);
      return (await result) as ResultOf<J>;
    });
    this.last = done.catch(() => {});
    return done;
  }

  private train(job: TrainJob, stopped: () => boolean, { onEvent }: RunJobOptions): Promise<TrainResult> {
    return trainNetwork(this.context, job, { stopped, ...(onEvent === undefined ? {} : { onEvent }) });
  }

  private score(job: EvaluateJob, stopped: () => boolean): Promise<Score> {
    const network = this.offers.get(job.supernet);
    if (network === undefined) throw notOffered(job);
    return scorePath(network, job.genotype, this.images.of(job.share), () => {
      if (stopped()) throw withdrawn();
    });
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    await this.last;
    this.images.dispose();
  }
}
