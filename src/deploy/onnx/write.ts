/** A program as an ONNX file of standard operators. */
import { internal } from '../../core/errors.ts';
import type { Operation, Program } from '../program.ts';
import { OnnxGraph, type Value } from './graph.ts';
import { encodeModel, NEWEST_OPSET, type Opset } from './model.ts';
import { WRITERS, type Writing } from './operations.ts';

export const INPUT = 'image';
export const OUTPUT = 'logits';

export interface OnnxOptions {
  readonly name: string;
  /** Of the program that writes. */
  readonly version: string;
  /** The newest unless given. */
  readonly opset?: Opset;
  /** Kept in the file for those who use it: how images are normalised, what classes are called. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The bytes of a .onnx file: `image` [N, c, h, w], any N, normalised as the network was trained -> `logits` [N, classes].
 */
export function writeOnnx(program: Program, options: OnnxOptions): Uint8Array {
  const graph = new OnnxGraph();
  const [, h, w, c] = program.input;
  const values: Value[] = [{ name: INPUT, shape: program.input, form: 'channels-first' }];
  const writing: Writing = { graph, program, values };
  for (const operation of program.operations) values.push(written(operation, writing));
  const logits = values.at(-1) ?? internal('a program without values');
  const [rows, classes] = program.shapes.at(-1) ?? internal('a program without logits');
  graph.node('Identity', OUTPUT, [graph.plain(logits, [rows, classes]).name]);
  return encodeModel({
    name: options.name,
    producer: { name: 'shiftaddnas', version: options.version },
    text: `${options.name}: ${INPUT} [N, ${c}, ${h}, ${w}], normalised, to ${OUTPUT} [N, ${classes}]`,
    opset: options.opset ?? NEWEST_OPSET,
    nodes: graph.nodes,
    constants: graph.constants,
    inputs: [{ name: INPUT, type: 'float', shape: ['N', c, h, w] }],
    outputs: [{ name: OUTPUT, type: 'float', shape: ['N', classes] }],
    metadata: options.metadata ?? {},
  });
}

/** One entry of the table; the cast joins what the compiler cannot: a kind and its own writer. */
function written<O extends Operation>(operation: O, writing: Writing): Value {
  return (WRITERS[operation.kind] as (operation: O, writing: Writing) => Value)(operation, writing);
}
