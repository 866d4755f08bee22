/**
 * A network between its trace and its integer program: still real numbers, but only what the integer program has a word
 * for. Normalisation is folded into a factor and a bias for each channel of the layer before it, activations into bounds.
 *
 *   value 0 is the normalised image [h, w, c]; layer i writes value i + 1; the last value is the logits
 *   a layer with `gain` gives clamp(gain * what it computes + bias, low, high)
 */
import type { MapShape, PoolWindow, Window, WindowOperation } from '../program.ts';

export interface Affine {
  /** [m] */
  readonly gain: Float32Array;
  /** [m] */
  readonly bias: Float32Array;
  /** Bounds of the activation; infinite where there is none. */
  readonly low: number;
  readonly high: number;
}

interface Named {
  readonly name: string;
}

export interface FoldedWindow extends Named, Affine {
  readonly kind: 'window';
  readonly arithmetic: WindowOperation['arithmetic'];
  readonly x: number;
  /** [r, s, c / groups, m] */
  readonly weight: Float32Array;
  readonly window: Window;
}

/** factor * (a + b) within bounds. */
export interface FoldedSum extends Named {
  readonly kind: 'sum';
  readonly a: number;
  readonly b: number;
  readonly factor: number;
  readonly low: number;
  readonly high: number;
}

export interface FoldedPool extends Named {
  readonly kind: 'max-pool' | 'average-pool';
  readonly x: number;
  readonly window: PoolWindow;
}

/** softmax(scale * q k') v over all positions, for each head. */
export interface FoldedAttention extends Named, Affine {
  readonly kind: 'attention';
  readonly q: number;
  readonly k: number;
  readonly v: number;
  readonly heads: number;
  readonly scale: number;
}

/** A function of every number, which the program looks up. */
export interface FoldedLookup extends Named {
  readonly kind: 'lookup';
  readonly x: number;
  readonly op: LookedUp;
}

export type LookedUp = 'silu' | 'sigmoid';

/** x times a factor for each channel; gate: [1, 1, c]. */
export interface FoldedGate extends Named {
  readonly kind: 'gate';
  readonly x: number;
  readonly gate: number;
}

export type FoldedLayer = FoldedWindow | FoldedSum | FoldedPool | FoldedAttention | FoldedLookup | FoldedGate;

export interface Folded {
  readonly layers: readonly FoldedLayer[];
  /** Of every value, the image first. */
  readonly shapes: readonly MapShape[];
}

export function foldedInputs(layer: FoldedLayer): readonly number[] {
  if (layer.kind === 'sum') return [layer.a, layer.b];
  if (layer.kind === 'gate') return [layer.x, layer.gate];
  return layer.kind === 'attention' ? [layer.q, layer.k, layer.v] : [layer.x];
}

/** Which layers read each value. */
export function readersOf({ layers, shapes }: Folded): FoldedLayer[][] {
  const readers: FoldedLayer[][] = shapes.map(() => []);
  for (const layer of layers) for (const x of foldedInputs(layer)) readers[x].push(layer);
  return readers;
}
