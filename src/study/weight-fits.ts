/**
 * How trained weights are distributed: the published argument for the transformation kernel is that weights of
 * convolutions are Gaussian and those of adders Laplacian (spec 5.1). Each tensor is fitted alone, for their scales
 * differ; an affine map changes neither fit's lead over the other, so raw tensors answer for what an adder reads too.
 */
import { histograms, likelihoods } from '../runs/pipeline/histograms.ts';
import type { Network } from '../supernet/network.ts';
import type { WeightFit } from './figures.ts';

interface Fitted {
  readonly weights: string;
  readonly count: number;
  readonly gaussLogLikelihood: number;
  readonly laplaceLogLikelihood: number;
}

/** Smaller tensors say little about a shape. */
const FEWEST = 256;

/** Windows of convolution, add and shift blocks by who reads them; PS exponents and signs are no real weights. */
export function fitWeights(
  tensors: Iterable<readonly [name: string, shape: readonly number[], values: ArrayLike<number>]>,
): WeightFit[] {
  const fitted: Fitted[] = [];
  for (const [name, shape, values] of tensors) {
    const block = /^layer\d+\.stage\d+\.(?:(conv|add|shift)\.)?[a-z0-9]+$/i.exec(name);
    if (block === null || shape.length !== 4 || values.length < FEWEST) continue;
    fitted.push({ weights: block[1] ?? 'shared', count: values.length, ...likelihoods(values) });
  }
  return summarise(fitted);
}

/** The same of a supernet, and of what add reads where a transformation is no affine map. */
export async function fitSupernet(network: Network): Promise<WeightFit[]> {
  const { store, config } = network;
  const held: [string, readonly number[], ArrayLike<number>][] = [];
  for (const { name, shape, value } of store.parameters()) {
    if (shape.length === 4) held.push([name, shape, await store.backend.read(value)]);
  }
  const raw = fitWeights(held);
  const { transformation } = config.sharing;
  if (transformation !== 'monotone' && transformation !== 'released') return raw;
  const read = (await histograms(network))
    .filter(({ tensor }) => tensor === 'add')
    .map(({ counts, gaussLogLikelihood, laplaceLogLikelihood }) => ({
      weights: 'add reads',
      count: counts.reduce((sum, count) => sum + count, 0),
      ...{ gaussLogLikelihood, laplaceLogLikelihood },
    }));
  return [...raw, ...summarise(read)];
}

function summarise(fitted: readonly Fitted[]): WeightFit[] {
  return [...new Set(fitted.map(({ weights }) => weights))].sort().map((weights) => {
    const those = fitted.filter((one) => one.weights === weights);
    const all = those.reduce((sum, { count }) => sum + count, 0);
    const mean = (pick: (one: Fitted) => number) =>
      those.reduce((sum, one) => sum + (pick(one) * one.count) / all, 0);
    return {
      weights,
      tensors: those.length,
      laplacian: those.filter((one) => one.laplaceLogLikelihood > one.gaussLogLikelihood).length,
      gaussLogLikelihood: mean((one) => one.gaussLogLikelihood),
      laplaceLogLikelihood: mean((one) => one.laplaceLogLikelihood),
    };
  });
}
