/**
 * Batch normalisation of a network whose paths share weights. No running average could serve every path, so
 * statistics for evaluation are measured for one path at a time: `calibrate` over a few batches of training
 * images, then `evaluate` (evidence section 6.7; BigNAS, SPOS do the same).
 */
import { batchNorm } from '../autograd/batch-norm.ts';
import type { Tensor } from '../autograd/graph.ts';
import { silu } from '../autograd/unary.ts';
import type { Buffer } from '../backends/backend.ts';
import { mergeStatistics } from '../layers/running-statistics.ts';
import type { BlockActivation } from '../operators/operator.ts';
import type { WeightStore } from './store.ts';

const EPSILON = 1e-5;

/**
 * train: the batch's own statistics. calibrate: the same, and those of the union of all batches
 * so far, which are equally large, are kept.
 * evaluate: what was kept.
 */
export type NormMode =
  | { readonly kind: 'train' }
  | { readonly kind: 'calibrate'; readonly batch: number } // 0, 1, 2 ... : the how-manieth batch this is
  | { readonly kind: 'evaluate' };

/** Room for the statistics of every norm of a store. */
export function declareStatistics(store: WeightStore): void {
  for (const { name, shape } of [...store.parameters()]) {
    if (!name.endsWith('.gamma')) continue;
    const norm = name.slice(0, -'.gamma'.length);
    store.declareStatistic(`${norm}.mean`, shape, 0);
    store.declareStatistic(`${norm}.variance`, shape, 1);
  }
}

/** act(norm(x) [+ residual]) with the parameters and statistics called `name`. x: [n, h, w, c]. */
export function normalise(
  x: Tensor,
  store: WeightStore,
  name: string,
  mode: NormMode,
  activation: BlockActivation,
  residual?: Tensor,
): Tensor {
  // backends fuse ReLU alone with the norm: its gradient needs no more than the sign of y
  if (activation === 'silu') return silu(normalise(x, store, name, mode, 'none', residual));
  const { graph } = x;
  const gamma = graph.parameter(store.parameter(`${name}.gamma`));
  const beta = graph.parameter(store.parameter(`${name}.beta`));
  const shared = { epsilon: EPSILON, activation, ...(residual === undefined ? {} : { residual }) };
  const mean = store.statistic(`${name}.mean`);
  const variance = store.statistic(`${name}.variance`);
  if (mode.kind === 'evaluate') {
    return batchNorm(x, gamma, beta, { ...shared, statistics: { mean, variance } });
  }
  const measured =
    mode.kind === 'calibrate'
      ? (batchMean: Buffer, batchVariance: Buffer) =>
          mergeStatistics(
            store.backend,
            { mean, variance },
            { mean: batchMean, variance: batchVariance },
            1 / (mode.batch + 1),
          )
      : undefined;
  return batchNorm(x, gamma, beta, { ...shared, ...(measured === undefined ? {} : { measured }) });
}
