/** Batches of a set of images as the training loop asks for them: by step, made ahead in threads where that pays. */
import { BatchThreads, mostThreadsFor, threadsFor } from '../data/augment/threads.ts';
import { BatchMaker, type BatchOptions } from '../data/batches.ts';
import type { Echo } from '../data/echo.ts';
import type { BatchSource } from './image-loss.ts';

export interface ImageBatches extends BatchSource {
  /** Threads that make batches; 0: each is made when it is asked for. */
  readonly threads: number;
  /** Seconds that training has stood still for its batches so far. */
  waitedSeconds(): number;
  /**
   * Files that could not be read so far, of a set that is decoded while training: batches that must be full hold other
   * images in their place, and those that may be partial are smaller.
   */
  unreadable(): readonly string[];
  /** How often pictures that are decoded while training are used, in the order of steps; grows where training waits for them. */
  readonly echoes: readonly Echo[];
  /** Goes on as batches did that had these; before the first one. */
  restore(echoes: readonly Echo[]): void;
  dispose(): void;
}

/**
 * Throws as BatchMaker does. The batches do not depend on `threads`, of which there are more where training waits for them; `program` is what these run, the program's own when
 * absent.
 */
export function imageBatches(
  options: BatchOptions,
  threads = threadsFor(options),
  program?: URL,
  mostThreads = mostThreadsFor(threads),
): ImageBatches {
  const { height, width, channels } = options.set;
  const known = {
    shape: [height, width, channels] as const,
    classes: options.normal.classes.length,
    threads,
  };
  if (threads > 0) {
    const pool = new BatchThreads(options, {
      threads,
      mostThreads,
      ...(program === undefined ? {} : { program }),
    });
    return {
      ...known,
      get threads() {
        return pool.threads;
      },
      stepsPerEpoch: pool.stepsPerEpoch,
      batch: (step) => pool.batch(step),
      waitedSeconds: () => pool.waited / 1000,
      unreadable: () => pool.unreadable(),
      echoes: pool.echoes,
      restore: (echoes) => pool.restore(echoes),
      dispose: () => pool.dispose(),
    };
  }
  const maker = new BatchMaker(options);
  const { stepsPerEpoch } = maker;
  let waited = 0;
  return {
    ...known,
    stepsPerEpoch,
    batch: (step) => {
      const started = performance.now();
      const batch = maker.batch(Math.floor(step / stepsPerEpoch), step % stepsPerEpoch);
      waited += performance.now() - started;
      return batch;
    },
    waitedSeconds: () => waited / 1000,
    unreadable: () => [],
    echoes: [],
    restore: () => {},
    dispose: () => {},
  };
}
