/**
 * The layers of a quantised network as plain data, for whoever computes with whole numbers: which widths, which steps,
 * which ranges. A value is step * q, q a whole number from `lowest` to `highest`, rounded with halves away from zero.
 */
import { activationGrid, weightGrid } from '../autograd/fake-quantise.ts';
import { Graph } from '../autograd/graph.ts';
import type { Buffer } from '../backends/backend.ts';
import { LOWEST_PS_EXPONENT } from './declarations.ts';
import { LOWEST_Q_EXPONENT } from './effective.ts';
import { arithmeticOf, type Quantisation, type QuantisedLayer, REAL, widthsOf } from './quantisation.ts';
import { keptRange, stepsOf } from './quantised.ts';
import type { TrainableNetwork } from './trainable.ts';

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

/** What the table is made of. */
type Quantised = Pick<TrainableNetwork<never>, 'config' | 'store' | 'layers' | 'weightOf'>;

/** Of a network whose norms and ranges are calibrated; empty where it computes with real numbers. */
export async function layerTable(network: Quantised): Promise<LayerRecord[]> {
  const { quantisation } = network.config;
  if (quantisation === undefined) return [];
  const records: LayerRecord[] = [];
  for (const layer of network.layers()) {
    records.push(await recordOf(network, quantisation, layer));
  }
  return records;
}

async function recordOf(
  network: Quantised,
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
    const weight = network.weightOf(graph, layer);
    const range = activationBits === REAL ? undefined : keptRange(store, name);
    const steps = stepsOf(quantisation, { layer: name, family }, weight, range, backend);
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
