/**
 * How the shared weights of a trained supernet are distributed, and what each family makes of them: histograms
 * with the log-likelihood per weight of the best Gaussian and the best Laplacian, whichever fits better.
 */
import { Graph } from '../../autograd/graph.ts';
import { writeFileAtomic } from '../../core/atomic.ts';
import { OPERATORS } from '../../operators/index.ts';
import type { OperatorName } from '../../operators/names.ts';
import { blockUses } from '../../supernet/declarations.ts';
import { effectiveWeight } from '../../supernet/effective.ts';
import type { Network } from '../../supernet/network.ts';
import { weightKey } from '../../supernet/sharing.ts';

export interface Histogram {
  readonly layer: string;
  /** `shared` is W itself; `add` and `shift` what those families read. */
  readonly tensor: 'shared' | 'add' | 'shift';
  /** One more than counts. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly gaussLogLikelihood: number;
  readonly laplaceLogLikelihood: number;
}

const BINS = 48;
/** Tensors shown: the 3x3 windows, one for each stage and the first layers in it. */
const MOST_LAYERS = 6;

export async function writeHistograms(path: string, network: Network): Promise<void> {
  writeFileAtomic(path, `${JSON.stringify(await histograms(network))}\n`);
}

export async function histograms(network: Network): Promise<Histogram[]> {
  const { space, task, sharing } = network.config;
  const out: Histogram[] = [];
  const seen = new Set<string>();
  for (const { plan, family } of blockUses(space, task)) {
    const weight = OPERATORS[family].weights(plan).find(({ role }) => role === 'conv2');
    if (weight === undefined || !weight.shared) continue;
    if (weightKey(sharing, plan.name, weight.role, family, true) !== `${plan.name}.${weight.role}`) continue;
    if (!seen.has(plan.name) && seen.size >= MOST_LAYERS) continue;
    const tensor = family === 'conv' ? 'shared' : family;
    if (tensor === 'attention' || out.some((one) => one.layer === plan.name && one.tensor === tensor))
      continue;
    seen.add(plan.name);
    out.push(histogram(plan.name, tensor, await read(network, plan.name, family, weight)));
  }
  return out;
}

async function read(
  network: Network,
  place: string,
  family: OperatorName,
  declaration: Parameters<typeof effectiveWeight>[5],
): Promise<Float32Array> {
  const { store, config } = network;
  const graph = new Graph(store.backend, { training: false });
  try {
    return await graph.read(effectiveWeight(graph, store, config.sharing, place, family, declaration));
  } finally {
    graph.close();
  }
}

function histogram(layer: string, tensor: Histogram['tensor'], values: Float32Array): Histogram {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (high === low) high = low + 1e-6;
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values) counts[Math.min(BINS - 1, Math.floor(((value - low) / (high - low)) * BINS))]++;
  const edges = Array.from({ length: BINS + 1 }, (_, i) => low + ((high - low) * i) / BINS);
  return { layer, tensor, edges, counts, ...likelihoods(values) };
}

/** Log-likelihood per value under the maximum-likelihood Gaussian and Laplacian, nats. */
export function likelihoods(values: ArrayLike<number>): {
  gaussLogLikelihood: number;
  laplaceLogLikelihood: number;
} {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / n;
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
  const median = (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2;
  const spread = sorted.reduce((sum, value) => sum + Math.abs(value - median), 0) / n;
  return {
    gaussLogLikelihood: -0.5 * (Math.log(2 * Math.PI * Math.max(variance, 1e-30)) + 1),
    laplaceLogLikelihood: -Math.log(2 * Math.max(spread, 1e-30)) - 1,
  };
}
