import { ShiftAddError } from '../../core/errors.ts';
import { bytesOf, type Field, fieldsOf, floatsOf, numbersOf, rawFloats, textsOf } from './wire.ts';

/** The part of an ONNX model that says what is computed: nodes, their attributes, and sizes of tensors. */
export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  /** Inputs that are no initializers, sizes with undefined where the file leaves them open. */
  readonly inputs: ReadonlyMap<string, readonly (number | undefined)[]>;
  /** Sizes that shape inference wrote into the file. */
  readonly known: ReadonlyMap<string, readonly (number | undefined)[]>;
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
}

export interface OnnxNode {
  readonly name: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** What its writer says of it (stated.ts). */
  readonly metadata: ReadonlyMap<string, string>;
}

export interface Attribute {
  readonly integer?: number;
  readonly integers: readonly number[];
  readonly floats: readonly number[];
  readonly text?: string;
  readonly tensor?: OnnxTensor;
}

/** Sizes of a constant, and its values where it is a short row of whole numbers (a shape, axes). */
export interface OnnxTensor {
  readonly shape: readonly number[];
  readonly values?: readonly number[];
  /** Of a short tensor of 32-bit floats: scales. */
  readonly floats?: readonly number[];
}

/** Reads the bytes of a .onnx file; weights are never unpacked. Throws 'data'. */
export function readOnnx(bytes: Uint8Array): OnnxModel {
  const [graph] = bytesOf(fieldsOf(bytes), 7);
  if (graph === undefined) {
    throw new ShiftAddError('data', 'The file is not an ONNX model: it has no graph; give a .onnx file.');
  }
  const fields = fieldsOf(graph);
  const initializers = new Map(bytesOf(fields, 5).map((tensor) => namedTensor(fieldsOf(tensor))));
  const sized = (number: number) => bytesOf(fields, number).map((info) => sizesOf(fieldsOf(info)));
  return {
    nodes: bytesOf(fields, 1).map((node, i) => nodeOf(fieldsOf(node), i)),
    // Old files list their initializers among the inputs.
    inputs: new Map(sized(11).filter(([name]) => !initializers.has(name))),
    known: new Map([...sized(13), ...sized(12)]),
    initializers,
  };
}

function nodeOf(fields: readonly Field[], index: number): OnnxNode {
  const [operator = ''] = textsOf(fields, 4);
  const outputs = textsOf(fields, 2);
  const attributes = bytesOf(fields, 5).map((attribute) => attributeOf(fieldsOf(attribute)));
  const metadata = bytesOf(fields, 9).map((entry): [string, string] => {
    const pair = fieldsOf(entry);
    return [textsOf(pair, 1)[0] ?? '', textsOf(pair, 2)[0] ?? ''];
  });
  return {
    name: textsOf(fields, 3)[0] || outputs[0] || `node${index + 1}`,
    ...{
      operator,
      inputs: textsOf(fields, 1),
      outputs,
      attributes: new Map(attributes),
      metadata: new Map(metadata),
    },
  };
}

function attributeOf(fields: readonly Field[]): [string, Attribute] {
  const [name = ''] = textsOf(fields, 1);
  const [integer] = numbersOf(
    fields.filter(({ value }) => typeof value === 'number'),
    3,
  );
  const [text] = textsOf(fields, 4);
  const [tensor] = bytesOf(fields, 5);
  return [
    name,
    {
      integers: numbersOf(fields, 8),
      floats: floatsOf(fields, 7),
      ...(integer === undefined ? {} : { integer }),
      ...(text === undefined ? {} : { text }),
      ...(tensor === undefined ? {} : { tensor: namedTensor(fieldsOf(tensor))[1] }),
    },
  ];
}

/** More values than this are weights, not a shape. */
const FEW = 64;
const FEW_FLOATS = 8;
const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;

function namedTensor(fields: readonly Field[]): [string, OnnxTensor] {
  const [name = ''] = textsOf(fields, 8);
  const shape = numbersOf(fields, 1);
  const [type] = numbersOf(fields, 2);
  const count = shape.reduce((product, size) => product * size, 1);
  if (type === FLOAT && count <= FEW_FLOATS) {
    const floats = [...floatsOf(fields, 4), ...bytesOf(fields, 9).flatMap(rawFloats)];
    return [name, floats.length === count ? { shape, floats } : { shape }];
  }
  if ((type !== INT32 && type !== INT64) || count > FEW) return [name, { shape }];
  const [raw] = bytesOf(fields, 9);
  if (raw === undefined) return [name, { shape, values: numbersOf(fields, type === INT64 ? 7 : 5) }];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const width = type === INT64 ? 8 : 4;
  const values = Array.from({ length: Math.floor(raw.length / width) }, (_, i) =>
    type === INT64 ? Number(view.getBigInt64(8 * i, true)) : view.getInt32(4 * i, true),
  );
  return [name, { shape, values }];
}

/** ValueInfo -> TypeProto.tensor_type -> TensorShape -> dimensions. */
function sizesOf(fields: readonly Field[]): [string, (number | undefined)[]] {
  const [name = ''] = textsOf(fields, 1);
  const inside = (parts: readonly Uint8Array[], number: number) =>
    parts.flatMap((part) => bytesOf(fieldsOf(part), number));
  const shapes = inside(inside(bytesOf(fields, 2), 1), 2);
  const sizes = inside(shapes, 1).map((size) => {
    const [value] = numbersOf(fieldsOf(size), 1);
    return value !== undefined && value > 0 ? value : undefined;
  });
  return [name, sizes];
}
