/**
 * Multi-head self-attention over all positions of a map (spec 3.4), with a depthwise 3x3 window as position
 * encoding. All weights are its own and ordinary multiplications (spec 5.2).
 *
 *   x ─ 1x1 ─ PEG ─ norm relu ─ qkv ─ softmax(q k' / sqrt d) v ─ norm relu ─ 1x1 ─ norm(0) ─ + ─ relu
 */
import { ATTENTION_PRODUCTS, attentionOverPositions } from '../layers/attention.ts';
import { attentionWorkloads, normWorkload, windowWorkload } from '../layers/workloads.ts';
import { layersOf, shortcut, shortcutWeight, shortcutWorkloads, suffix } from './bottleneck.ts';
import { convPrimitive } from './conv.ts';
import { activationOf, activationWork, blockEnd, blockEndWorkloads, firstValues } from './form.ts';
import type { BlockPlan, NormDeclaration, Operator, WeightDeclaration } from './operator.ts';

const family = 'attention';

function heads(plan: BlockPlan): number {
  return Math.max(1, Math.floor(plan.inner / plan.headWidth));
}

function weights(plan: BlockPlan): WeightDeclaration[] {
  const { inner, input, output } = plan;
  const declared = [
    { role: `conv1${suffix(plan)}`, shape: [1, 1, input.c, inner], shared: false },
    { role: 'peg', shape: [3, 3, 1, inner], shared: false },
    { role: 'qkv', shape: [1, 1, inner, 3 * inner], shared: false },
    { role: 'conv3', shape: [1, 1, inner, output.c], shared: false },
  ].map((weight) => ({ ...weight, ...firstValues(plan) }));
  return plan.shortcut === 'identity' ? declared : [...declared, shortcutWeight(plan, false)];
}

function norms(plan: BlockPlan): NormDeclaration[] {
  const declared = [
    { role: 'norm1', channels: plan.inner, zero: false },
    { role: 'norm2', channels: plan.inner, zero: false },
    { role: 'norm3', channels: plan.output.c, zero: true },
  ];
  if (plan.shortcut === 'identity') return declared;
  return [...declared, { role: `shortcut-norm${suffix(plan)}`, channels: plan.output.c, zero: false }];
}

export const attention: Operator = {
  name: 'attention',
  letter: 'a',
  title: 'Attention',
  weights,
  norms,
  products: ATTENTION_PRODUCTS,

  forward(x, plan, context) {
    const [conv1, peg, qkv, conv3] = weights(plan);
    const [norm1, norm2, norm3] = norms(plan);
    const pointwise = { stride: 1, pad: 0, groups: 1 };
    const activation = activationOf(plan);
    const layer = layersOf(convPrimitive, context);
    let y = layer(x, conv1, pointwise);
    y = layer(y, peg, { stride: plan.stride, pad: 1, groups: plan.inner });
    y = context.norm(y, norm1, activation);
    y = attentionOverPositions(layer(y, qkv, pointwise), heads(plan), (part, role) =>
      context.product(part, role),
    );
    y = context.norm(y, norm2, activation);
    y = layer(y, conv3, pointwise);
    return blockEnd(y, norm3, plan, context, shortcut(x, plan, context, convPrimitive, false), false);
  },

  workloads(plan) {
    const { name, input, output, inner } = plan;
    const kind = 'conv';
    const map = { h: output.h, w: output.w, e: output.h, f: output.w, r: 1, s: 1, stride: 1, groups: 1 };
    const norm = (role: string, channels: number) => [
      normWorkload(`${name}.${role}`, family, output.h, output.w, channels),
      activationWork(plan, role, family, channels),
    ];
    const before = { ...map, h: input.h, w: input.w, e: input.h, f: input.w };
    return [
      windowWorkload({ ...before, name: `${name}.conv1`, kind, family, c: input.c, m: inner }),
      windowWorkload({
        ...map,
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
      windowWorkload({ ...map, name: `${name}.qkv`, kind, family, c: inner, m: 3 * inner }),
      ...attentionWorkloads(name, family, output.h * output.w, inner, heads(plan)),
      ...norm('norm2', inner),
      windowWorkload({ ...map, name: `${name}.conv3`, kind, family, c: inner, m: output.c }),
      normWorkload(`${name}.norm3`, family, output.h, output.w, output.c),
      ...blockEndWorkloads(plan, family, shortcutWorkloads(plan, kind, family), false),
    ];
  },
};
