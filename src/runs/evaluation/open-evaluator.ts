/** The evaluator of one machine: threads where they pay and can be had, else this one. */
import { workerProgram } from '../../core/worker-program.ts';
import type { JobContext } from '../pipeline/context.ts';
import type { Evaluator } from './evaluator.ts';
import { InProcess } from './in-process.ts';
import { Threads } from './threads.ts';

/** The program of a thread; undefined where it is TypeScript and Node runs none in threads. */
export function threadProgram(): URL | undefined {
  return workerProgram(import.meta.url, 'thread');
}

/** `workers`: jobs at once; 0 for as many as the backend has threads. One job at a time is done in this thread. */
export function openEvaluator(context: JobContext, workers = 0): Evaluator {
  const { backend } = context;
  const threads = workers === 0 ? backend.threads : workers;
  const program = threadProgram();
  const shares = backend.link() !== undefined;
  if (threads < 2 || program === undefined || !shares) return new InProcess(context);
  return new Threads(context, { threads, program });
}
