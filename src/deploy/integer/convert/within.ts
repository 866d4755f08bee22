/**
 * Adder weights within the reach of what their layer reads. Beyond it |x - w| is |x - edge| + |edge - w|, for every x, so a
 * weight may be moved to the edge and what it loses be taken off the bias: the layer computes the same. Inputs and weights
 * then share a grid that is as fine as that of the inputs alone.
 */
import type { ValueStatistics } from './calibrate.ts';
import type { Folded, FoldedWindow } from './folded.ts';
import type { Grid } from './grids.ts';

/** A network and what was measured of its values. */
export interface Measured {
  readonly network: Folded;
  readonly statistics: readonly ValueStatistics[];
}

export function withinReach({ network, statistics }: Measured, grids: readonly Grid[]): Measured {
  const layers = [...network.layers];
  const measured = [...statistics];
  layers.forEach((layer, i) => {
    if (layer.kind !== 'window' || layer.arithmetic !== 'add') return;
    const { weight, lost } = moved(layer, grids[layer.x]);
    const bias = layer.bias.map((b, o) => b - layer.gain[o] * lost[o]);
    layers[i] = { ...layer, weight, bias };
    const of = statistics[i + 1];
    measured[i + 1] = { ...of, means: of.means.map((mean, o) => mean + lost[o]) };
  });
  return { network: { ...network, layers }, statistics: measured };
}

/** Weights between the ends of the grid, and how far those of each output channel were moved together. */
function moved({ weight, gain }: FoldedWindow, { step, zero, most }: Grid) {
  const [low, high] = [step * (-most - zero), step * (most - 1 - zero)];
  const lost = new Float64Array(gain.length);
  const near = weight.map((w, i) => {
    const edge = Math.max(low, Math.min(high, w));
    lost[i % lost.length] += Math.abs(w - edge);
    return edge;
  });
  return { weight: near, lost };
}
