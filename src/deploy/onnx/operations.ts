/** Every kind of operation of a program as nodes of standard operators, one entry each. */
import { ShiftAddError } from '../../core/errors.ts';
import { type Shape, sizeOf } from '../../core/shapes.ts';
import { layerMetadata } from '../../zoo/onnx/stated.ts';
import { outputsFirst, reordered } from '../layout.ts';
import type { NormOperation, Operation, Program } from '../program.ts';
import { writeAdder } from './adder.ts';
import { type OnnxGraph, PART, type Value } from './graph.ts';
import { UNARY } from './unary.ts';

export interface Writing {
  readonly graph: OnnxGraph;
  readonly program: Program;
  /** Of every value written so far. */
  readonly values: readonly Value[];
}

type Kind = Operation['kind'];
type Writers = {
  readonly [K in Kind]: (operation: Extract<Operation, { kind: K }>, writing: Writing) => Value;
};

export const WRITERS: Writers = {
  window: (operation, writing) => {
    const { name, arithmetic, window, weight } = operation;
    const { n, h, w, c, r, s, m, e, f, stride, pad, groups } = window;
    const { graph, values } = writing;
    const x = graph.channelsFirst(values[operation.x], [n, h, w, c]);
    const data = constant(writing, weight);
    const made = { shape: [n, e, f, m], form: 'channels-first' } as const;
    const metadata =
      arithmetic === 'conv'
        ? {}
        : layerMetadata({ kind: arithmetic, h, w, c, r, s, m, e, f, stride, groups });
    if (arithmetic === 'add') {
      return { name: writeAdder(graph, name, x.name, data, window, metadata), ...made };
    }
    const own = [m, c / groups, r, s];
    const tensor = graph.floats(`${name}.weight`, own, outputsFirst(data, [r, s, c / groups, m]));
    const attributes = {
      ...{ kernel_shape: [r, s], strides: [stride, stride], pads: [pad, pad, pad, pad], group: groups },
    };
    return { name: graph.node('Conv', name, [x.name, tensor], { attributes, metadata }), ...made };
  },

  'batch-norm': (operation, writing) => {
    const { name, channels, epsilon, activation, residual } = operation;
    const { graph, values } = writing;
    const given = values[operation.x];
    const x =
      given.form === 'channels-first'
        ? given
        : graph.plain(given, [sizeOf(given.shape) / channels, channels]);
    const centred = meanTakenOff(operation, x, writing);
    const tensors = (['gamma', 'beta', 'mean', 'variance'] as const).map((role) => {
      const data = constant(writing, operation[role]);
      const own = role === 'mean' && centred !== x.name ? new Float32Array(channels) : data;
      return graph.floats(`${name}.${role}`, [channels], own);
    });
    const attributes = { epsilon: { float: epsilon } };
    let y = graph.node('BatchNormalization', name, [centred, ...tensors], { attributes });
    if (residual !== null) {
      y = graph.node('Add', `${name}.add`, [y, alike(graph, values[residual], x).name]);
    }
    if (activation === 'relu') y = graph.node('Relu', `${name}.relu`, [y]);
    return { ...x, name: y };
  },

  'layer-norm': (operation, writing) => {
    const { name, columns, epsilon } = operation;
    const { graph, values } = writing;
    const x = rows(graph, values[operation.x], columns);
    const tensors = (['gamma', 'beta'] as const).map((role) =>
      graph.floats(`${name}.${role}`, [columns], constant(writing, operation[role])),
    );
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    return { ...x, name: graph.node('LayerNormalization', name, [x.name, ...tensors], { attributes }) };
  },

  softmax: ({ name, x: input, columns, scale }, { graph, values }) => {
    const x = rows(graph, values[input], columns);
    const scaled =
      scale === 1
        ? x.name
        : graph.node('Mul', `${name}.scale`, [x.name, graph.scalar(scale)], { metadata: PART });
    return { ...x, name: graph.node('Softmax', name, [scaled], { attributes: { axis: -1 } }) };
  },

  pool: ({ name, pool, x: input, window }, { graph, values }) => {
    const { n, h, w, c, r, s, e, f, stride, pad } = window;
    const x = graph.channelsFirst(values[input], [n, h, w, c]);
    const made = { shape: [n, e, f, c], form: 'channels-first' } as const;
    if (pool === 'average' && e * f === 1 && pad === 0 && r === h && s === w) {
      return { name: graph.node('GlobalAveragePool', name, [x.name]), ...made };
    }
    const attributes = { kernel_shape: [r, s], strides: [stride, stride], pads: [pad, pad, pad, pad] };
    const operator = pool === 'max' ? 'MaxPool' : 'AveragePool';
    return { name: graph.node(operator, name, [x.name], { attributes }), ...made };
  },

  matmul: ({ name, a, b, product }, writing) => {
    const { graph, values } = writing;
    const { batch, m, n, k, transposeA, transposeB, alpha } = product;
    const lead = batch === 1 ? [] : [batch];
    const swapped = batch === 1 ? [1, 0] : [0, 2, 1];
    const matrix = (value: Value, transposed: boolean, [from, to]: Shape): string => {
      const given = graph.plain(value, [...lead, ...(transposed ? [to, from] : [from, to])]).name;
      if (!transposed) return given;
      return graph.node('Transpose', `${given}.transposed`, [given], { attributes: { perm: swapped } });
    };
    let right: string;
    if (typeof b === 'number') right = matrix(values[b], transposeB, [k, n]);
    else {
      const data = constant(writing, b);
      right = graph.floats(`${name}.weight`, [k, n], transposeB ? reordered(data, [n, k], [1, 0]) : data);
    }
    let y = graph.node('MatMul', name, [matrix(values[a], transposeA, [m, k]), right]);
    if (alpha !== 1) y = graph.node('Mul', `${name}.scale`, [y, graph.scalar(alpha)], { metadata: PART });
    return { name: y, shape: [...lead, m, n], form: 'plain' };
  },

  unary: ({ name, op, x: input, p, q }, { graph, values }) => {
    const x = values[input];
    return { ...x, name: UNARY[op]({ graph, name, x: x.name, p, q }) };
  },

  binary: (operation, writing) => {
    const { name, op, b } = operation;
    const { graph, values } = writing;
    const a = values[operation.a];
    if (typeof b === 'number') {
      if (operation.broadcast !== 'same') return unwritten(name, `${op} of two maps of different sizes`);
      return { ...a, name: graph.node(OPERATORS[op], name, [a.name, alike(graph, values[b], a).name]) };
    }
    const met = repeated(a, operation, constant(writing, b), graph);
    const tensor = graph.floats(`${name}.values`, met.shape, met.data);
    // a bias belongs to the product before it
    const bias = op === 'add' && writing.program.operations[operation.a - 1]?.kind === 'matmul';
    const options = bias ? { metadata: PART } : {};
    return { ...met.a, name: graph.node(OPERATORS[op], name, [met.a.name, tensor], options) };
  },

  gate: ({ name, x: input, gate }, { graph, values, program }) => {
    const x = graph.channelsFirst(values[input], program.shapes[input]);
    const [n, , , c] = x.shape;
    const factors = graph.channelsFirst(values[gate], [n, 1, 1, c]);
    return { ...x, name: graph.node('Mul', name, [x.name, factors.name]) };
  },

  permute: ({ name, x, shape, axes }, { graph, values }) => {
    const input = graph.plain(values[x], shape);
    const y = graph.node('Transpose', name, [input.name], { attributes: { perm: axes } });
    return { name: y, shape: axes.map((axis) => shape[axis]), form: 'plain' };
  },

  slice: ({ name, x, axis, start, length }, { graph, values, program }) => {
    const input = graph.plain(values[x], program.shapes[x]);
    const bounds = [[start], [start + length], [axis]].map((row) => graph.integers(row));
    const y = graph.node('Slice', name, [input.name, ...bounds]);
    return { name: y, shape: input.shape.with(axis, length), form: 'plain' };
  },
};

