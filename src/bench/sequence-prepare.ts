/** Jobs over sentences made ready to run; see prepare.ts. */
import type { Backend, Buffer } from '../backends/backend.ts';
import { unreachable } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import type {
  ElementwiseJob,
  EmbeddingJob,
  FilterJob,
  LabelLossJob,
  SentenceAttentionJob,
  SequenceJob,
  TopJob,
} from './sequence-job.ts';

type Noise = (length: number) => Buffer;

/** `noise` gives a buffer of standard normal values. */
export function prepareSequence(backend: Backend, job: SequenceJob, noise: Noise): () => void {
  switch (job.kind) {
    case 'sentenceAttention':
      return prepareAttention(backend, job, noise);
    case 'filter':
      return prepareFilter(backend, job, noise);
    case 'labelLoss':
      return prepareLabelLoss(backend, job, noise);
    case 'top':
      return prepareTop(backend, job, noise);
    case 'embedding':
      return prepareEmbedding(backend, job, noise);
    case 'dropout':
    case 'residual':
    case 'relu':
    case 'bias':
    case 'softmaxRows':
      return prepareElementwise(backend, job, noise);
    default:
      return unreachable(job);
  }
}

function indices(backend: Backend, length: number, limit: number): Buffer {
  const random = Random.fromSeed('bench');
  const buffer = backend.allocate(length, 'int32');
  backend.write(
    buffer,
    Int32Array.from({ length }, () => random.integer(limit)),
  );
  return buffer;
}

function prepareAttention(backend: Backend, job: SentenceAttentionJob, noise: Noise): () => void {
  const { n, heads, queries, keys, width, causal, drop } = job;
  const [asking, answering] = [n * queries * heads * width, n * keys * heads * width];
  const [q, k, v, dy] = [noise(asking), noise(answering), noise(answering), noise(asking)];
  const [y, statistics] = [backend.allocate(asking), backend.allocate(n * heads * queries)];
  const shape = {
    ...{ n, heads, queries, keys, width, keyRows: keys, causal, drop },
    scale: 1 / Math.sqrt(width),
  };
  const key = [1, 2] as const;
  const forward = () => backend.attentionForward(q, k, v, null, y, statistics, shape, key);
  if (job.pass === 'forward') return forward;
  const [dq, dk, dv] = [asking, answering, answering].map((length) => backend.allocate(length));
  return () => {
    forward();
    backend.attentionBackward(q, k, v, null, y, statistics, dy, dq, dk, dv, shape, key);
  };
}

function prepareFilter(backend: Backend, job: FilterJob, noise: Noise): () => void {
  const { arithmetic, n, t, rows, c, window, heads } = job;
  // of fewer rows, the last: what a step of decoding computes from its cache
  const left = rows < t ? window - 1 - (t - rows) : Math.floor(window / 2);
  const shape = { n, t, e: rows, c, k: window, heads, left };
  const [x, w, dy] = [noise(n * t * c), noise(heads * window), noise(n * rows * c)];
  const y = backend.allocate(n * rows * c);
  const forward = () => backend.filterForward(arithmetic, x, w, y, shape);
  if (job.pass === 'forward') return forward;
  const [dx, dw] = [backend.allocate(n * t * c), backend.allocate(heads * window)];
  return () => {
    forward();
    backend.filterInputGradient(arithmetic, x, w, dy, dx, shape);
    backend.filterWeightGradient(arithmetic, x, w, dy, dw, shape);
  };
}

function prepareLabelLoss(backend: Backend, { rows, classes }: LabelLossJob, noise: Noise): () => void {
  // not in place: the logits of the next run would be gradients
  const [logits, dlogits] = [noise(rows * classes), backend.allocate(rows * classes)];
  const labels = indices(backend, rows, classes);
  const [losses, likelihoods] = [backend.allocate(rows), backend.allocate(rows)];
  return () =>
    backend.labelCrossEntropy(logits, labels, losses, likelihoods, dlogits, rows, classes, 0.1, 1 / rows);
}

function prepareTop(backend: Backend, { rows, columns, k }: TopJob, noise: Noise): () => void {
  const logits = noise(rows * columns);
  const [values, columnsOf] = [backend.allocate(rows * k), backend.allocate(rows * k, 'int32')];
  return () => backend.topLogProbabilities(logits, values, columnsOf, rows, columns, k);
}

function prepareEmbedding(backend: Backend, job: EmbeddingJob, noise: Noise): () => void {
  const { rows, entries, columns } = job;
  const [table, dy] = [noise(entries * columns), noise(rows * columns)];
  const [y, dtable] = [backend.allocate(rows * columns), backend.allocate(entries * columns)];
  const index = indices(backend, rows, entries);
  return () => {
    backend.gatherRows(table, index, y, rows, columns);
    backend.fill(dtable, 0);
    backend.scatterAddRows(dy, index, dtable, rows, columns);
  };
}

function prepareElementwise(backend: Backend, job: ElementwiseJob, noise: Noise): () => void {
  const { rows, columns } = job;
  const length = rows * columns;
  const [x, dy] = [noise(length), noise(length)];
  const [y, dx] = [backend.allocate(length), backend.allocate(length)];
  const [bias, dbias] = [noise(columns), backend.allocate(columns)];
  const key = [1, 2] as const;
  switch (job.kind) {
    case 'dropout':
      return () => {
        backend.dropout(x, y, length, 0.1, key);
        backend.dropout(dy, dx, length, 0.1, key);
      };
    case 'residual':
      return () => backend.binary('add', x, dy, y, 1, length, 'same');
    case 'relu':
      return () => {
        backend.unary('relu', x, y, length);
        backend.unaryGradient('relu', x, y, dy, dx, length);
      };
    case 'bias':
      return () => {
        backend.binary('add', x, bias, y, rows, columns, 'row');
        backend.reduce('sum', dy, dbias, 1, rows, columns);
      };
    case 'softmaxRows':
      return () => {
        backend.softmaxForward(x, null, y, rows, columns, 1, 1);
        backend.softmaxBackward(y, dy, dx, rows, columns, 1);
      };
    default:
      return unreachable(job.kind);
  }
}
