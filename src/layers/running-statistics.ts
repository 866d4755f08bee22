/**
 * The mean and variance that batch normalisation uses in evaluation. While training they follow the batches with
 * a momentum. Recalibration measures them anew over a few batches: then they are exactly the statistics of all
 * these images together, merged batch by batch (Chan et al. 1979),
 *
 *   share = rows of this batch / rows so far, delta = mean_b - mean
 *   mean     += share * delta
 *   variance += share * (variance_b - variance) + share * (1 - share) * delta^2
 *
 * and no longer depend on weights that have changed since, or on paths that shared them.
 */
import type { Statistics } from '../autograd/batch-norm.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
import { makeBuffer, type NamedBuffer, type Source } from './layer.ts';

export class RunningStatistics {
  readonly mean: NamedBuffer;
  readonly variance: NamedBuffer;
  readonly momentum: number;
  private readonly backend: Backend;
  private recalibrating = false;
  /** Rows seen since recalibration began. */
  private rows = 0;

  /** Mean 0 and variance 1 until something was observed. `momentum`: share of the newest batch; 0 follows none. */
  constructor(source: Source, name: string, channels: number, momentum = 0.1) {
    this.backend = source.backend;
    this.mean = makeBuffer(source, `${name}.mean`, [channels], 0);
    this.variance = makeBuffer(source, `${name}.variance`, [channels], 1);
    this.momentum = momentum;
  }

  /** Forgets what was measured; batches observed from here on count alike. */
  beginRecalibration(): void {
    this.recalibrating = true;
    this.rows = 0;
  }

  /** Back to following with the momentum. Statistics that saw no batch stay what they were. */
  endRecalibration(): void {
    this.recalibrating = false;
  }

  /** Takes in a batch's statistics, [channels] each, over `rows` rows. */
  observe(mean: Buffer, variance: Buffer, rows: number): void {
    if (!this.recalibrating) {
      moveTowards(this.backend, this.mean.value, mean, this.momentum);
      moveTowards(this.backend, this.variance.value, variance, this.momentum);
      return;
    }
    this.rows += rows;
    const kept = { mean: this.mean.value, variance: this.variance.value };
    mergeStatistics(this.backend, kept, { mean, variance }, rows / this.rows);
  }
}

/** held += share * (batch - held); becomes exactly the batch with a share of 1. */
export function moveTowards(backend: Backend, held: Buffer, batch: Buffer, share: number): void {
  const { length } = held;
  if (share === 0) return;
  if (share === 1) {
    backend.unary('copy', batch, held, length);
    return;
  }
  const delta = backend.allocate(length);
  backend.binary('subtract', batch, held, delta, 1, length, 'same');
  backend.axpy(delta, held, length, share);
  backend.free(delta);
}

/** Merges a batch's statistics into those kept; `share`: its rows among all so far, 1 for the first batch. */
export function mergeStatistics(backend: Backend, kept: Statistics, batch: Statistics, share: number): void {
  const { length } = kept.mean;
  if (share === 1) {
    backend.unary('copy', batch.mean, kept.mean, length);
    backend.unary('copy', batch.variance, kept.variance, length);
    return;
  }
  const delta = backend.allocate(length);
  const square = backend.allocate(length);
  backend.binary('subtract', batch.mean, kept.mean, delta, 1, length, 'same');
  backend.unary('square', delta, square, length);
  backend.axpy(delta, kept.mean, length, share);
  backend.unary('affine', kept.variance, kept.variance, length, 1 - share, 0);
  backend.axpy(batch.variance, kept.variance, length, share);
  backend.axpy(square, kept.variance, length, share * (1 - share));
  backend.free(delta);
  backend.free(square);
}

/** Measures statistics anew over the batches that `run` sends through the network in training mode. */
export function recalibrate(statistics: Iterable<RunningStatistics>, run: () => void): void {
  const all = [...statistics];
  for (const one of all) one.beginRecalibration();
  try {
    run();
  } finally {
    for (const one of all) one.endRecalibration();
  }
}
