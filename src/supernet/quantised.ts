/**
 * What a layer of a quantised network computes with. Ranges of activations follow norms: training uses the batch's own
 * (Banner et al. 2018 do), for no running average could serve every path of a supernet; calibration keeps the average
 * over its batches of their smallest and largest values; evaluation uses what was kept.
 */
import {
  activationGrid,
  activationStep,
  coarserStep,
  fakeQuantise,
  rangeOf,
  type ValueRange,
  weightGrid,
  weightStep,
} from '../autograd/fake-quantise.ts';
import type { Tensor } from '../autograd/graph.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
import { moveTowards } from '../layers/running-statistics.ts';
import type { NormMode } from './norm.ts';
import { type Quantisation, type QuantisedLayer, REAL, widthsOf } from './quantisation.ts';
import type { WeightStore } from './store.ts';

/** Where a layer stands, and how it is run. */
export interface LayerUse {
  readonly layer: string;
  readonly family: QuantisedLayer['family'];
  readonly mode: NormMode;
}

/** Steps of the two grids of a layer; undefined where it reads real numbers. */
export interface Steps {
  readonly input?: Buffer;
  readonly weight?: Buffer;
}

/** Room for the ranges of what quantised layers read. */
export function declareRanges(
  store: WeightStore,
  quantisation: Quantisation | undefined,
  layers: Iterable<QuantisedLayer>,
): void {
  if (quantisation === undefined) return;
  for (const { name } of layers) {
    if (widthsOf(quantisation, name).activationBits === REAL) continue;
    store.declareStatistic(`${name}.low`, [1], -1);
    store.declareStatistic(`${name}.high`, [1], 1);
  }
}

/** What calibration kept for a layer. */
export function keptRange(store: WeightStore, layer: string): ValueRange {
  return { low: store.statistic(`${layer}.low`), high: store.statistic(`${layer}.high`) };
}

function rangeFor(x: Tensor, store: WeightStore, { layer, mode }: LayerUse): ValueRange {
  if (mode.kind === 'evaluate') return keptRange(store, layer);
  const range = rangeOf(x);
  if (mode.kind === 'calibrate') {
    const kept = keptRange(store, layer);
    const share = 1 / (mode.batch + 1);
    moveTowards(store.backend, kept.low, range.low, share);
    moveTowards(store.backend, kept.high, range.high, share);
  }
  return range;
}

/** The steps that a layer's input, of this range, and its weight are counted in. */
export function stepsOf(
  quantisation: Quantisation,
  { layer, family }: Pick<LayerUse, 'layer' | 'family'>,
  weight: Tensor | undefined,
  range: ValueRange | undefined,
  backend: Backend,
): Steps {
  const { weightBits, activationBits } = widthsOf(quantisation, layer);
  const per = family === 'add' ? 'layer' : quantisation.weightScales;
  const input = range === undefined ? undefined : activationStep(backend, range, activationBits);
  const rounded = weight !== undefined && weightBits !== REAL && family !== 'shift';
  const own = rounded ? weightStep(weight, weightBits, per) : undefined;
  if (family === 'add' && input !== undefined && own !== undefined) {
    const step = coarserStep(backend, input, own);
    return { input: step, weight: step };
  }
  return { ...(input === undefined ? {} : { input }), ...(own === undefined ? {} : { weight: own }) };
}

/** A layer's input and weight at their widths; themselves where these are real numbers. */
export function operands(
  x: Tensor,
  weight: Tensor,
  store: WeightStore,
  quantisation: Quantisation | undefined,
  use: LayerUse,
): readonly [x: Tensor, weight: Tensor] {
  if (quantisation === undefined) return [x, weight];
  const { backend } = x.graph;
  const { weightBits, activationBits } = widthsOf(quantisation, use.layer);
  const range = activationBits === REAL ? undefined : rangeFor(x, store, use);
  const steps = stepsOf(quantisation, use, weight, range, backend);
  return [
    range === undefined || steps.input === undefined
      ? x
      : fakeQuantise(x, activationGrid(backend, range, steps.input, activationBits)),
    steps.weight === undefined ? weight : fakeQuantise(weight, weightGrid(backend, steps.weight, weightBits)),
  ];
}

/** A tensor that is multiplied with another activation, at its width. */
export function product(
  x: Tensor,
  store: WeightStore,
  quantisation: Quantisation | undefined,
  use: LayerUse,
): Tensor {
  const { activationBits } = widthsOf(quantisation, use.layer);
  if (activationBits === REAL) return x;
  const { backend } = x.graph;
  const range = rangeFor(x, store, use);
  const step = activationStep(backend, range, activationBits);
  return fakeQuantise(x, activationGrid(backend, range, step, activationBits));
}
