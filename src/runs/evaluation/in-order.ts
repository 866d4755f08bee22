/** Many jobs at once, their results in the order asked. */
import { setMaxListeners } from 'node:events';
import type { Evaluator, ImageJobs, Job, JobEvent, JobTypes, ResultOf, RunJobOptions } from './evaluator.ts';

export interface Ordered<J, R> {
  readonly job: J;
  readonly result: R;
}

/** Who does a job of one kind, as `Evaluator.run` does. */
export type RunJob<J, R> = (job: J, options: RunJobOptions) => Promise<R>;

/** Hands all jobs to the evaluator and gives their results in the order of the jobs, as `ordered` does. */
export function inOrder<J extends Job<T>, T extends JobTypes = ImageJobs>(
  evaluator: Evaluator<T>,
  jobs: readonly J[],
  signal?: AbortSignal,
  onEvent?: (index: number, told: JobEvent) => void,
): AsyncGenerator<Ordered<J, ResultOf<J, T>>, void, void> {
  return ordered<J, ResultOf<J, T>>((job, options) => evaluator.run(job, options), jobs, signal, onEvent);
}

/**
 * Hands out all jobs and gives their results in the order of the jobs. Whoever stops listening, by
 * break or by an error, withdraws the jobs that are left. Ends early, without an error, when `signal` is aborted.
 * Throws what the first job that failed, in the order of the jobs, threw. `onEvent`: what job `index` tells.
 */
export async function* ordered<J, R>(
  run: RunJob<J, R>,
  jobs: readonly J[],
  signal?: AbortSignal,
  onEvent?: (index: number, told: JobEvent) => void,
): AsyncGenerator<Ordered<J, R>, void, void> {
  const left = new AbortController();
  setMaxListeners(0, left.signal); // every job listens
  const stop = () => left.abort();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const running = jobs.map((job, i) =>
    run(job, {
      ...{ signal: left.signal, together: jobs.length },
      ...(onEvent === undefined ? {} : { onEvent: (told: JobEvent) => onEvent(i, told) }),
    }),
  );
  // One that fails out of its turn is reported in its turn, or not at all when nobody waits for it any more.
  for (const one of running) one.catch(() => {});
  try {
    for (const [i, job] of jobs.entries()) {
      if (left.signal.aborted) return;
      let result: R;
      try {
        result = await running[i];
      } catch (error) {
        if (left.signal.aborted) return;
        throw error;
      }
      yield { job, result };
    }
  } finally {
    stop();
    signal?.removeEventListener('abort', stop);
  }
}
