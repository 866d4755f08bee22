/**
 * One pass through a translator as nodes of an ONNX graph, as src/supernet/translator/pass.ts is one through its kernels.
 *
 * Images are traced, and no network is described twice (src/deploy/trace.ts). A translator is described a second time here,
 * in this folder, for its two lengths are open at once: kernels are told sizes, and say nothing of which length they came
 * from, what a mask is made of, or where the table of positions is cut. The files of this folder follow those of
 * src/supernet/translator/ one by one; prove.ts holds what they write to what the translator computes before anyone gets it,
 * and tests hold every block type and both places of norms.
 */
import { internal } from '../../../core/errors.ts';
import type { Shape } from '../../../core/shapes.ts';
import type { TranslationNetwork } from '../../../spaces/seq2seq/network.ts';
import type { NormPlace } from '../../../supernet/translator/declarations.ts';
import { type NodeOptions, type OnnxGraph, PART } from '../../onnx/graph.ts';
import { publicName } from '../names.ts';
import type { TranslatorWeights } from '../weights.ts';

/** The epsilon of src/autograd/layer-norm.ts. */
const EPSILON = 1e-5;

export interface OnnxPassOptions {
  readonly graph: OnnxGraph;
  readonly weights: TranslatorWeights;
  readonly network: TranslationNetwork;
  readonly norm: NormPlace;
  readonly longest: number;
}

/** Values are the names of nodes. */
export class OnnxPass {
  readonly graph: OnnxGraph;
  readonly network: TranslationNetwork;
  readonly norm: NormPlace;
  readonly longest: number;
  private readonly weights: TranslatorWeights;
  /** Constants by name, each written once. */
  private readonly written = new Map<string, string>();

  constructor({ graph, weights, network, norm, longest }: OnnxPassOptions) {
    this.graph = graph;
    this.weights = weights;
    this.network = network;
    this.norm = norm;
    this.longest = longest;
  }

  /** The values of a weight, under its name in the translator. */
  values(name: string): Float32Array {
    const data = this.weights.get(name)?.data;
    return data instanceof Float32Array ? data : internal(`no weight ${name}`);
  }

  /** A weight as a constant, as the translator has it; `shape` and `change` make something else of it. */
  constant(
    name: string,
    shape: Shape = this.weights.get(name)?.shape ?? [],
    change: (values: Float32Array) => Float32Array = (values) => values,
  ): string {
    const known = this.written.get(name);
    if (known !== undefined) return known;
    const own = this.graph.floats(publicName(name), shape, change(this.values(name)));
    this.written.set(name, own);
    return own;
  }

  /** A node that belongs to the layer that its neighbour states to those who price the file. */
  part(operator: string, name: string, inputs: readonly string[], options: NodeOptions = {}): string {
    return this.graph.node(operator, name, inputs, { ...options, metadata: PART });
  }

  /** x [..., inputs] -> [..., outputs], with the matrix and the bias of these names. */
  product(name: string, x: string, matrix: string, bias: string): string {
    const y = this.graph.node('MatMul', name, [x, this.constant(matrix)]);
    return this.part('Add', `${name}.sum`, [y, this.constant(bias)]);
  }

  linear(name: string, x: string): string {
    return this.product(name, x, `${name}.weight`, `${name}.bias`);
  }

  layerNorm(name: string, x: string): string {
    const inputs = [x, this.constant(`${name}.gamma`), this.constant(`${name}.beta`)];
    return this.normalised(name, inputs);
  }

  normalised(name: string, inputs: readonly string[]): string {
    const attributes = { axis: -1, epsilon: { float: EPSILON } };
    return this.graph.node('LayerNormalization', name, inputs, { attributes });
  }

  /** A sublayer with its residual addition and its normalisation. */
  sublayer(place: string, x: string, work: (x: string) => string): string {
    const norm = (value: string) => this.layerNorm(`${place}.norm`, value);
    const added = (value: string) => this.graph.node('Add', `${place}.residual`, [x, work(value)]);
    return this.norm === 'pre' ? added(norm(x)) : norm(added(x));
  }

  /** Elements start ... end of the last axis. */
  columns(name: string, x: string, start: number, end: number): string {
    const { graph } = this;
    return graph.node('Slice', name, [x, ...[[start], [end], [-1]].map((row) => graph.integers(row))]);
  }

  /** The extent of axis 1, as a row of one number. */
  length(name: string, x: string): string {
    const { graph } = this;
    const sizes = graph.node('Shape', `${name}.sizes`, [x]);
    return graph.node('Slice', `${name}.length`, [
      sizes,
      ...[[1], [2], [0]].map((row) => graph.integers(row)),
    ]);
  }

  /** The first `count` rows of a constant; `count` is a row of one number. */
  first(name: string, table: string, count: string): string {
    return this.graph.node('Slice', name, [table, this.graph.integers([0]), count, this.graph.integers([0])]);
  }

  reshape(name: string, x: string, shape: readonly number[]): string {
    return this.graph.node('Reshape', name, [x, this.graph.integers(shape)]);
  }

  unsqueeze(name: string, x: string, axes: readonly number[]): string {
    return this.graph.node('Unsqueeze', name, [x, this.graph.integers(axes)]);
  }

  transpose(name: string, x: string, perm: readonly number[]): string {
    return this.graph.node('Transpose', name, [x], { attributes: { perm } });
  }
}
