/** Jobs one after the other in the thread that asks, each with all of the backend's threads. */
import type { Score as SearchScore } from '../../search/problem.ts';
import type { Between } from '../../training/score.ts';
import { breathe } from '../../training/trainer.ts';
import type {
  EvaluateJob,
  Evaluator,
  ImageJobs,
  Job,
  JobEvent,
  JobTypes,
  Offer,
  ResultOf,
  RunJobOptions,
} from './evaluator.ts';
import { notOffered, withdrawn } from './thread-messages.ts';
import { weightsAddress } from './weights-address.ts';

export interface TrainingOptions {
  readonly onEvent?: (told: JobEvent) => void;
  /** Whether the job is withdrawn: it then saves a checkpoint and throws 'interrupted'. */
  readonly stopped?: () => boolean;
}

/** How the jobs of a task are done. */
export interface Deeds<T extends JobTypes> {
  /** `between` is called every so often; what it throws ends the work. */
  score(network: T['network'], job: EvaluateJob, between: Between): Promise<SearchScore>;
  train(job: T['train'], options: TrainingOptions): Promise<T['trained']>;
  /** Nothing is offered any more: what scoring keeps is given back. */
  rest(): void;
}

export class InThisThread<T extends JobTypes = ImageJobs> implements Evaluator<T> {
  readonly description = 'in process';
  readonly slots = 1;
  private readonly deeds: Deeds<T>;
  private readonly offers = new Map<string, T['network']>();
  private last: Promise<unknown> = Promise.resolve();
  /** Resolves when no path is being scored. */
  private scoring: Promise<unknown> = Promise.resolve();
  private disposed = false;

  constructor(deeds: Deeds<T>) {
    this.deeds = deeds;
  }

  async offer(network: T['network']): Promise<Offer> {
    const supernet = await weightsAddress(network);
    this.offers.set(supernet, network);
    return {
      supernet,
      withdraw: async () => {
        this.offers.delete(supernet);
        await this.scoring;
        if (this.offers.size === 0) this.deeds.rest();
      },
    };
  }

  run<J extends Job<T>>(job: J, options: RunJobOptions = {}): Promise<ResultOf<J, T>> {
    const stopped = () => options.signal?.aborted === true || this.disposed;
    const done = this.last.then(async () => {
      await breathe();
      if (stopped()) throw withdrawn();
      return (await this.deed(job, stopped, options)) as ResultOf<J, T>;
    });
    this.last = done.catch(() => {});
    return done;
  }

  private deed(
    job: Job<T>,
    stopped: () => boolean,
    { onEvent }: RunJobOptions,
  ): Promise<SearchScore | T['trained']> {
    if (job.kind === 'train') {
      return this.deeds.train(job, { stopped, ...(onEvent === undefined ? {} : { onEvent }) });
    }
    const network = this.offers.get(job.supernet);
    if (network === undefined) throw notOffered(job);
    const score = this.deeds.score(network, job, () => {
      if (stopped()) throw withdrawn();
    });
    this.scoring = score.catch(() => {});
    return score;
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    await this.last;
    this.deeds.rest();
  }
}
