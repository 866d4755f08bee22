/** The tensors of a plan as data, and how many values they hold. */
import { PLAIN, UNDECAYED } from '../autograd/graph.ts';
import type { Shape } from '../core/shapes.ts';
import { constant, normal, ones, zeros } from '../layers/initialisers.ts';
import { type Declaration, normDeclarations, weightDeclarations } from '../supernet/declarations.ts';
import type { SharingConfig } from '../supernet/sharing.ts';
import type { Step, WindowStep } from './plan.ts';

/** [r, s, c / groups, m] */
export function windowShapeOf({ kernel, input, output, groups }: WindowStep): Shape {
  return [kernel, kernel, input.c / groups, output.c];
}

/** The role of a window's weight: with the step's name and arithmetic it makes the name of its tensor. */
export const WEIGHT_ROLE = 'weight';

/** Every tensor of the steps, with its first values. Adders and shifts are parametrised as `sharing` says. */
export function planDeclarations(steps: readonly Step[], sharing: SharingConfig): Declaration[] {
  return steps.flatMap((step) => stepDeclarations(step, sharing));
}

function stepDeclarations(step: Step, sharing: SharingConfig): Declaration[] {
  const { name, input, output } = step;
  switch (step.kind) {
    case 'window': {
      const weight = { role: WEIGHT_ROLE, shape: windowShapeOf(step), shared: false };
      return weightDeclarations(name, step.arithmetic, weight, sharing);
    }
    case 'norm':
      return normDeclarations(name, output.c, false);
    case 'residual':
      return [...planDeclarations(step.shortcut, sharing), ...planDeclarations(step.body, sharing)];
    case 'classifier': {
      const features = input.h * input.w * input.c;
      const initialise = normal(1 / Math.sqrt(features));
      return [
        { name: `${name}.weight`, shape: [features, output.c], traits: PLAIN, initialise },
        { name: `${name}.bias`, shape: [output.c], traits: UNDECAYED, initialise: constant(0) },
      ];
    }
    case 'position': {
      const shape = [output.h, output.w, output.c];
      return [{ name: `${name}.values`, shape, traits: UNDECAYED, initialise: normal(0.02) }];
    }
    case 'layer-norm':
      return [
        { name: `${name}.gain`, shape: [output.c], traits: UNDECAYED, initialise: ones },
        { name: `${name}.bias`, shape: [output.c], traits: UNDECAYED, initialise: zeros },
      ];
    case 'max-pool':
    case 'mean':
    case 'attention':
    case 'gelu':
      return [];
  }
}

/** Weights, norms and biases of a network; a shift weight counts once, however it is learned. */
export function planParameters(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + stepParameters(step), 0);
}

function stepParameters(step: Step): number {
  const { input, output } = step;
  switch (step.kind) {
    case 'window':
      return (step.kernel ** 2 * input.c * output.c) / step.groups;
    case 'norm':
    case 'layer-norm':
      return 2 * output.c;
    case 'residual':
      return planParameters(step.shortcut) + planParameters(step.body);
    case 'classifier':
      return (input.h * input.w * input.c + 1) * output.c;
    case 'position':
      return output.h * output.w * output.c;
    case 'max-pool':
    case 'mean':
    case 'attention':
    case 'gelu':
      return 0;
  }
}
