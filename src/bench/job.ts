/**
 * What one measurement computes, as data: the same record is timed here and handed to the peer. Sizes are those of the
 * Backend contract; images are square.
 */
import type { WindowShape } from '../backends/backend.ts';
import type { PeakName } from '../backends/peaks.ts';
import { windowOutput } from '../core/shapes.ts';
import { describeSequenceJob, type SequenceJob, sequenceWorkOf } from './sequence-job.ts';

/** `both` is a forward pass and both gradients, as a training step has them. */
export type Pass = 'forward' | 'both' | 'inputGradient' | 'weightGradient';

export interface MatmulJob {
  readonly kind: 'matmul';
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** b is [n, k]; false by default. */
  readonly transposeB?: boolean;
}

/** Images [n, size, size, c], a square window with `m` filters, zero padding of half a window. */
export interface WindowJob {
  readonly kind: 'conv' | 'adder' | 'shift';
  readonly pass: Pass;
  readonly n: number;
  readonly size: number;
  readonly c: number;
  readonly m: number;
  readonly window: number;
  readonly stride: number;
  readonly depthwise: boolean;
}

/** softmax(q k' / sqrt(width)) v over n * heads matrices, forward and all gradients. */
export interface AttentionJob {
  readonly kind: 'attention';
  readonly n: number;
  readonly heads: number;
  readonly positions: number;
  readonly width: number;
}

/** Batch normalisation in training mode with a ReLU, or layer normalisation; forward and all gradients. */
export interface NormJob {
  readonly kind: 'batchNormRelu' | 'layerNorm';
  /** Batch norm: images [n, size, size, c]; layer norm: rows n * size * size of c. */
  readonly n: number;
  readonly size: number;
  readonly c: number;
}

export type KernelJob = MatmulJob | WindowJob | AttentionJob | NormJob | SequenceJob;

export function windowOf({ n, size, c, m, window, stride, depthwise }: WindowJob): WindowShape {
  const pad = (window - 1) / 2;
  const e = windowOutput(size, window, stride, pad);
  const groups = depthwise ? c : 1;
  return { n, h: size, w: size, c, r: window, s: window, m, stride, pad, groups, e, f: e };
}

/** Operations, elements or bytes by the peak that limits them. */
export type Work = Readonly<Partial<Record<PeakName, number>>>;

/** Elements of a window's forward pass: one for each tap of each result. */
const tapsOf = (shape: WindowShape): number =>
  (shape.n * shape.e * shape.f * shape.m * shape.r * shape.s * shape.c) / shape.groups;

const FLOAT = 4;

/**
 * The least work there is in a job. Arithmetic kernels count arithmetic, with nothing for reading their tensors;
 * normalisation counts the tensors each of its passes must read and write.
 */
export function workOf(job: KernelJob): Work {
  switch (job.kind) {
    case 'matmul':
      return { multiplyAdd: 2 * job.batch * job.m * job.k * job.n };
    case 'conv':
    case 'shift':
      return { multiplyAdd: 2 * tapsOf(windowOf(job)) * (job.pass === 'both' ? 3 : 1) };
    case 'adder': {
      const taps = tapsOf(windowOf(job));
      const forward = { maximumAdd: taps };
      const inputs = { clampMultiplyAdd: taps };
      const weights = { multiplyAdd: 2 * taps };
      if (job.pass === 'forward') return forward;
      if (job.pass === 'inputGradient') return inputs;
      return job.pass === 'weightGradient' ? weights : { ...forward, ...inputs, ...weights };
    }
    case 'attention':
      // two products forward, four backward
      return { multiplyAdd: 6 * 2 * job.n * job.heads * job.positions * job.positions * job.width };
    case 'batchNormRelu':
      // statistics read x; forward reads x, writes y; backward reads x, dy, writes dx
      return { triad: 6 * FLOAT * job.n * job.size * job.size * job.c };
    case 'layerNorm':
      // forward reads x, writes y; backward reads x, dy, writes dx
      return { triad: 5 * FLOAT * job.n * job.size * job.size * job.c };
    default:
      return sequenceWorkOf(job);
  }
}

const PASS: Readonly<Record<Pass, string>> = {
  forward: 'forward',
  both: 'forward + backward',
  inputGradient: 'input gradient',
  weightGradient: 'weight gradient',
};

/** `conv 3x3 forward`, and the sizes apart from it. */
export function describeJob(job: KernelJob): { readonly title: string; readonly shape: string } {
  switch (job.kind) {
    case 'matmul':
      return {
        title: 'matrix product',
        shape: `${job.m} x ${job.k} x ${job.n}${job.transposeB ? ' transposed' : ''}${job.batch > 1 ? `, batch ${job.batch}` : ''}`,
      };
    case 'conv':
    case 'adder':
    case 'shift': {
      const kind = job.depthwise ? `depthwise ${job.kind === 'conv' ? '' : `${job.kind} `}` : `${job.kind} `;
      return {
        title: `${kind}${job.window}x${job.window}${job.stride > 1 ? ` / ${job.stride}` : ''} ${PASS[job.pass]}`,
        shape: `${job.n} x ${job.size}x${job.size}x${job.c}${job.depthwise ? '' : ` -> ${job.m}`}`,
      };
    }
    case 'attention':
      return {
        title: 'attention forward + backward',
        shape: `${job.n} x ${job.heads} heads, ${job.positions} positions, width ${job.width}`,
      };
    case 'batchNormRelu':
      return {
        title: 'batch norm + ReLU forward + backward',
        shape: `${job.n} x ${job.size}x${job.size}x${job.c}`,
      };
    case 'layerNorm':
      return { title: 'layer norm forward + backward', shape: `${job.n * job.size * job.size} x ${job.c}` };
    default:
      return describeSequenceJob(job);
  }
}
