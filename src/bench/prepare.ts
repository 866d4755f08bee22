/** A job made ready to run on a backend: tensors of its sizes filled with normal noise, and a function to time. */
import { Graph } from '../autograd/graph.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
import { Random } from '../core/random.ts';
import { ShiftWeightQ } from '../layers/shift-weight.ts';
import {
  type AttentionJob,
  type KernelJob,
  type MatmulJob,
  type NormJob,
  type WindowJob,
  windowOf,
} from './job.ts';
import { prepareSequence } from './sequence-prepare.ts';

/** Allocates in the scope that is open; call inside one. */
export function prepare(backend: Backend, job: KernelJob): () => void {
  switch (job.kind) {
    case 'matmul':
      return prepareMatmul(backend, job);
    case 'conv':
    case 'adder':
      return prepareWindow(backend, job);
    case 'shift':
      return prepareShift(backend, job);
    case 'attention':
      return prepareAttention(backend, job);
    case 'batchNormRelu':
      return prepareBatchNorm(backend, job);
    case 'layerNorm':
      return prepareLayerNorm(backend, job);
    default:
      return prepareSequence(backend, job, (length) => noise(backend, length));
  }
}

let draws = 0;

/** Standard normal values, so that neither denormal numbers nor equal operands distort a timing. */
function noise(backend: Backend, length: number): Buffer {
  const buffer = backend.allocate(length);
  backend.random('normal', buffer, [7, draws++]);
  return buffer;
}

function prepareMatmul(backend: Backend, job: MatmulJob): () => void {
  const { batch, m, k, n, transposeB = false } = job;
  const a = noise(backend, batch * m * k);
  const b = noise(backend, batch * k * n);
  const y = backend.allocate(batch * m * n);
  const shape = { batch, m, n, k, transposeA: false, transposeB, alpha: 1, accumulate: false };
  return () => backend.matmul(a, b, y, shape);
}

function windowTensors(backend: Backend, job: WindowJob) {
  const shape = windowOf(job);
  const inputs = shape.n * shape.h * shape.w * shape.c;
  const outputs = shape.n * shape.e * shape.f * shape.m;
  const weights = (shape.r * shape.s * shape.c * shape.m) / shape.groups;
  return {
    shape,
    x: noise(backend, inputs),
    w: noise(backend, weights),
    dy: noise(backend, outputs),
    y: backend.allocate(outputs),
    dx: backend.allocate(inputs),
    dw: backend.allocate(weights),
  };
}

function prepareWindow(backend: Backend, job: WindowJob): () => void {
  const { shape, x, w, y, dy, dx, dw } = windowTensors(backend, job);
  const passes =
    job.kind === 'adder'
      ? {
          forward: () => backend.adderForward(x, w, y, shape),
          inputGradient: () => backend.adderInputGradient(x, w, dy, dx, shape),
          weightGradient: () => backend.adderWeightGradient(x, w, dy, dw, shape),
        }
      : {
          forward: () => backend.convForward(x, w, y, shape),
          inputGradient: () => backend.convInputGradient(dy, w, dx, shape),
          weightGradient: () => backend.convWeightGradient(x, dy, dw, shape),
        };
  if (job.pass !== 'both') return passes[job.pass];
  return () => {
    passes.forward();
    passes.inputGradient();
    passes.weightGradient();
  };
}

