/**
 * Reverse-mode differentiation on a tape. A `Graph` lives for one step: operations run at once on the backend
 * and, when something they read wants a gradient, leave a record that knows how to push it back. `backward`
 * walks the records in reverse. All memory of a step belongs to the graph's scope and is reused by the next.
 *
 *   const graph = new Graph(backend, { training: true });
 *   const loss = meanCrossEntropy(linear(graph.constant(x, [n, c]), graph.parameter(w)), targets);
 *   graph.backward(loss);      // gradients now stand in graph.gradient(w)
 *   optimiser.step(gradientsOf(graph), rate);
 *   graph.close();
 */
import type { Backend, Buffer } from '../backends/backend.ts';
import { internal, ShiftAddError } from '../core/errors.ts';
import { type Shape, showShape, sizeOf } from '../core/shapes.ts';

/** A named, trainable array that outlives graphs. */
export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
  readonly value: Buffer;
  /** How optimisers treat it; see src/training/optimisers. */
  readonly traits: ParameterTraits;
}

export interface ParameterTraits {
  /** Weight decay applies (false for normalisation, biases and the adder's scale and offset). */
  readonly decay: boolean;
  /** Factor on the learning rate. */
  readonly rate: number;
  /** Kept inside these bounds after every step. */
  readonly bounds?: readonly [number, number];
  /** Gradient is replaced by eta * sqrt(k) / ||g|| * g (AdderNet's local learning rate, spec 4.1). */
  readonly localRate?: number;
  /** Shared by several operators: one second moment for each (weight-sharing evidence, section 6). */
  readonly shared?: boolean;
}

export const PLAIN: ParameterTraits = { decay: true, rate: 1 };
export const UNDECAYED: ParameterTraits = { decay: false, rate: 1 };

/** A value on a graph. */
export interface Tensor {
  readonly graph: Graph;
  readonly shape: Shape;
  readonly buffer: Buffer;
  readonly needsGradient: boolean;
}

/** Pushes the gradient of an output back. Returns one gradient per input, null where none is wanted. */
export type Backward = (dy: Buffer) => readonly (Buffer | null)[];

interface Entry {
  readonly output: Tensor;
  readonly inputs: readonly Tensor[];
  readonly backward: Backward;
}

export interface GraphOptions {
  /** Normalisation uses the batch's statistics, dropout drops. */
  readonly training: boolean;
  /** Keep a tape; false for evaluation. Defaults to `training`. */
  readonly recording?: boolean;
}

export class Graph {
  readonly backend: Backend;
  readonly training: boolean;
  readonly recording: boolean;
  private readonly scope: ReturnType<Backend['openScope']>;
  private readonly tape: Entry[] = [];
  private readonly gradients = new Map<Tensor, Buffer>();
  /** How many tensors have this buffer as their gradient. */
  private readonly holders = new Map<Buffer, number>();
  private readonly leaves = new Map<Parameter, Tensor>();
  /** Who read a shared parameter in this step: operator family by parameter. */
  readonly readers = new Map<Parameter, string>();

  constructor(backend: Backend, options: GraphOptions) {
    this.backend = backend;
    this.training = options.training;
    this.recording = options.recording ?? options.training;
    this.scope = backend.openScope();
  }

  /** A tensor over memory that already holds its values. */
  constant(buffer: Buffer, shape: Shape): Tensor {
    if (buffer.length < sizeOf(shape)) {
      internal(`a buffer of ${buffer.length} elements cannot be seen as ${showShape(shape)}`);
    }
    return { graph: this, shape, buffer, needsGradient: false };
  }

  /** A constant with the given values. */
  values(data: ArrayLike<number>, shape: Shape): Tensor {
    const buffer = this.backend.allocate(sizeOf(shape));
    this.backend.write(buffer, data);
    return this.constant(buffer, shape);
  }

  /** The leaf of a parameter: the same tensor every time within one graph. */
  parameter(parameter: Parameter): Tensor {
    let leaf = this.leaves.get(parameter);
    if (leaf === undefined) {
      leaf = { graph: this, shape: parameter.shape, buffer: parameter.value, needsGradient: this.recording };
      this.leaves.set(parameter, leaf);
    }
    return leaf;
  }

