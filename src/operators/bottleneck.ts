/**
 * The bottleneck that convolution, add and shift have in common (spec 3.4); only the inner product differs:
 *
 *   x ─ 1x1 ─ 3x3 depthwise (PEG, carries the stride) ─ norm relu ─ kxk ─ norm relu ─ 1x1 ─ norm(0) ─ + ─ relu
 *   └────────────────── identity | 1x1 | average, 1x1 | strided 3x3, norm ──────────────────────────┘
 *
 * In the published form it is SiLU for ReLU, and squeeze-excite behind the last norm. Unlike in the release, whose add
 * blocks have no 1x1 in the shortcut and no norm behind their first one, add is no exception to either (spec 4.1, 11.2).
 */
import type { Tensor } from '../autograd/graph.ts';
import { averagePool } from '../autograd/pool.ts';
import type { Workload, WorkloadKind } from '../hardware/workload.ts';
import { normWorkload, windowWorkload } from '../layers/workloads.ts';
import { activationOf, activationWork, blockEnd, blockEndWorkloads, firstValues } from './form.ts';
import type { OperatorName } from './names.ts';
import type { BlockContext, BlockPlan, NormDeclaration, Operator, WeightDeclaration } from './operator.ts';
import { squeezeExciteWeights } from './squeeze-excite.ts';

export interface WindowOptions {
  readonly stride: number;
  readonly pad: number;
  readonly groups: number;
}

/** What tells one family from another: how it meets inputs and weights. */
export interface Primitive {
  readonly kind: WorkloadKind & ('conv' | 'add' | 'shift');
  /** An input as the family reads it, before it is brought to its width: a shift layer reads fixed point. */
  input(x: Tensor): Tensor;
  /** x [n, h, w, c], effective weight [r, s, c / groups, m] -> [n, e, f, m]. */
  window(x: Tensor, weight: Tensor, options: WindowOptions): Tensor;
  /**
   * Normalise between the 1x1 and the depthwise window as well: an adder's output is a large negative number,
   * and an adder reading it saturates (spec 4.1: a norm after every adder layer).
   */
  readonly normAfterPointwise: boolean;
}

/** Layers of a family in a block: what each reads and its weight, at their widths, and the window over them. */
export function layersOf(primitive: Primitive, context: BlockContext) {
  return (x: Tensor, declaration: WeightDeclaration, options: WindowOptions): Tensor =>
    primitive.window(...context.operands(primitive.input(x), declaration), options);
}

/** Suffix of the weights that only a resolution change uses ("_d" branches, spec 3.3). */
export function suffix(plan: BlockPlan): string {
  return plan.stride === 2 || plan.entry ? '.down' : '';
}

/** Pixels a side of the middle window: 3 as published, or what the stage of the space asks for. */
function middle(plan: BlockPlan): number {
  return plan.kernel ?? 3;
}

export function bottleneckWeights(plan: BlockPlan): WeightDeclaration[] {
  const { inner, input, output } = plan;
  const down = suffix(plan);
  const declared: WeightDeclaration[] = [
    { role: `conv1${down}`, shape: [1, 1, input.c, inner], shared: true },
    { role: 'peg', shape: [3, 3, 1, inner], shared: false },
    { role: 'conv2', shape: [middle(plan), middle(plan), inner, inner], shared: true },
    { role: 'conv3', shape: [1, 1, inner, output.c], shared: true },
  ];
  if (plan.shortcut !== 'identity') declared.push(shortcutWeight(plan, true));
  const started = declared.map((weight) => ({ ...weight, ...firstValues(plan) }));
  return plan.form === 'published' ? [...started, ...squeezeExciteWeights(plan)] : started;
}

export function shortcutWeight(plan: BlockPlan, shared: boolean): WeightDeclaration {
  const window = plan.shortcut === 'conv3x3' ? 3 : 1;
  return {
    role: `shortcut${suffix(plan)}`,
    shape: [window, window, plan.input.c, plan.output.c],
    shared,
    ...firstValues(plan),
  };
}

export function bottleneckNorms(plan: BlockPlan, normAfterPointwise: boolean): NormDeclaration[] {
  const declared: NormDeclaration[] = [
    { role: 'norm1', channels: plan.inner, zero: false },
    { role: 'norm2', channels: plan.inner, zero: false },
    { role: 'norm3', channels: plan.output.c, zero: true },
  ];
  if (normAfterPointwise) declared.unshift({ role: 'norm0', channels: plan.inner, zero: false });
  if (plan.shortcut !== 'identity') {
    declared.push({ role: `shortcut-norm${suffix(plan)}`, channels: plan.output.c, zero: false });
  }
  return declared;
}

/** The residual path of a block, in the family's own arithmetic. */
export function shortcut(
  x: Tensor,
  plan: BlockPlan,
  context: BlockContext,
  primitive: Primitive,
  shared: boolean,
): Tensor {
  if (plan.shortcut === 'identity') return x;
  const declaration = shortcutWeight(plan, shared);
  const norm: NormDeclaration = {
    role: `shortcut-norm${suffix(plan)}`,
    channels: plan.output.c,
    zero: false,
  };
  const layer = layersOf(primitive, context);
  let y: Tensor;
  switch (plan.shortcut) {
    case 'project':
      y = layer(x, declaration, { stride: 1, pad: 0, groups: 1 });
      break;
    case 'average-down':
      y = layer(averageDown(x, plan), declaration, { stride: 1, pad: 0, groups: 1 });
      break;
    case 'conv3x3':
      y = layer(x, declaration, { stride: plan.stride, pad: 1, groups: 1 });
      break;
  }
  return context.norm(y, norm, 'none');
}

