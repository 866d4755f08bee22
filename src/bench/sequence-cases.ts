/**
 * Kernels over sentences that are timed: shapes of training on short captions (Multi30k), of the published sizes
 * (WMT), and of a step of decoding.
 */
import type { Bar, KernelCase } from './cases.ts';
import type { KernelJob } from './job.ts';
import type { ElementwiseJob, FilterJob, SentenceAttentionJob } from './sequence-job.ts';

const PEER: readonly Bar[] = [{ of: 'peer', most: 1 }];

const sequence = (id: string, job: KernelJob): KernelCase => ({
  id,
  group: 'sequence',
  job,
  bars: PEER,
  peer: true,
});

/** n, heads, queries, keys, width, causal, drop */
type Sizes = readonly [number, number, number, number, number, boolean, number];

function attention(pass: SentenceAttentionJob['pass'], sizes: Sizes): KernelCase {
  const [n, heads, queries, keys, width, causal, drop] = sizes;
  const more = `${causal ? '-causal' : ''}${drop > 0 ? '-dropped' : ''}`;
  return sequence(`sentenceAttention-${pass}-${n}x${heads}x${queries}x${keys}x${width}${more}`, {
    ...{ kind: 'sentenceAttention', pass, n, heads, queries, keys, width, causal, drop },
  });
}

/** n, t, rows, c, window, heads */
function filter(
  arithmetic: FilterJob['arithmetic'],
  pass: FilterJob['pass'],
  [n, t, rows, c, window, heads]: readonly number[],
): KernelCase {
  return sequence(`filter-${arithmetic}-${pass}-${n}x${t}x${c}-${window}of${heads}to${rows}`, {
    ...{ kind: 'filter', arithmetic, pass, n, t, rows, c, window, heads },
  });
}

/** A few rows times a matrix: a step of decoding. Transposed: by the embeddings, for logits. */
function fewRows(m: number, k: number, n: number, transposeB: boolean): KernelCase {
  const id = `matmul-rows-${m}x${k}x${n}${transposeB ? '-transposed' : ''}`;
  return sequence(id, { kind: 'matmul', batch: 1, m, k, n, transposeB });
}

const elementwise = (kind: ElementwiseJob['kind'], rows: number, columns: number): KernelCase =>
  sequence(`${kind}-${rows}x${columns}`, { kind, rows, columns });

export const SEQUENCE_CASES: readonly KernelCase[] = [
  attention('both', [64, 4, 16, 16, 64, false, 0]),
  attention('both', [64, 4, 16, 16, 64, true, 0.1]),
  attention('both', [48, 8, 40, 37, 32, false, 0.1]),
  attention('both', [16, 8, 200, 200, 64, true, 0.1]),
  attention('both', [32, 8, 60, 60, 64, false, 0]),
  attention('forward', [64, 4, 1, 24, 64, false, 0]),
  attention('forward', [128, 8, 1, 100, 64, false, 0]),

  filter('conv', 'both', [64, 30, 30, 256, 7, 4]),
  filter('conv', 'both', [64, 30, 30, 512, 31, 8]),
  filter('add', 'both', [64, 30, 30, 256, 7, 4]),
  filter('add', 'both', [64, 30, 30, 512, 31, 8]),
  filter('conv', 'forward', [128, 31, 1, 512, 31, 8]),
  filter('add', 'forward', [128, 31, 1, 512, 31, 8]),

  ...[
    [2000, 256],
    [4000, 512],
  ].flatMap(([rows, columns]) => [
    sequence(`layerNorm-rows-${rows}x${columns}`, { kind: 'layerNorm', n: rows, size: 1, c: columns }),
    elementwise('dropout', rows, columns),
    elementwise('residual', rows, columns),
    elementwise('relu', rows, 4 * columns),
    elementwise('bias', rows, columns),
  ]),
  elementwise('softmaxRows', 20_000, 40),

  ...[
    [2000, 8000],
    [2000, 32_000],
  ].map(([rows, classes]) => sequence(`labelLoss-${rows}x${classes}`, { kind: 'labelLoss', rows, classes })),
  ...[
    [16, 10_000, 4],
    [128, 10_000, 4],
    [128, 32_000, 8],
  ].map(([rows, columns, k]) => sequence(`top-${k}of${rows}x${columns}`, { kind: 'top', rows, columns, k })),
  ...[
    [2000, 8000, 256],
    [4000, 32_000, 512],
  ].map(([rows, entries, columns]) =>
    sequence(`embedding-${rows}of${entries}x${columns}`, { kind: 'embedding', rows, entries, columns }),
  ),

  ...[4, 16, 128].flatMap((m) => [fewRows(m, 512, 512, false), fewRows(m, 512, 10_000, true)]),
  fewRows(32, 512, 2048, false),
  fewRows(32, 2048, 512, false),
  fewRows(4, 256, 1024, false),
  fewRows(2000, 256, 8000, true),
  fewRows(2000, 256, 256, false),
];