  /**
   * Records an operation's result. `backward` is kept only if an input wants a gradient. It may return a buffer
   * it was given as `dy`, or one gradient buffer for several inputs: the graph never writes into what it returned
   * before copying. It may not return a buffer of the forward pass, for gradients are freed once they were used.
   */
  record(shape: Shape, buffer: Buffer, inputs: readonly Tensor[], backward: Backward): Tensor {
    const needsGradient = this.recording && inputs.some((input) => input.needsGradient);
    const output: Tensor = { graph: this, shape, buffer, needsGradient };
    if (needsGradient) this.tape.push({ output, inputs, backward });
    return output;
  }

  /** Runs the tape backwards from a scalar. */
  backward(loss: Tensor): void {
    if (sizeOf(loss.shape) !== 1) {
      throw new ShiftAddError(
        'shape',
        `backward() starts at a scalar, but got a tensor of shape ${showShape(loss.shape)}`,
      );
    }
    const one = this.backend.allocate(1);
    this.backend.fill(one, 1);
    this.hold(loss, one);
    const used = new Set<Buffer>();
    for (let i = this.tape.length - 1; i >= 0; i--) {
      const { output, inputs, backward } = this.tape[i];
      const dy = this.gradients.get(output);
      if (dy === undefined) continue;
      const pushed = backward(dy);
      used.add(dy);
      for (let j = 0; j < inputs.length; j++) {
        const gradient = pushed[j];
        if (gradient === null || gradient === undefined) continue;
        used.add(gradient);
        if (inputs[j].needsGradient) this.accumulate(inputs[j], gradient, used);
      }
      this.gradients.delete(output);
      this.release(dy);
      // what no tensor holds any more serves the next operation while it is still in the cache
      for (const buffer of used) if (!this.holders.has(buffer)) this.backend.free(buffer);
      used.clear();
    }
    this.tape.length = 0;
  }

  /** Adds in place where no other tensor holds what is there already. */
  private accumulate(tensor: Tensor, gradient: Buffer, used: Set<Buffer>): void {
    const length = sizeOf(tensor.shape);
    const held = this.gradients.get(tensor);
    if (held === undefined) {
      this.hold(tensor, gradient);
    } else if (this.holders.get(held) === 1 && !used.has(held)) {
      this.backend.axpy(gradient, held, length, 1);
    } else {
      const sum = this.backend.allocate(length);
      this.backend.binary('add', held, gradient, sum, 1, length, 'same');
      this.release(held);
      used.add(held);
      this.hold(tensor, sum);
    }
  }

  private hold(tensor: Tensor, gradient: Buffer): void {
    this.gradients.set(tensor, gradient);
    this.holders.set(gradient, (this.holders.get(gradient) ?? 0) + 1);
  }

  private release(gradient: Buffer): void {
    const holders = (this.holders.get(gradient) ?? 0) - 1;
    if (holders > 0) this.holders.set(gradient, holders);
    else this.holders.delete(gradient);
  }

  /** The gradient of a parameter or tensor after `backward`; undefined if none reached it. */
  gradient(of: Parameter | Tensor): Buffer | undefined {
    const tensor = 'graph' in of ? of : this.leaves.get(of);
    return tensor === undefined ? undefined : this.gradients.get(tensor);
  }

  /** Parameters a gradient reached, in the order they were first used. */
  *trained(): Iterable<[Parameter, Buffer]> {
    for (const [parameter, leaf] of this.leaves) {
      const gradient = this.gradients.get(leaf);
      if (gradient !== undefined) yield [parameter, gradient];
    }
  }

  /**
   * Runs one part of a network. While nothing is recorded nobody looks back, so all the memory that the part took is
   * free again but its result's.
   */
  part(work: () => Tensor): Tensor {
    if (this.recording) return work();
    const scope = this.backend.openScope();
    try {
      const result = work();
      scope.keep(result.buffer);
      return result;
    } finally {
      scope.close();
    }
  }

  /** Moves a tensor's memory out of the graph: it lives in the enclosing scope. */
  keep(tensor: Tensor): Buffer {
    this.scope.keep(tensor.buffer);
    return tensor.buffer;
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    const data = await this.backend.read(tensor.buffer);
    return (data as Float32Array).subarray(0, sizeOf(tensor.shape));
  }

  close(): void {
    this.tape.length = 0;
    this.gradients.clear();
    this.holders.clear();
    this.leaves.clear();
    this.scope.close();
  }
}
