/** Batches of sentence pairs on a backend: what a translator reads, and what it is asked for. */
import type { Backend, Buffer } from '../backends/backend.ts';
import type { TokenBatch } from '../data/text/batches.ts';
import type { SourceBatch } from '../supernet/translator/translator.ts';

export interface SentenceBatch {
  readonly source: SourceBatch;
  /** int32 [n, t]: what the decoder reads. */
  readonly input: Buffer;
  /** int32 [n, t]: what it should say next, below 0 where nothing is asked. */
  readonly labels: Buffer;
  /** Positions of a target. */
  readonly t: number;
  /** Labels that are asked for. */
  readonly tokens: number;
}

/** Memory of the scope that is open. */
export function sourceBatch(
  backend: Backend,
  { count: n, sourceLength: t, source, sourceLengths }: Omit<TokenBatch, 'input' | 'output' | 'tokens'>,
): SourceBatch {
  const words = (values: Int32Array) => {
    const buffer = backend.allocate(values.length, 'int32');
    backend.write(buffer, values);
    return buffer;
  };
  const mask = new Float32Array(n * t);
  for (let i = 0; i < n; i++) mask.fill(1, i * t, i * t + sourceLengths[i]);
  const counts = backend.allocate(mask.length);
  backend.write(counts, mask);
  const times = (factor: number) => words(sourceLengths.map((length) => factor * length));
  return {
    ids: words(source),
    lengths: [times(1), times(2), times(3)],
    ...{ sizes: sourceLengths, mask: counts, n, t },
  };
}

export function sentenceBatch(backend: Backend, batch: TokenBatch): SentenceBatch {
  const input = backend.allocate(batch.input.length, 'int32');
  const labels = backend.allocate(batch.output.length, 'int32');
  backend.write(input, batch.input);
  backend.write(labels, batch.output);
  const { targetLength: t, tokens } = batch;
  return { source: sourceBatch(backend, batch), input, labels, t, tokens };
}
