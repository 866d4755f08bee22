/**
 * An ONNX graph while it is written. Our maps are [n, h, w, c], those of ONNX [n, c, h, w]: a value is kept in the form
 * it was computed in and brought to another where an operator asks for it, once.
 */
import { type Shape, sameShape } from '../../core/shapes.ts';
import { PART as STATED_PART } from '../../zoo/onnx/stated.ts';
import { BATCH } from '../program.ts';
import type { AttributeValue, ConstantData, NodeData } from './model.ts';

/** `channels-first`: a map [n, h, w, c] that lies as [n, c, h, w]. `plain`: its elements lie in the order of its shape. */
export type Form = 'plain' | 'channels-first';

export interface Value {
  readonly name: string;
  /** As the program has it, channels last. */
  readonly shape: Shape;
  readonly form: Form;
}

/** Of a node that belongs to a layer which another one states to those who price the file. */
export const PART: Readonly<Record<string, string>> = { [STATED_PART]: 'true' };

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

export class OnnxGraph {
  readonly nodes: NodeData[] = [];
  readonly constants: ConstantData[] = [];
  private readonly taken = new Set<string>();
  private readonly shared = new Map<string, string>();
  private readonly brought = new Map<string, Value>();

  /** Adds a node and returns the name of its output, `name` where that is free. */
  node(operator: string, name: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const { attributes = {}, metadata = {} } = options;
    const own = this.free(name);
    this.nodes.push({ operator, name: own, inputs, attributes, metadata });
    return own;
  }

  /** Adds a tensor of 32-bit floats. */
  floats(name: string, shape: Shape, data: Float32Array): string {
    const own = this.free(name);
    this.constants.push({ name: own, shape, data });
    return own;
  }

  /** A row of whole numbers; equal rows are one constant. */
  integers(values: readonly number[]): string {
    return this.once(`integers ${values}`, () => {
      const name = this.free(`const.${values.join('_')}`);
      this.constants.push({ name, shape: [values.length], data: values });
      return name;
    });
  }

  /** The whole numbers 0 ... count - 1. */
  range(count: number): string {
    return this.once(`range ${count}`, () => {
      const name = this.free(`const.range${count}`);
      this.constants.push({ name, shape: [count], data: Array.from({ length: count }, (_, i) => i) });
      return name;
    });
  }

  /** One number for element-wise arithmetic. */
  scalar(value: number): string {
    return this.once(`scalar ${value}`, () => this.floats(`const.${value}`, [], Float32Array.of(value)));
  }

  /** `value` as elements in the order of `shape`, which has as many of them. */
  plain(value: Value, shape: Shape): Value {
    return this.bring(value, shape, 'plain', () => {
      if (value.form === 'plain' || unmoved(value.shape)) return this.reshaped(value.name, shape);
      const rows = this.transposed(`${value.name}.rows`, value.name, [0, 2, 3, 1]);
      return sameShape(shape, value.shape) ? rows : this.reshaped(rows, shape);
    });
  }

  /** `value` as a map [n, h, w, c] that lies channels first. */
  channelsFirst(value: Value, shape: Shape): Value {
    return this.bring(value, shape, 'channels-first', () => {
      const rows = value.form === 'channels-first' && unmoved(value.shape) ? value : this.plain(value, shape);
      const [n, h, w, c] = shape;
      if (unmoved(shape)) return this.reshaped(rows.name, [n, c, h, w]);
      return this.transposed(`${value.name}.map`, this.plain(rows, shape).name, [0, 3, 1, 2]);
    });
  }

  private reshaped(name: string, shape: Shape): string {
    return this.node('Reshape', `${name}.view`, [name, this.integers(open(shape))]);
  }

  private transposed(name: string, input: string, perm: readonly number[]): string {
    return this.node('Transpose', name, [input], { attributes: { perm } });
  }

  private bring(value: Value, shape: Shape, form: Form, make: () => string): Value {
    if (value.form === form && sameShape(value.shape, shape)) return value;
    const key = `${value.name} ${form} ${shape}`;
    const known = this.brought.get(key);
    if (known !== undefined) return known;
    const made = { name: make(), shape, form };
    this.brought.set(key, made);
    return made;
  }

  private once(key: string, make: () => string): string {
    const known = this.shared.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.shared.set(key, name);
    return name;
  }

  private free(name: string): string {
    let own = name;
    for (let i = 2; this.taken.has(own); i++) own = `${name}_${i}`;
    this.taken.add(own);
    return own;
  }
}

/** A shape for Reshape: the extent that grows with the batch is left open. */
export function open(shape: Shape): number[] {
  return shape.map((extent) => (extent > 0 && extent % BATCH === 0 ? -1 : extent));
}

/** Whether a map [n, h, w, c] lies the same with its channels first: it has one position or one channel. */
const unmoved = ([, h, w, c]: Shape): boolean => h * w === 1 || c === 1;