/**
 * Halves a map by 2x2 averages; an odd map is padded, the padding not counted. Where only one side is odd no
 * padding of all four fits both, and windows of 3x3 halve them alike.
 */
function averageDown(x: Tensor, { input: { h, w } }: BlockPlan): Tensor {
  if (h % 2 !== w % 2) return averagePool(x, { kernel: 3, stride: 2, pad: 1 });
  return averagePool(x, { kernel: 2, stride: 2, pad: h % 2 });
}

export function shortcutWorkloads(plan: BlockPlan, kind: WorkloadKind, family: string): Workload[] {
  const { input, output } = plan;
  const place = { name: `${plan.name}.shortcut`, kind, family, c: input.c, m: output.c, groups: 1 };
  const out = { e: output.h, f: output.w };
  const norm = normWorkload(`${plan.name}.shortcut-norm`, family, output.h, output.w, output.c);
  switch (plan.shortcut) {
    case 'identity':
      return [];
    case 'project':
    case 'average-down':
      return [windowWorkload({ ...place, h: output.h, w: output.w, r: 1, s: 1, stride: 1, ...out }), norm];
    case 'conv3x3':
      return [
        windowWorkload({ ...place, h: input.h, w: input.w, r: 3, s: 3, stride: plan.stride, ...out }),
        norm,
      ];
  }
}

export function bottleneckForward(
  x: Tensor,
  plan: BlockPlan,
  context: BlockContext,
  primitive: Primitive,
): Tensor {
  const [conv1, peg, conv2, conv3] = bottleneckWeights(plan);
  const norms = new Map(bottleneckNorms(plan, primitive.normAfterPointwise).map((norm) => [norm.role, norm]));
  const pointwise = { stride: 1, pad: 0, groups: 1 };
  const activation = activationOf(plan);
  const layer = layersOf(primitive, context);
  let y = layer(x, conv1, pointwise);
  if (primitive.normAfterPointwise) y = context.norm(y, norms.get('norm0')!, activation);
  y = layer(y, peg, { stride: plan.stride, pad: 1, groups: plan.inner });
  y = context.norm(y, norms.get('norm1')!, activation);
  y = layer(y, conv2, { stride: 1, pad: (middle(plan) - 1) / 2, groups: 1 });
  y = context.norm(y, norms.get('norm2')!, activation);
  y = layer(y, conv3, pointwise);
  const residual = shortcut(x, plan, context, primitive, true);
  return blockEnd(y, norms.get('norm3')!, plan, context, residual, true);
}

export function bottleneckWorkloads(plan: BlockPlan, primitive: Primitive, family: string): Workload[] {
  const { name, input, output, inner } = plan;
  const { kind } = primitive;
  const out = { h: output.h, w: output.w, e: output.h, f: output.w, stride: 1, groups: 1 };
  const pointwise = { ...out, h: input.h, w: input.w, e: input.h, f: input.w, r: 1, s: 1 };
  const norm = (role: string, channels: number, map = output) => [
    normWorkload(`${name}.${role}`, family, map.h, map.w, channels),
    activationWork(plan, role, family, channels, map),
  ];
  return [
    windowWorkload({ ...pointwise, name: `${name}.conv1`, kind, family, c: input.c, m: inner }),
    ...(primitive.normAfterPointwise ? norm('norm0', inner, input) : []),
    windowWorkload({
      ...out,
      name: `${name}.peg`,
      kind,
      family,
      h: input.h,
      w: input.w,
      r: 3,
      s: 3,
      c: inner,
      m: inner,
      stride: plan.stride,
      groups: inner,
    }),
    ...norm('norm1', inner),
    windowWorkload({
      ...out,
      name: `${name}.conv2`,
      kind,
      family,
      r: middle(plan),
      s: middle(plan),
      c: inner,
      m: inner,
    }),
    ...norm('norm2', inner),
    windowWorkload({ ...out, name: `${name}.conv3`, kind, family, r: 1, s: 1, c: inner, m: output.c }),
    normWorkload(`${name}.norm3`, family, output.h, output.w, output.c),
    ...blockEndWorkloads(plan, family, shortcutWorkloads(plan, kind, family), true),
  ];
}

/** The record of a family whose block is this bottleneck. */
export function bottleneckOperator(
  name: OperatorName,
  letter: string,
  title: string,
  primitive: Primitive,
): Operator {
  return {
    name,
    letter,
    title,
    weights: bottleneckWeights,
    norms: (plan) => bottleneckNorms(plan, primitive.normAfterPointwise),
    products: [],
    forward: (x, plan, context) => bottleneckForward(x, plan, context, primitive),
    workloads: (plan) => bottleneckWorkloads(plan, primitive, name),
  };
}
