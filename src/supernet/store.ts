/**
 * Where weights live. Every tensor has a name, and its first value depends on the seed and that name alone, never
 * on the order in which tensors are made: a network trained alone starts from the same numbers wherever it stands.
 */
import type { Parameter, ParameterTraits } from '../autograd/graph.ts';
import type { Backend, Buffer } from '../backends/backend.ts';
import { internal, ShiftAddError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { type Shape, showShape, sizeOf } from '../core/shapes.ts';
import type { Initialiser } from '../layers/initialisers.ts';

export class WeightStore {
  readonly backend: Backend;
  private readonly random: Random;
  private readonly held = new Map<string, Parameter>();
  /** Not trained, but part of a network: normalisation statistics. */
  private readonly statistics = new Map<string, { readonly buffer: Buffer; readonly shape: Shape }>();

  private readonly given: (name: string) => Buffer | undefined;

  /** `given`: parameters that are there already, by name; the others are made. */
  constructor(
    backend: Backend,
    random: Random,
    given: (name: string) => Buffer | undefined = () => undefined,
  ) {
    this.backend = backend;
    this.random = random;
    this.given = given;
  }

  /** Makes a parameter unless it is there. Must be called while no scope is open. */
  declare(name: string, shape: Shape, traits: ParameterTraits, initialise: Initialiser): void {
    if (this.held.has(name)) return;
    const value = this.given(name) ?? this.initialised(name, shape, initialise);
    this.held.set(name, { name, shape, value, traits });
  }

  private initialised(name: string, shape: Shape, initialise: Initialiser): Buffer {
    const value = this.backend.allocate(sizeOf(shape));
    const values = new Float32Array(sizeOf(shape));
    initialise(values, this.random.split(name));
    this.backend.write(value, values);
    return value;
  }

  declareStatistic(name: string, shape: Shape, value: number): void {
    if (this.statistics.has(name)) return;
    const buffer = this.backend.allocate(sizeOf(shape));
    this.backend.fill(buffer, value);
    this.statistics.set(name, { buffer, shape });
  }

  has(name: string): boolean {
    return this.held.has(name);
  }

  parameter(name: string): Parameter {
    return this.held.get(name) ?? internal(`no parameter ${name}`);
  }

  statistic(name: string): Buffer {
    return this.statistics.get(name)?.buffer ?? internal(`no statistic ${name}`);
  }

  parameters(): Iterable<Parameter> {
    return this.held.values();
  }

  /** Every tensor by name, trained or not: what a checkpoint holds. */
  *tensors(): Iterable<{ readonly name: string; readonly shape: Shape; readonly buffer: Buffer }> {
    for (const { name, shape, value } of this.held.values()) yield { name, shape, buffer: value };
    for (const [name, { shape, buffer }] of this.statistics) yield { name, shape, buffer };
  }

  /** Copies values in; every tensor of the store must be there with its shape. Extra ones are ignored. */
  load(
    source: (name: string) => { readonly shape: Shape; readonly data: ArrayLike<number> } | undefined,
  ): void {
    for (const { name, shape, buffer } of this.tensors()) {
      const found = source(name);
      if (found === undefined || sizeOf(found.shape) !== sizeOf(shape)) {
        throw new ShiftAddError(
          'run',
          `the weights do not fit this network: ${name} should have shape ${showShape(shape)}, but ${
            found === undefined ? 'is missing' : `has ${showShape(found.shape)}`
          }; use the weights that belong to this configuration`,
          { name },
        );
      }
      this.backend.write(buffer, found.data);
    }
  }

  dispose(): void {
    for (const { value } of this.held.values()) this.backend.free(value);
    for (const { buffer } of this.statistics.values()) this.backend.free(buffer);
    this.held.clear();
    this.statistics.clear();
  }
}
