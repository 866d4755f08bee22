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
      this.move(this.mean.value, mean, this.momentum);
      this.move(this.variance.value, variance, this.momentum);
      return;
    }
    this.rows += rows;
    const share = rows / this.rows;
    const delta = this.move(this.mean.value, mean, share, true);
    this.move(this.variance.value, variance, share);
    if (delta === null) return;
    const { length } = delta;
    const squares = this.backend.allocate(length);
    this.backend.unary('square', delta, squares, length);
    this.backend.axpy(squares, this.variance.value, length, share * (1 - share));
    this.backend.free(squares);
    this.backend.free(delta);
  }

  /** held += share * (batch - held); returns the difference if asked to, null when nothing was held before. */
  private move(held: Buffer, batch: Buffer, share: number, wanted = false): Buffer | null {
    const { backend } = this;
    const { length } = held;
    if (share === 0) return null;
    if (share === 1) {
      backend.unary('copy', batch, held, length);
      return null;
    }
    const delta = backend.allocate(length);
    backend.binary('subtract', batch, held, delta, 1, length, 'same');
    backend.axpy(delta, held, length, share);
    if (wanted) return delta;
    backend.free(delta);
    return null;
  }
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
