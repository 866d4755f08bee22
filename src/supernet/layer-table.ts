/**
 * The layers of a quantised network as plain data, for whoever computes with whole numbers: which widths, which steps,
 * which ranges. A value is step * q, q a whole number from `lowest` to `highest`, rounded with halves away from zero.
 */
import { activationGrid, weightGrid } from '../autograd/fake-quantise.ts';
import { Graph, type Tensor } from '../autograd/graph.ts';
import type { Buffer } from '../backends/backend.ts';
import { LOWEST_PS_EXPONENT } from './declarations.ts';
import { effectiveWeight, LOWEST_Q_EXPONENT } from './effective.ts';
import type { Network } from './network.ts';
import {
  arithmeticOf,
  type Quantisation,
  type QuantisedLayer,
  quantisedLayers,
  REAL,
  widthsOf,
} from './quantisation.ts';
import { keptRange, stepsOf } from './quantised.ts';

export interface WholeNumbers {
  readonly bits: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface LayerRecord {
  readonly layer: string;
  readonly family: QuantisedLayer['family'];
  /** Null: real numbers, or no weight. Steps: one, or one for each output channel, in units of the weight. */
  readonly weight:
    | (WholeNumbers & { readonly steps: readonly number[] })
    | { readonly bits: number; readonly lowestExponent: number; readonly highestExponent: number }
    | null;
  /** Null: real numbers. Range and step in units of what the layer reads; -lowest is the zero point. */
  readonly input:
    | (WholeNumbers & { readonly low: number; readonly high: number; readonly step: number })
    | null;
}

/** Bits of a shift weight (spec 4.2). */
const SHIFT_BITS = 5;

/** Of a network whose norms and ranges are calibrated; empty where it computes with real numbers. */
export async function layerTable(network: Network): Promise<LayerRecord[]> {
  const { space, task, genotype, quantisation } = network.config;
  if (quantisation === undefined) return [];
  const records: LayerRecord[] = [];
  for (const layer of quantisedLayers(space, task, genotype)) {
    records.push(await recordOf(network, quantisation, layer));
  }
  return records;
}

async function recordOf(
  network: Network,
  quantisation: Quantisation,
  layer: QuantisedLayer,
): Promise<LayerRecord> {
  const { store } = network;
  const { backend } = store;
  const { name } = layer;
  const family = arithmeticOf(layer.family, layer.declaration);
  const { weightBits, activationBits } = widthsOf(quantisation, name);
  const graph = new Graph(backend, { training: false });
  const read = async (buffer: Buffer) => Array.from(await backend.read(buffer));
  const one = async (buffer: Buffer) => (await read(buffer))[0];
  try {
    const weight = weightOf(graph, network, layer);
    const range = activationBits === REAL ? undefined : keptRange(store, name);
    const steps = stepsOf(quantisation, { layer: name, family }, weight, range, store);
    let input: LayerRecord['input'] = null;
    if (range !== undefined && steps.input !== undefined) {
      const grid = activationGrid(backend, range, steps.input, activationBits);
      input = {
        bits: activationBits,
        low: await one(range.low),
        high: await one(range.high),
        step: await one(grid.step),
        lowest: await one(grid.lowest),
        highest: await one(grid.highest),
      };
    }
    let whole: LayerRecord['weight'] = null;
    if (family === 'shift') {
      const lowest = network.config.sharing.shift === 'Q' ? LOWEST_Q_EXPONENT : LOWEST_PS_EXPONENT;
      whole = { bits: SHIFT_BITS, lowestExponent: lowest, highestExponent: 0 };
    } else if (steps.weight !== undefined) {
      const grid = weightGrid(backend, steps.weight, weightBits);
      whole = {
        bits: weightBits,
        steps: await read(grid.step),
        lowest: await one(grid.lowest),
        highest: await one(grid.highest),
      };
    }
    return { layer: name, family, weight: whole, input };
  } finally {
    graph.close();
  }
}

function weightOf(
  graph: Graph,
  { store, config }: Network,
  { name, family, place, declaration }: QuantisedLayer,
): Tensor | undefined {
  if (family === 'stem') return graph.parameter(store.parameter('stem.conv'));
  if (family === 'head') return graph.parameter(store.parameter(`${name}.weight`));
  if (place === undefined || declaration === undefined) return undefined;
  return effectiveWeight(graph, store, config.sharing, place, family, declaration);
}