/** What Shift2d does in a step: activations floored, weights standardised and rounded, and the way back. */
function prepareShift(backend: Backend, job: WindowJob): () => void {
  const { shape, x, y, dy, dx } = windowTensors(backend, job);
  const length = shape.n * shape.h * shape.w * shape.c;
  const floored = backend.allocate(length);
  const one = backend.allocate(1);
  const source = { backend, random: Random.fromSeed(0) };
  const sizes = [shape.r, shape.s, shape.c / shape.groups, shape.m];
  const weight = new ShiftWeightQ(source, 'weight', { shape: sizes });
  return () => {
    const graph = new Graph(backend, { training: true });
    const w = weight.effective(graph);
    backend.unary('fixedPoint', x, floored, length, 16, 16);
    backend.convForward(floored, w.buffer, y, shape);
    const loss = graph.record([1], one, [w], () => {
      const dw = backend.allocate(w.buffer.length);
      backend.convInputGradient(dy, w.buffer, dx, shape);
      backend.convWeightGradient(floored, dy, dw, shape);
      return [dw];
    });
    graph.backward(loss);
    graph.close();
  };
}

/** The products of attentionOverPositions and their gradients; splitting and merging heads is not in it. */
function prepareAttention(backend: Backend, { n, heads, positions, width }: AttentionJob): () => void {
  const batch = n * heads;
  const size = batch * positions * width;
  const [q, k, v, dy] = [0, 1, 2, 3].map(() => noise(backend, size));
  const [y, dq, dk, dv] = [0, 1, 2, 3].map(() => backend.allocate(size));
  const scores = batch * positions * positions;
  const [s, p, dp, ds] = [0, 1, 2, 3].map(() => backend.allocate(scores));
  const scale = 1 / Math.sqrt(width);
  const rows = batch * positions;
  const product = (m: number, inner: number, columns: number, transposeA: boolean, transposeB: boolean) => ({
    ...{ batch, m, n: columns, k: inner, transposeA, transposeB, alpha: 1, accumulate: false },
  });
  const toScores = product(positions, width, positions, false, true);
  const toWidth = product(positions, positions, width, false, false);
  const transposed = product(positions, positions, width, true, false);
  return () => {
    backend.matmul(q, k, s, toScores);
    backend.softmaxForward(s, null, p, rows, positions, 1, scale);
    backend.matmul(p, v, y, toWidth);
    backend.matmul(dy, v, dp, toScores);
    backend.matmul(p, dy, dv, transposed);
    backend.softmaxBackward(p, dp, ds, rows, positions, scale);
    backend.matmul(ds, k, dq, toWidth);
    backend.matmul(ds, q, dk, transposed);
  };
}

function normTensors(backend: Backend, { n, size, c }: NormJob) {
  const rows = n * size * size;
  const [x, dy] = [0, 1].map(() => noise(backend, rows * c));
  const [y, dx] = [0, 1].map(() => backend.allocate(rows * c));
  const [gamma, beta] = [0, 1].map(() => noise(backend, c));
  const [dgamma, dbeta] = [0, 1].map(() => backend.allocate(c));
  return { rows, x, dy, y, dx, gamma, beta, dgamma, dbeta };
}

function prepareBatchNorm(backend: Backend, job: NormJob): () => void {
  const { rows, x, dy, y, dx, gamma, beta, dgamma, dbeta } = normTensors(backend, job);
  const [mean, variance] = [0, 1].map(() => backend.allocate(job.c));
  const shape = { rows, channels: job.c, epsilon: 1e-5, activation: 'relu' } as const;
  const back = { ...shape, throughStatistics: true };
  return () => {
    backend.batchStatistics(x, mean, variance, rows, job.c);
    backend.batchNormForward(x, mean, variance, gamma, beta, null, y, shape);
    backend.batchNormBackward(x, mean, variance, gamma, beta, null, dy, dx, dgamma, dbeta, null, back);
  };
}

function prepareLayerNorm(backend: Backend, job: NormJob): () => void {
  const { rows, x, dy, y, dx, gamma, beta, dgamma, dbeta } = normTensors(backend, job);
  const [mean, inverse] = [0, 1].map(() => backend.allocate(rows));
  return () => {
    backend.layerNormForward(x, gamma, beta, y, mean, inverse, rows, job.c, 1e-5);
    backend.layerNormBackward(x, gamma, mean, inverse, dy, dx, dgamma, dbeta, rows, job.c);
  };
}