const OPERATORS = {
  ...{ add: 'Add', subtract: 'Sub', multiply: 'Mul', divide: 'Div', maximum: 'Max', minimum: 'Min' },
} as const;

function constant({ program }: Writing, name: string): Float32Array {
  return program.constants.get(name) ?? unwritten(name, 'a constant that was not kept');
}

/**
 * Outputs of an adder layer lie far from zero, as far as thousands of their deviations. onnxruntime computes a norm as
 * x * scale + offset, which would lose those digits, so their mean is subtracted first.
 */
function meanTakenOff({ name, x: input, mean, channels }: NormOperation, x: Value, writing: Writing): string {
  const { graph, program } = writing;
  const before = program.operations[input - 1];
  if (before?.kind !== 'window' || before.arithmetic !== 'add' || x.form !== 'channels-first') return x.name;
  const values = graph.floats(`${name}.centre`, [channels, 1, 1], constant(writing, mean));
  return graph.node('Sub', `${name}.centred`, [x.name, values], { metadata: PART });
}

/** `value` in the shape and form of another one. */
function alike(graph: OnnxGraph, value: Value, { shape, form }: Value): Value {
  return form === 'plain' ? graph.plain(value, shape) : graph.channelsFirst(value, shape);
}

/** `value` with `columns` elements along its last axis. */
function rows(graph: OnnxGraph, value: Value, columns: number): Value {
  const { shape } = value;
  return graph.plain(value, shape.at(-1) === columns ? shape : [sizeOf(shape) / columns, columns]);
}

/** A constant that repeats along a value, in a shape that ONNX repeats the same way. */
function repeated(
  a: Value,
  { name, op, outer, inner, broadcast }: Extract<Operation, { kind: 'binary' }>,
  data: Float32Array,
  graph: OnnxGraph,
): { readonly a: Value; readonly shape: Shape; readonly data: Float32Array } {
  if (broadcast === 'scalar') return { a, shape: [], data };
  if (broadcast !== 'row') return unwritten(name, `${op} with a value for each row`);
  const [, h, w, c] = a.shape;
  if (a.form === 'channels-first' && inner === c) return { a, shape: [c, 1, 1], data };
  if (a.form === 'channels-first' && inner === h * w * c) {
    return { a, shape: [c, h, w], data: reordered(data, [h, w, c], [2, 0, 1]) };
  }
  if (a.shape.at(-1) === inner) return { a: graph.plain(a, a.shape), shape: [inner], data };
  return { a: graph.plain(a, [outer, inner]), shape: [inner], data };
}

function unwritten(name: string, what: string): never {
  throw new ShiftAddError('run', `"${name}" cannot be written as ONNX: ${what} is not known here`, { name });
}
