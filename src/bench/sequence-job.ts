/**
 * Jobs of the kernels over sentences, as job.ts has those over images: the same record is timed here and handed to the
 * peer. `both` is a forward pass and all gradients.
 */
import { unreachable } from '../core/errors.ts';
import type { Work } from './job.ts';

/** Attention over [n, rows, heads * width], as a Transformer calls it: split into heads and merged again within. */
export interface SentenceAttentionJob {
  readonly kind: 'sentenceAttention';
  readonly pass: 'forward' | 'both';
  readonly n: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
  readonly causal: boolean;
  readonly drop: number;
}

/** A window over [n, t, c] with one filter a head; `rows` of the result, the last where they are fewer than t. */
export interface FilterJob {
  readonly kind: 'filter';
  readonly arithmetic: 'conv' | 'add';
  readonly pass: 'forward' | 'both';
  readonly n: number;
  readonly t: number;
  readonly rows: number;
  readonly c: number;
  readonly window: number;
  readonly heads: number;
}

/** Cross-entropy smoothed by 0.1, mean over the rows, and its gradient. */
export interface LabelLossJob {
  readonly kind: 'labelLoss';
  readonly rows: number;
  readonly classes: number;
}

/** The k most probable of each row with their log-softmax. */
export interface TopJob {
  readonly kind: 'top';
  readonly rows: number;
  readonly columns: number;
  readonly k: number;
}

/** Rows of a table by index, and the gradient of the table. */
export interface EmbeddingJob {
  readonly kind: 'embedding';
  readonly rows: number;
  readonly entries: number;
  readonly columns: number;
}

/** What lies between the products of a layer: dropout with its gradient, a sum of two, ReLU with its gradient, softmax. */
export interface ElementwiseJob {
  readonly kind: 'dropout' | 'residual' | 'relu' | 'bias' | 'softmaxRows';
  readonly rows: number;
  readonly columns: number;
}

export type SequenceJob =
  | SentenceAttentionJob
  | FilterJob
  | LabelLossJob
  | TopJob
  | EmbeddingJob
  | ElementwiseJob;

const FLOAT = 4;

/** Tensors of a job's size that its passes must read and write. */
const TENSORS: Readonly<Record<ElementwiseJob['kind'], number>> = {
  dropout: 4,
  residual: 3,
  relu: 5,
  bias: 3, // the gradient of the bias reads once more
  softmaxRows: 5,
};

export function sequenceWorkOf(job: SequenceJob): Work {
  switch (job.kind) {
    case 'sentenceAttention': {
      // two products forward, five backward: the weights are made again; a causal mask takes half of square ones
      const products = job.pass === 'both' ? 7 : 2;
      const share = job.causal && job.queries === job.keys ? 0.5 : 1;
      return {
        multiplyAdd: Math.round(
          products * 2 * job.n * job.heads * job.queries * job.keys * job.width * share,
        ),
      };
    }
    case 'filter': {
      const taps = job.n * job.rows * job.c * job.window;
      if (job.arithmetic === 'conv') return { multiplyAdd: 2 * taps * (job.pass === 'both' ? 3 : 1) };
      if (job.pass === 'forward') return { subtractAbsAdd: taps };
      return { subtractAbsAdd: taps, clampMultiplyAdd: taps, multiplyAdd: 2 * taps };
    }
    case 'labelLoss':
      return { triad: 2 * FLOAT * job.rows * job.classes };
    case 'top':
      return { read: FLOAT * job.rows * job.columns };
    case 'embedding':
      // forward reads and writes rows; backward fills the table, reads rows and adds them to it
      return { triad: FLOAT * (4 * job.rows + job.entries) * job.columns };
    case 'dropout':
    case 'residual':
    case 'relu':
    case 'bias':
    case 'softmaxRows':
      return { triad: TENSORS[job.kind] * FLOAT * job.rows * job.columns };
    default:
      return unreachable(job);
  }
}

const TITLE: Readonly<Record<ElementwiseJob['kind'], string>> = {
  dropout: 'dropout forward + backward',
  residual: 'sum of two',
  relu: 'ReLU forward + backward',
  bias: 'bias forward + backward',
  softmaxRows: 'softmax forward + backward',
};

const passOf = ({ pass }: { readonly pass: 'forward' | 'both' }): string =>
  pass === 'both' ? 'forward + backward' : 'forward';

export function describeSequenceJob(job: SequenceJob): { readonly title: string; readonly shape: string } {
  switch (job.kind) {
    case 'sentenceAttention': {
      const kind = `${job.causal ? 'causal ' : ''}attention${job.drop > 0 ? ` dropping ${job.drop}` : ''}`;
      const shape = `${job.n} x ${job.queries} to ${job.keys}, ${job.heads} heads of ${job.width}`;
      return { title: `${kind} ${passOf(job)}`, shape };
    }
    case 'filter':
      return {
        title: `${job.arithmetic} filter of ${job.window} ${passOf(job)}`,
        shape:
          `${job.n} x ${job.t} x ${job.c}, ${job.heads} heads` +
          `${job.rows < job.t ? `, ${job.rows} ${job.rows === 1 ? 'row' : 'rows'}` : ''}`,
      };
    case 'labelLoss':
      return { title: 'smoothed loss of labels', shape: `${job.rows} x ${job.classes}` };
    case 'top':
      return { title: `${job.k} most probable`, shape: `${job.rows} x ${job.columns}` };
    case 'embedding':
      return {
        title: 'embedding forward + backward',
        shape: `${job.rows} of ${job.entries} x ${job.columns}`,
      };
    case 'dropout':
    case 'residual':
    case 'relu':
    case 'bias':
    case 'softmaxRows':
      return { title: TITLE[job.kind], shape: `${job.rows} x ${job.columns}` };
    default:
      return unreachable(job);
  }
}
