/** Source sentences as a translator reads them: ids, and how far each of them counts. */
import type { Backend, Buffer } from '../../backends/backend.ts';
import type { TokenBatch } from '../../data/text/batches.ts';

/** A batch of source sentences on the backend. */
export interface SourceBatch {
  /** int32 [n, t], padded behind the end of each sentence. */
  readonly ids: Buffer;
  /** int32 [n]: subwords that count; once, twice and three times as many, for decoders that see so many encoder layers. */
  readonly lengths: readonly [Buffer, Buffer, Buffer];
  /** The first of them, here. */
  readonly sizes: Int32Array;
  /** [n, t]: 1 where a subword counts, 0 where it pads. */
  readonly mask: Buffer;
  readonly n: number;
  readonly t: number;
}

/** Memory of the scope that is open. */
export function sourceBatch(
  backend: Backend,
  {
    count: n,
    sourceLength: t,
    source,
    sourceLengths,
  }: Pick<TokenBatch, 'count' | 'sourceLength' | 'source' | 'sourceLengths'>,
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
