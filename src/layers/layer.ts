/**
 * A layer holds parameters and knows three things about itself: how to compute, what shape comes out, and what
 * that costs. The last two need no weights and no backend. Names are prefixes: a layer called
 * `stage0.layer1.conv2` has a parameter `stage0.layer1.conv2.weight`.
 */
import type { Parameter, ParameterTraits, Tensor } from '../autograd/graph.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
import type { Random } from '../core/random.ts';
import { type Shape, sizeOf } from '../core/shapes.ts';
import type { Workload } from '../hardware/workload.ts';
import type { Initialiser } from './initialisers.ts';

/** Values that belong to a network but are not trained: statistics of normalisation. */
export interface NamedBuffer {
  readonly name: string;
  readonly shape: Shape;
  readonly value: Buffer;
}

export interface Layer {
  readonly name: string;
  forward(x: Tensor): Tensor;
  parameters(): readonly Parameter[];
  buffers(): readonly NamedBuffer[];
  /** Shape of the result for an input of this shape. */
  outputShape(input: Shape): Shape;
  /** What the layer computes for an input of this shape; the first extent is the batch. */
  workloads(input: Shape): readonly Workload[];
}

/** Where a layer's values come from. Layers are built while no scope of the backend is open. */
export interface Source {
  readonly backend: Backend;
  readonly random: Random;
}

export function makeParameter(
  { backend, random }: Source,
  name: string,
  shape: Shape,
  traits: ParameterTraits,
  initialise: Initialiser,
): Parameter {
  const values = new Float32Array(sizeOf(shape));
  initialise(values, random.split(name));
  const value = backend.allocate(values.length);
  backend.write(value, values);
  return { name, shape, value, traits };
}

/** A buffer that outlives graphs, filled with one value. */
export function makeBuffer({ backend }: Source, name: string, shape: Shape, initial: number): NamedBuffer {
  const value = backend.allocate(sizeOf(shape));
  backend.fill(value, initial);
  return { name, shape, value };
}

/** Frees what a layer holds; parameters that it shares with others are freed once, whoever comes first. */
export function disposeLayers(backend: Backend, layers: Iterable<Layer>): void {
  const values = new Set<Buffer>();
  for (const layer of layers) {
    for (const { value } of layer.parameters()) values.add(value);
    for (const { value } of layer.buffers()) values.add(value);
  }
  for (const value of values) backend.free(value);
}
