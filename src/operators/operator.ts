/**
 * An operator family is one record: how its block computes, which weights it asks for, and what it costs. A
 * block never owns weights. It asks a `BlockContext` for each of them by role, already in the form its family
 * computes with (convolution: W; add: the scaled and offset copy; shift: powers of two), so the same block
 * serves a supernet that shares tensors between families and a network that is trained alone.
 */
import type { Graph, Tensor } from '../autograd/graph.ts';
import type { Shape } from '../core/shapes.ts';
import type { Workload } from '../hardware/workload.ts';
import type { OperatorName } from './names.ts';

export interface MapSize {
  readonly h: number;
  readonly w: number;
  readonly c: number;
}

/** One searchable layer at its place in a network: sizes, without weights. */
export interface BlockPlan {
  /** Where its weights stand: `layer3.stage1`. */
  readonly name: string;
  readonly input: MapSize;
  readonly output: MapSize;
  /** Channels inside the bottleneck: output.c / 4. */
  readonly inner: number;
  readonly stride: 1 | 2;
  /** Pixels a side of the middle window of convolution, add and shift; odd, 3 unless given. */
  readonly kernel?: number | undefined;
  /** Attention: channels per head. */
  readonly headWidth: number;
  /**
   * identity: same shape in and out. project: 1x1 + norm. average-down: 2x2 average, 1x1 + norm, as the
   * retrained networks do (spec 3.5). conv3x3: strided 3x3 + norm, as the released supernet does (spec 3.3).
   */
  readonly shortcut: 'identity' | 'project' | 'average-down' | 'conv3x3';
  /**
   * supernet, also when absent: ReLU. published: as the retrained networks (spec 3.5), SiLU, and squeeze-excite in
   * convolution, add and shift.
   */
  readonly form?: BlockForm | undefined;
  /** First layer of a later stage though its stride is 1: it has the weights of a change of resolution all the same. */
  readonly entry?: true;
}

export const BLOCK_FORMS = ['supernet', 'published'] as const;
export type BlockForm = (typeof BLOCK_FORMS)[number];

/** A weight a block asks for. `shared`: all families that share may read one tensor (spec 5.2). */
export interface WeightDeclaration {
  readonly role: string;
  readonly shape: Shape; // [r, s, c / groups, m]
  readonly shared: boolean;
  /** An ordinary weight or bias in whatever family: what it computes is no part of the search. */
  readonly ordinary?: 'weight' | 'bias';
  /** Kaiming's fan of its first values where they are drawn for multiplications: 'in' when absent. */
  readonly fan?: 'out';
}

export interface NormDeclaration {
  readonly role: string;
  readonly channels: number;
  /** The last norm of a block starts at gamma = 0, so that the block starts as its shortcut (spec 3.4). */
  readonly zero: boolean;
}

export interface BlockContext {
  readonly graph: Graph;
  /** What a layer computes with: x, and the effective weight of its role as this family reads it, at their widths. */
  operands(x: Tensor, declaration: WeightDeclaration): readonly [x: Tensor, weight: Tensor];
  /** A bias, as it is. */
  bias(declaration: WeightDeclaration): Tensor;
  /** A tensor of the operator's `products`, by its role, at its width. */
  product(x: Tensor, role: string): Tensor;
  /**
   * Batch normalisation of this family and role, then the activation; `residual` is added before it. Nothing else may
   * read x: without a tape its memory is free at once.
   */
  norm(x: Tensor, declaration: NormDeclaration, activation: BlockActivation, residual?: Tensor): Tensor;
  /** The residual branch of a block that does not end in a norm, left out for some images where norms do so too. */
  drop(branch: Tensor): Tensor;
}

export type BlockActivation = 'none' | 'relu' | 'silu';

export interface Operator {
  readonly name: OperatorName;
  /** In encoded genotypes. */
  readonly letter: string;
  readonly title: string;
  weights(plan: BlockPlan): readonly WeightDeclaration[];
  norms(plan: BlockPlan): readonly NormDeclaration[];
  /** Roles of tensors that the block multiplies with each other, and not with a weight. */
  readonly products: readonly string[];
  /** x: [n, h, w, c] of plan.input -> [n, h, w, c] of plan.output. */
  forward(x: Tensor, plan: BlockPlan, context: BlockContext): Tensor;
  /** Per image. */
  workloads(plan: BlockPlan): readonly Workload[];
}
