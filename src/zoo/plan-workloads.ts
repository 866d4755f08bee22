/**
 * What the steps of a plan cost. A normalisation folds to a scale and an offset; the conventions are those of
 * describe.ts, which the networks that are only priced are written with.
 */
import type { Workload } from '../hardware/workload.ts';
import { linearWorkload, vectorWorkload, windowWorkload } from '../layers/workloads.ts';
import type { MapSize } from '../operators/operator.ts';
import {
  type ElementWork,
  GELU,
  LAYER_NORM,
  NORM,
  NORM_RELU,
  product,
  RELU,
  residual,
  SOFTMAX,
} from './describe.ts';
import type { Step, WindowStep } from './plan.ts';

const NORMS = { none: NORM, relu: NORM_RELU, relu6: { multiplications: 1, additions: 3 } } as const;
const SUMS = { none: residual({ multiplications: 0, additions: 0 }), relu: residual(RELU) } as const;

/** Workloads of one image, shortcuts before the bodies they go past. */
export function planWorkloads(steps: readonly Step[]): Workload[] {
  return steps.flatMap(stepWorkloads);
}

function stepWorkloads(step: Step): Workload[] {
  const { name, family, input, output } = step;
  switch (step.kind) {
    case 'window': {
      const { arithmetic: kind, kernel, stride, groups } = step;
      const out = { m: output.c, e: output.h, f: output.w };
      if (disjoint(step)) {
        // a product with patches that lie in a row each: no register file has to hold a window
        const rows = { h: output.h, w: output.w, c: kernel ** 2 * input.c, r: 1, s: 1, stride: 1, groups };
        return [windowWorkload({ name, kind, family, ...rows, ...out })];
      }
      const sizes = { h: input.h, w: input.w, c: input.c, ...out };
      return [windowWorkload({ name, kind, family, ...sizes, r: kernel, s: kernel, stride, groups })];
    }
    case 'norm':
      return [elements(name, family, output, NORMS[step.activation])];
    case 'max-pool':
      return [pool(name, family, input, output, step.kernel ** 2)];
    case 'mean':
      return [pool(name, family, input, output, input.h * input.w)];
    case 'residual':
      return [
        ...planWorkloads(step.shortcut),
        ...planWorkloads(step.body),
        elements(`${name}.residual`, family, output, SUMS[step.activation]),
      ];
    case 'classifier':
      return [linearWorkload(name, family, 1, input.h * input.w * input.c, output.c)];
    case 'position':
      return [elements(name, family, output, { multiplications: 0, additions: 1, operands: 1 })];
    case 'layer-norm':
      return [elements(name, family, output, LAYER_NORM)];
    case 'gelu':
      return [elements(name, family, output, GELU)];
    case 'attention': {
      const { heads } = step;
      const [rows, width] = [output.h * output.w, output.c / heads];
      return [
        product(`${name}.scores`, heads, rows, width, rows),
        elements(`${name}.softmax`, family, { h: 1, w: 1, c: rows }, SOFTMAX, heads * rows),
        product(`${name}.mix`, heads, rows, rows, width),
      ];
    }
  }
}

/** Whether windows lie side by side: the patches of a vision transformer. */
export function disjoint({ kernel, stride, pad }: WindowStep): boolean {
  return kernel > 1 && stride === kernel && pad === 0;
}

function elements(name: string, family: string, { h, w, c }: MapSize, work: ElementWork, rows = 1): Workload {
  return vectorWorkload(name, family, [rows, h, w, c], work);
}

/** A comparison or an addition for each of `taps` values an output is made of. */
function pool(name: string, family: string, input: MapSize, output: MapSize, taps: number): Workload {
  const work = elements(name, family, input, { multiplications: 0, additions: taps });
  return { ...work, e: output.h, f: output.w };
}
