/**
 * Times layers on a backend: inference, forward only. Every shape is run in short bursts, all shapes in turn and over
 * and over, so that a disturbance of the machine hits one burst of many shapes and not all bursts of one; the least
 * time counts, for what disturbs can only make a run longer.
 */
import type { Backend, Buffer, WindowShape } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import { windowOutput } from '../../core/shapes.ts';
import type { Measurement, Workload } from '../../hardware/index.ts';
import { isFilter, isFlat, type TimedShape } from './shapes.ts';

export interface MeasureOptions {
  readonly rounds: number;
  readonly signal: AbortSignal;
  onRound?(done: number, rounds: number): void;
}

/** Length of a burst, ms: long against the clock's grain, short against a neighbour's time slice. */
const BURST_MS = 0.4;

interface Timed {
  readonly load: Workload;
  readonly run: () => void;
  readonly repeats: number;
  best: number;
}

/** Throws 'interrupted' when the signal is given. */
export async function measure(
  backend: Backend,
  shapes: readonly TimedShape[],
  { rounds, signal, onRound }: MeasureOptions,
): Promise<Measurement[]> {
  const scope = backend.openScope();
  try {
    const words = Math.max(...shapes.map(({ load }) => largestTensor(load)));
    // All shapes read and write the same memory; sizes are what time depends on.
    const memory = { x: filled(backend, words), w: filled(backend, words), y: filled(backend, words) };
    const [ones, zeros, scratch] = [1, 0, 0].map((value) => {
      const buffer = backend.allocate(words);
      backend.fill(buffer, value);
      return buffer;
    });
    const constants = { ones, zeros, scratch };
    const timed: Timed[] = [];
    for (const shape of shapes) {
      const run = runner(backend, shape, { ...memory, ...constants });
      run();
      const start = performance.now();
      run();
      await backend.finish();
      const once = Math.max(performance.now() - start, 1e-4);
      const repeats = Math.max(1, Math.min(200, Math.round(BURST_MS / once)));
      timed.push({ load: shape.load, run, repeats, best: once });
    }
    for (let round = 0; round < rounds; round++) {
      for (const entry of timed) {
        if (signal.aborted)
          throw new ShiftAddError('interrupted', 'calibrate was stopped; nothing is written');
        entry.run();
        const start = performance.now();
        for (let i = 0; i < entry.repeats; i++) entry.run();
        await backend.finish();
        entry.best = Math.min(entry.best, (performance.now() - start) / entry.repeats);
      }
      onRound?.(round + 1, rounds);
    }
    return timed.map(({ load, best }) => ({ load, ms: best }));
  } finally {
    scope.close();
  }
}

function largestTensor({ kind, n, h, w, c, r, s, m, e, f, groups }: Workload): number {
  const weights = kind === 'vector' ? 0 : (r * s * c * m) / groups;
  return Math.max(n * h * w * c, weights, n * e * f * m);
}

function filled(backend: Backend, length: number): Buffer {
  const buffer = backend.allocate(length);
  backend.random('normal', buffer, [length, 1]);
  return buffer;
}

interface Memory {
  readonly x: Buffer;
  readonly w: Buffer;
  readonly y: Buffer;
  readonly ones: Buffer;
  readonly zeros: Buffer;
  readonly scratch: Buffer;
}

/** The kernel call that a layer is. A shift layer's weights are powers of two when it runs, its arithmetic is the same. */
function runner(backend: Backend, { load, heads }: TimedShape, memory: Memory): () => void {
  const { x, w, y } = memory;
  const { kind, n, h, c, r, m, groups } = load;
  if (kind === 'conv' || kind === 'add') {
    if (isFilter(load)) {
      const left = (r - 1) >> 1;
      const shape = { n, t: h, e: load.e, c, k: r, heads: load.heads ?? groups, left };
      return () => backend.filterForward(kind, x, w, y, shape);
    }
    const shape = windowOf(load);
    return kind === 'conv'
      ? () => backend.convForward(x, w, y, shape)
      : () => backend.adderForward(x, w, y, shape);
  }
  if (kind === 'shift' && !isFlat(load)) {
    const shape = windowOf(load);
    return () => backend.convForward(x, w, y, shape);
  }
  if (kind === 'vector') return vectorRunner(backend, load, memory);
  const common = { alpha: 1, accumulate: false, transposeA: false };
  const transposeB = kind === 'matmul' && load.name.endsWith('scores');
  const shape = { batch: heads, m: n / heads, n: m, k: c, transposeB, ...common };
  return () => backend.matmul(x, w, y, shape);
}

function vectorRunner(backend: Backend, load: Workload, memory: Memory): () => void {
  const { x, w, y, ones, zeros, scratch } = memory;
  const { n, e, f, m, r } = load;
  const rows = n * e * f;
  const work = load.vector ?? { multiplications: 0, additions: 0 };
  const { multiplications, additions, operands = 0 } = work;
  if (load.e < load.h && r > 1) {
    const shape = windowOf(load);
    return () => backend.poolForward('average', x, y, null, shape);
  }
  // A residual addition and the layer normalisation behind it, as translation networks have them.
  if (operands > 0 && multiplications === 3 && additions === 5) {
    return () => {
      backend.binary('add', x, w, y, rows, m, 'same');
      backend.layerNormForward(y, ones, zeros, y, scratch, scratch, rows, m, 1e-5);
    };
  }
  if (operands > 0) return () => backend.binary('add', x, w, y, rows, m, 'same');
  if (multiplications >= 3) return () => backend.softmaxForward(x, null, y, rows, m, 1, 1);
  if (multiplications === 0) return () => backend.unary('relu', x, y, rows * m);
  const shape = { rows, channels: m, epsilon: 1e-5, activation: 'none' } as const;
  return () => backend.batchNormForward(x, zeros, ones, ones, zeros, null, y, shape);
}

/** The window with the padding that gives the workload's output size. */
function windowOf({ name, n, h, w, c, r, s, m, e, f, stride, groups }: Workload): WindowShape {
  for (let pad = 0; pad < Math.max(r, s); pad++) {
    if (windowOutput(h, r, stride, pad) === e && windowOutput(w, s, stride, pad) === f) {
      return { n, h, w, c, r, s, m, stride, pad, groups, e, f };
    }
  }
  throw new ShiftAddError(
    'shape',
    `No padding turns ${h} x ${w} into ${e} x ${f} with a ${r} x ${s} window and stride ${stride} (${name}); ` +
      'leave the layer out of the calibration.',
  );
}
