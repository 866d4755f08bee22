/** The messages an ONNX file is made of (onnx.proto3: field numbers), from plain data to bytes. */
import { endianness } from 'node:os';
import type { Shape } from '../../core/shapes.ts';
import { sizeOf } from '../../core/shapes.ts';
import { floatField, joined, message, type Part } from '../../zoo/onnx/message.ts';

/**
 * Operator sets a file may be written for, with the version of the file format that came with each. No operator written
 * here means anything else from 22 to 26: later sets add element types to them.
 */
export const IR_VERSIONS = { 22: 10, 23: 11, 24: 12, 25: 13, 26: 13 } as const;
export type Opset = keyof typeof IR_VERSIONS;
/** The newest that onnxruntime 1.30 knows. */
export const NEWEST_OPSET: Opset = 26;

export type AttributeValue = number | string | readonly number[] | { readonly float: number };

export interface NodeData {
  readonly operator: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** float32 values, or whole numbers of 64 bits: shapes, axes, indices. */
export interface ConstantData {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Float32Array | readonly number[];
}

/** A tensor at the border of a graph; a text stands for an extent that is open. */
export interface BorderData {
  readonly name: string;
  /** 32-bit floats, or whole numbers of 64 bits. */
  readonly type: 'float' | 'integer';
  readonly shape: readonly (number | string)[];
}

export interface ModelData {
  readonly name: string;
  readonly producer: { readonly name: string; readonly version: string };
  readonly text: string;
  readonly opset: Opset;
  readonly nodes: readonly NodeData[];
  readonly constants: readonly ConstantData[];
  readonly inputs: readonly BorderData[];
  readonly outputs: readonly BorderData[];
  readonly metadata: Readonly<Record<string, string>>;
}

const FLOAT = 1;
const INT64 = 7;

/** The bytes of a .onnx file. Every node has one output, which is called as the node is. */
export function encodeModel(model: ModelData): Uint8Array {
  const { nodes, constants, inputs, outputs, producer, opset } = model;
  const graph = message(
    ...nodes.map((node): Part => [1, encodeNode(node)]),
    [2, model.name],
    ...constants.map((constant): Part => [5, encodeConstant(constant)]),
    ...inputs.map((input): Part => [11, encodeBorder(input)]),
    ...outputs.map((output): Part => [12, encodeBorder(output)]),
  );
  return message(
    [1, IR_VERSIONS[opset]],
    [2, producer.name],
    [3, producer.version],
    [6, model.text],
    [7, graph],
    [8, message([1, ''], [2, opset])],
    ...encodePairs(14, model.metadata),
  );
}

function encodePairs(field: number, pairs: Readonly<Record<string, string>>): Part[] {
  return Object.entries(pairs).map(([key, value]) => [field, message([1, key], [2, value])]);
}

function encodeNode({ operator, name, inputs, attributes, metadata }: NodeData): Uint8Array {
  return message(
    ...inputs.map((input): Part => [1, input]),
    [2, name],
    [3, name],
    [4, operator],
    ...Object.entries(attributes).map(([key, value]): Part => [5, encodeAttribute(key, value)]),
    ...encodePairs(9, metadata),
  );
}

function encodeAttribute(name: string, value: AttributeValue): Uint8Array {
  const type = (kind: number) => message([20, kind]);
  const named = message([1, name]);
  if (typeof value === 'number') return joined([named, message([3, value]), type(2)]);
  if (typeof value === 'string') return joined([named, message([4, value]), type(3)]);
  if ('float' in value) return joined([named, floatField(2, value.float), type(1)]);
  return joined([named, message([8, value]), type(7)]);
}

function encodeConstant({ name, shape, data }: ConstantData): Uint8Array {
  const floats = data instanceof Float32Array;
  const bytes = Buffer.alloc(sizeOf(shape) * (floats ? 4 : 8));
  if (floats) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    if (endianness() === 'BE') bytes.swap32();
  } else for (const [i, value] of data.entries()) bytes.writeBigInt64LE(BigInt(value), 8 * i);
  return message([1, shape], [2, floats ? FLOAT : INT64], [8, name], [9, bytes]);
}

function encodeBorder({ name, type, shape }: BorderData): Uint8Array {
  const sizes = shape.map(
    (size): Part => [1, typeof size === 'number' ? message([1, size]) : message([2, size])],
  );
  const element = type === 'float' ? FLOAT : INT64;
  return message([1, name], [2, message([1, message([1, element], [2, message(...sizes)])])]);
}
