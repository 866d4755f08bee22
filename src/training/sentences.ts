/** Batches of sentence pairs on a backend: what a translator reads, and what it is asked for. */
import type { Backend, Buffer } from '../backends/backend.ts';
import type { TokenBatch } from '../data/text/batches.ts';
import { type SourceBatch, sourceBatch } from '../supernet/translator/source.ts';

export interface SentenceBatch {
  readonly source: SourceBatch;
  /** int32 [n, t]: what the decoder reads. */
  readonly input: Buffer;
  /** int32 [n, t]: what it should say next, below 0 where nothing is asked. */
  readonly labels: Buffer;
  /** Positions of a target. */
  readonly t: number;
  /** What the sum of the losses is divided by. */
  readonly tokens: number;
}

/** Memory of the scope that is open. */
export function sentenceBatch(backend: Backend, batch: TokenBatch): SentenceBatch {
  const input = backend.allocate(batch.input.length, 'int32');
  const labels = backend.allocate(batch.output.length, 'int32');
  backend.write(input, batch.input);
  backend.write(labels, batch.output);
  const { targetLength: t, tokens } = batch;
  return { source: sourceBatch(backend, batch), input, labels, t, tokens };
}
