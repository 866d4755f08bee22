/**
 * The tensors of a network as a PyTorch module keeps them, read off its program: which constant, under which name, with
 * its axes in which order.
 *
 *   window        [r, s, c / groups, m]   NAME.weight [m, c / groups, r, s]
 *   batch norm    [c]                     NAME.weight, .bias, .running_mean, .running_var
 *   layer norm    [c]                     NAME.weight, .bias
 *   classifier    [c, classes]            NAME.weight [classes, c], NAME.bias; behind a map [h w c, classes], as PyTorch
 *                                         flattens maps with their channels first: [classes, c h w]
 *   positions     [h, w, c]               NAME [c, h, w]
 */
import type { Shape } from '../../core/shapes.ts';
import { sizeOf } from '../../core/shapes.ts';
import type { Operation } from '../program.ts';
import { namingOf } from './naming.ts';

export interface Entry {
  /** In PyTorch. */
  readonly name: string;
  /** Of the program, which for a weight that is used as it is trained is the name of its tensor. */
  readonly constant: string;
  /** As it lies here, split into the axes that change places. */
  readonly from: Shape;
  /** Axis i in PyTorch is axis axes[i] here. */
  readonly axes: readonly number[];
  /** In PyTorch. */
  readonly shape: Shape;
}

/** The steps of a program without their constants. */
export interface Steps {
  readonly operations: readonly Operation[];
  readonly shapes: readonly Shape[];
}

/** Tensors in the order they are computed with. `base`: the network's name in the zoo without variant and width. */
export function entriesOf(steps: Steps, base?: string): Entry[] {
  const { operations } = steps;
  const found = operations.flatMap((operation) => entriesOfOne(operation, steps));
  const naming = namingOf(base, new Set(operations.map(({ name }) => name)));
  return found.map(({ layer, role, ...entry }) => ({ ...entry, name: [naming(layer), ...role].join('.') }));
}

type Draft = Omit<Entry, 'name'> & { readonly layer: string; readonly role: readonly string[] };

function entriesOfOne(operation: Operation, { operations, shapes }: Steps): Draft[] {
  const layer = operation.name;
  switch (operation.kind) {
    case 'window': {
      const { r, s, c, groups, m } = operation.window;
      const from = [r, s, c / groups, m];
      return [reordered(layer, ['weight'], operation.weight, from, [3, 2, 0, 1])];
    }
    case 'batch-norm': {
      const { gamma, beta, mean, variance, channels } = operation;
      const roles = { weight: gamma, bias: beta, running_mean: mean, running_var: variance };
      return Object.entries(roles).map(([role, name]) => vector(layer, [role], name, channels));
    }
    case 'layer-norm':
      return [
        vector(layer, ['weight'], operation.gamma, operation.columns),
        vector(layer, ['bias'], operation.beta, operation.columns),
      ];
    case 'matmul': {
      const { a, b, product } = operation;
      if (typeof b !== 'string') return [];
      const { n, k, transposeB } = product;
      if (transposeB) return [reordered(layer, ['weight'], b, [n, k], [0, 1])];
      const [, h, w, c] = shapes[a];
      if (shapes[a].length !== 4 || h * w === 1) return [reordered(layer, ['weight'], b, [k, n], [1, 0])];
      return [{ ...reordered(layer, ['weight'], b, [h, w, c, n], [3, 2, 0, 1]), shape: [n, k] }];
    }
    case 'binary': {
      const { a, b, inner } = operation;
      if (typeof b !== 'string') return [];
      const before = operations[a - 1];
      if (before?.kind === 'matmul') return [vector(before.name, ['bias'], b, inner)];
      const map = shapes[a].slice(1);
      return map.length === 3 && sizeOf(map) === inner
        ? [reordered(layer, [], b, map, [2, 0, 1])]
        : [vector(layer, [], b, inner)];
    }
    default:
      return [];
  }
}

function reordered(
  layer: string,
  role: readonly string[],
  constant: string,
  from: Shape,
  axes: readonly number[],
): Draft {
  return { layer, role, constant, from, axes, shape: axes.map((axis) => from[axis]) };
}

const vector = (layer: string, role: readonly string[], constant: string, length: number): Draft =>
  reordered(layer, role, constant, [length], [0]);
