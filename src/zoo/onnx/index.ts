import { readFileSync } from 'node:fs';
import { nearest, ShiftAddError } from '../../core/errors.ts';
import type { Workload } from '../../hardware/workload.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { type OnnxModel, type OnnxTensor, readOnnx } from './model.ts';
import { MOVING } from './moving.ts';
import { COMPUTING, fault } from './operators.ts';
import { statedLoads } from './stated.ts';

/**
 * A foreign network as workloads: an ONNX graph of standard operators, sizes carried from its input through every
 * node. Weights are not unpacked, so a model with external data can be priced without it.
 */
export interface OnnxOptions {
  /** Height and width where the file leaves them open. */
  readonly resolution?: number;
  /** Any other size it leaves open, but for the first, which is the number of images or sentences: 1. */
  readonly tokens?: number;
}

export interface OnnxNetwork {
  readonly loads: readonly Workload[];
  /** What was left out, in words. */
  readonly notes: readonly string[];
}

const OPERATORS = { ...COMPUTING, ...ELEMENTWISE, ...MOVING };
/** Where a network computes much; leaving one out would make its price a lie. */
const HEAVY =
  /^(ConvTranspose|DeformConv|ConvInteger|MatMulInteger|QLinear\w+|Einsum|LSTM|GRU|RNN|Attention|MultiHeadAttention|Loop|If|Scan)$/;

/** Throws 'data' when the file cannot be read or holds something heavy that is not known, 'usage' for open sizes. */
export function onnxWorkloads(path: string, options: OnnxOptions = {}): OnnxNetwork {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const sentence = `The ONNX file ${path} cannot be read (${(cause as Error).message}); give the path of a .onnx file.`;
    throw new ShiftAddError('data', sentence, { path }, cause);
  }
  return modelWorkloads(readOnnx(bytes), options);
}

/** The same from a model in memory. */
export function modelWorkloads(model: OnnxModel, options: OnnxOptions = {}): OnnxNetwork {
  const tensors = new Map<string, OnnxTensor>(model.initializers);
  for (const [name, sizes] of model.inputs) tensors.set(name, { shape: inputSizes(name, sizes, options) });
  const constants = new Set(model.initializers.keys());
  const unknown = new Map<string, number>();
  const lost = new Map<string, string>();
  const loads: Workload[] = [];
  for (const node of model.nodes) {
    const operator = Object.hasOwn(OPERATORS, node.operator) ? OPERATORS[node.operator] : undefined;
    if (operator === undefined) {
      if (HEAVY.test(node.operator)) {
        const near = nearest(node.operator, Object.keys(COMPUTING));
        fault(
          node,
          `the operator computes much and is not known here${near ? `; the nearest known one is ${near}` : ''}`,
        );
      }
      unknown.set(node.operator, (unknown.get(node.operator) ?? 0) + 1);
      for (const output of node.outputs) {
        const sizes = model.known.get(output);
        if (sizes?.every((extent) => extent !== undefined)) tensors.set(output, { shape: sizes as number[] });
        else lost.set(output, node.operator);
      }
      continue;
    }
    const inputs = node.inputs.map((name) => {
      if (name === '') return undefined;
      const found = tensors.get(name);
      if (found !== undefined) return found;
      const cause = lost.get(name);
      return fault(
        node,
        cause === undefined
          ? `its input "${name}" is written by no node before it`
          : `the sizes of its input "${name}" are lost behind the unknown operator ${cause}; run ONNX shape inference on the file first`,
      );
    });
    const constant = (i: number) => constants.has(node.inputs[i] ?? '');
    const result = operator({ node, inputs, constant });
    node.outputs.forEach((name, i) => {
      const output = result.outputs[i];
      if (output !== undefined) tensors.set(name, output);
    });
    // What is made of constants alone is a constant: a transposed weight, a number.
    if (
      node.operator === 'Constant' ||
      (node.inputs.length > 0 && node.inputs.every((_, i) => constant(i)))
    ) {
      for (const name of node.outputs) constants.add(name);
    } else loads.push(...(statedLoads(node, result.outputs) ?? result.loads ?? []));
  }
  if (loads.length === 0) {
    const seen = [...new Set(model.nodes.map((node) => node.operator))].join(', ') || 'nothing';
    throw new ShiftAddError(
      'data',
      `The ONNX graph has nothing that can be priced: it holds ${seen}; give a network.`,
    );
  }
  const notes = [...unknown].map(
    ([name, count]) =>
      `${count} ${count === 1 ? 'node' : 'nodes'} of the unknown operator ${name} cost nothing here`,
  );
  return { loads, notes };
}

function inputSizes(name: string, sizes: readonly (number | undefined)[], options: OnnxOptions): number[] {
  return sizes.map((extent, axis) => {
    if (extent !== undefined) return extent;
    if (axis === 0) return 1;
    const isMap = sizes.length === 4;
    const given = isMap && axis >= 2 ? options.resolution : options.tokens;
    if (given !== undefined && !(isMap && axis === 1)) return given;
    const shown = sizes.map((value) => value ?? '?').join(', ');
    const remedy = isMap
      ? axis === 1
        ? 'export it with its channels'
        : 'give --resolution'
      : 'give --tokens';
    throw new ShiftAddError(
      'usage',
      `The ONNX input "${name}" has sizes [${shown}], open at axis ${axis}; ${remedy}.`,
      {
        input: name,
        axis,
      },
    );
  });
}
