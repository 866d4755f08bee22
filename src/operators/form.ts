/** What the form of a block decides: its activation, how its ordinary weights start, and how it ends. */
import { add } from '../autograd/arithmetic.ts';
import type { Tensor } from '../autograd/graph.ts';
import { silu } from '../autograd/unary.ts';
import type { Workload } from '../hardware/workload.ts';
import { activationWorkload, residualWorkload, siluWorkload } from '../layers/workloads.ts';
import type {
  BlockActivation,
  BlockContext,
  BlockPlan,
  NormDeclaration,
  WeightDeclaration,
} from './operator.ts';
import { squeezeExcite, squeezeExciteWorkloads } from './squeeze-excite.ts';

/** SiLU in the retrained networks, ReLU in the supernet (spec 3.4, 3.5). */
export function activationOf({ form }: Pick<BlockPlan, 'form'>): Exclude<BlockActivation, 'none'> {
  return form === 'published' ? 'silu' : 'relu';
}

/** Retrained networks start from Kaiming's fan-out, gamma 0 in the last norm as in the supernet (spec 3.5). */
export function firstValues({ form }: BlockPlan): Pick<WeightDeclaration, 'fan'> {
  return form === 'published' ? { fan: 'out' } : {};
}

/** The work of the activation behind `role`: `layer0.stage0.norm1.relu`. */
export function activationWork(
  plan: BlockPlan,
  role: string,
  family: string,
  c: number,
  map = plan.output,
): Workload {
  const activation = activationOf(plan);
  const work = activation === 'silu' ? siluWorkload : activationWorkload;
  return work(`${plan.name}.${role}.${activation}`, family, map.h, map.w, c);
}

/** Last norm, squeeze-excite where the block has it, residual and activation. */
export function blockEnd(
  y: Tensor,
  norm: NormDeclaration,
  plan: BlockPlan,
  context: BlockContext,
  residual: Tensor,
  squeezes: boolean,
): Tensor {
  if (plan.form !== 'published' || !squeezes) return context.norm(y, norm, activationOf(plan), residual);
  const branch = squeezeExcite(context.norm(y, norm, 'none'), plan, context);
  return silu(add(context.drop(branch), residual));
}

/** The same in workloads, behind the last norm. */
export function blockEndWorkloads(
  plan: BlockPlan,
  family: string,
  shortcut: readonly Workload[],
  squeezes: boolean,
): Workload[] {
  const { name, output } = plan;
  const activation = activationWork(plan, 'norm3', family, output.c);
  const squeeze = plan.form === 'published' && squeezes ? squeezeExciteWorkloads(plan) : [];
  const sum = residualWorkload(`${name}.add`, family, output.h, output.w, output.c);
  return [activation, ...squeeze, ...shortcut, sum];
}
