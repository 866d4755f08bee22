/**
 * Holds gradients to central differences. The output of an operation is turned into one number by fixed random
 * weights; every input element is moved by +-step and +-2 step, and the five-point rule
 *
 *   L' = (8 (L(+h) - L(-h)) - (L(+2h) - L(-2h))) / 12 h
 *
 * is compared with what the tape says. Values are float32, so steps are large and the rule of high order; the
 * weighted sum itself is taken in double precision. Operations with gradients of their own (adder, shift) use
 * `tapeGradients` and compare with explicit loops.
 */
import type { Backend } from '../backends/backend.ts';
import { Random } from '../core/random.ts';
import { type Shape, sizeOf } from '../core/shapes.ts';
import { multiply } from './arithmetic.ts';
import { Graph, type Parameter, PLAIN, type Tensor } from './graph.ts';
import { sum } from './reduce.ts';

export interface CheckedInput {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

export type Build = (inputs: Tensor[], graph: Graph) => Tensor;

/** An input of random values in [low, high). */
export function draw(seed: string, shape: Shape, low = -1, high = 1): CheckedInput {
  const random = Random.fromSeed(seed);
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(low, high)) };
}

export interface TapeGradients {
  readonly y: Float32Array;
  readonly shape: Shape;
  /** The gradient that was sent back from y. */
  readonly dy: Float32Array;
  /** One per input; null where none arrived. */
  readonly gradients: readonly (Float32Array | null)[];
}

/** Runs `build` and sends a random gradient back through it. */
export async function tapeGradients(
  backend: Backend,
  inputs: readonly CheckedInput[],
  build: Build,
): Promise<TapeGradients> {
  const parameters = inputs.map(({ shape, data }, i): Parameter => {
    const value = backend.allocate(sizeOf(shape));
    backend.write(value, data);
    return { name: `input${i}`, shape, value, traits: PLAIN };
  });
  const graph = new Graph(backend, { training: true });
  try {
    const y = build(
      parameters.map((parameter) => graph.parameter(parameter)),
      graph,
    );
    const dy = draw('gradient', y.shape).data as Float32Array;
    graph.backward(sum(multiply(y, graph.values(dy, y.shape))));
    const gradients: (Float32Array | null)[] = [];
    for (const parameter of parameters) {
      const gradient = graph.gradient(parameter);
      const values = gradient === undefined ? null : ((await backend.read(gradient)) as Float32Array);
      gradients.push(values === null ? null : values.slice(0, sizeOf(parameter.shape)));
    }
    return { y: Float32Array.from(await graph.read(y)), shape: y.shape, dy, gradients };
  } finally {
    graph.close();
    for (const { value } of parameters) backend.free(value);
  }
}

/**
 * The largest difference between gradients of the tape and central differences over all inputs, relative to the
 * largest gradient of the same input (or to 1e-2 where that is smaller).
 */
export async function gradientError(
  backend: Backend,
  inputs: readonly CheckedInput[],
  build: Build,
  step = 2e-2,
): Promise<number> {
  const { dy, gradients } = await tapeGradients(backend, inputs, build);
  const moved = inputs.map(({ data }) => Float32Array.from(data));
  const value = async (): Promise<number> => {
    const graph = new Graph(backend, { training: true, recording: false });
    try {
      const leaves = inputs.map(({ shape }, i) => graph.values(moved[i], shape));
      const y = await graph.read(build(leaves, graph));
      return y.reduce((total, element, i) => total + element * dy[i], 0);
    } finally {
      graph.close();
    }
  };
  let worst = 0;
  for (let i = 0; i < inputs.length; i++) {
    const numeric: number[] = [];
    for (let j = 0; j < moved[i].length; j++) {
      const centre = moved[i][j];
      const at = async (offset: number) => {
        moved[i][j] = centre + offset;
        return value();
      };
      const near = (await at(step)) - (await at(-step));
      const far = (await at(2 * step)) - (await at(-2 * step));
      moved[i][j] = centre;
      numeric.push((8 * near - far) / (12 * step));
    }
    const largest = numeric.reduce((most, gradient) => Math.max(most, Math.abs(gradient)), 1e-2);
    numeric.forEach((gradient, j) => {
      const error = Math.abs(gradient - (gradients[i]?.[j] ?? 0)) / largest;
      worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    });
  }
  return worst;
}
