/**
 * A multi-layer perceptron with one output: linear layers with ReLU between them. It is trained on a backend, and then
 * is plain numbers that predict in microseconds without one.
 */
import { add, multiply, scale } from '../../autograd/arithmetic.ts';
import { Graph, type Parameter, PLAIN, type Tensor, UNDECAYED } from '../../autograd/graph.ts';
import { matmul } from '../../autograd/matmul.ts';
import { mean } from '../../autograd/reduce.ts';
import { relu } from '../../autograd/unary.ts';
import type { Backend } from '../../backends/backend.ts';
import { ShiftAddError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import { constant, normal } from '../../layers/initialisers.ts';
import { WeightStore } from '../../supernet/store.ts';
import { AdamW, DEFAULT_ADAMW } from '../../training/adamw.ts';
import { gradientsOf } from '../../training/gradients.ts';
import { rateAt } from '../../training/schedule.ts';

export interface PerceptronLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs, outputs], row by row. */
  readonly weight: readonly number[];
  readonly bias: readonly number[];
}

/** Layers in order; the last one has one output. */
export type Perceptron = readonly PerceptronLayer[];

/** The output for inputs x. */
export function perceive(layers: Perceptron, x: ArrayLike<number>): number {
  let values: ArrayLike<number> = x;
  layers.forEach(({ inputs, outputs, weight, bias }, i) => {
    const next = Float64Array.from(bias);
    for (let row = 0; row < inputs; row++) {
      const value = values[row];
      if (value === 0) continue;
      const from = row * outputs;
      for (let column = 0; column < outputs; column++) next[column] += value * weight[from + column];
    }
    if (i < layers.length - 1) for (let j = 0; j < outputs; j++) next[j] = Math.max(0, next[j]);
    values = next;
  });
  return values[0];
}

export interface PerceptronTraining {
  /** Widths between input and output. */
  readonly hidden: readonly number[];
  readonly steps: number;
  /** Examples a step. */
  readonly batch: number;
  /** Peak of the learning rate, which falls to nothing as a cosine. */
  readonly rate: number;
  readonly decay: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fits targets by their mean square error. Called while no scope is open. The same examples, settings, random value and
 * backend give the same weights. Throws 'interrupted' when the signal is given.
 */
export async function trainPerceptron(
  backend: Backend,
  examples: readonly (readonly number[])[],
  targets: readonly number[],
  { hidden, steps, batch, rate, decay, signal }: PerceptronTraining,
  random: Random,
): Promise<Perceptron> {
  const sizes = [examples[0].length, ...hidden, 1];
  const store = new WeightStore(backend, random.split('weights'));
  for (let i = 0; i + 1 < sizes.length; i++) {
    const [inputs, outputs] = [sizes[i], sizes[i + 1]];
    // He et al. (2015), for the rectifier behind it.
    store.declare(`layer${i}.weight`, [inputs, outputs], PLAIN, normal(Math.sqrt(2 / inputs)));
    store.declare(`layer${i}.bias`, [outputs], UNDECAYED, constant(0));
  }
  const optimiser = new AdamW(backend, store.parameters(), { ...DEFAULT_ADAMW, beta2: 0.999, decay });
  try {
    const order = random.split('order');
    const schedule = { kind: 'cosine', rate, warmupSteps: Math.min(20, steps), steps, floor: 0 } as const;
    for (let step = 0; step < steps; step++) {
      if (signal?.aborted === true)
        throw new ShiftAddError('interrupted', 'the predictor was stopped; nothing is kept');
      const chosen = Array.from({ length: batch }, () => order.integer(examples.length));
      const graph = new Graph(backend, { training: true });
      const x = graph.values(
        chosen.flatMap((i) => examples[i]),
        [batch, sizes[0]],
      );
      const wanted = graph.values(
        chosen.map((i) => -targets[i]),
        [batch, 1],
      );
      const error = add(forward(graph, store, x, sizes.length - 1), wanted);
      graph.backward(scale(mean(multiply(error, error)), 0.5));
      optimiser.step(gradientsOf(graph), rateAt(schedule, step));
      graph.close();
    }
    return await layersOf(backend, store, sizes);
  } finally {
    optimiser.dispose();
    store.dispose();
  }
}

function forward(graph: Graph, store: WeightStore, x: Tensor, layers: number): Tensor {
  const parameter = (name: string): Tensor => graph.parameter(store.parameter(name));
  let y = x;
  for (let i = 0; i < layers; i++) {
    y = add(matmul(y, parameter(`layer${i}.weight`)), parameter(`layer${i}.bias`));
    if (i < layers - 1) y = relu(y);
  }
  return y;
}

async function layersOf(
  backend: Backend,
  store: WeightStore,
  sizes: readonly number[],
): Promise<PerceptronLayer[]> {
  const read = async ({ value }: Parameter) => Array.from(await backend.read(value));
  const layers: PerceptronLayer[] = [];
  for (let i = 0; i + 1 < sizes.length; i++) {
    layers.push({
      inputs: sizes[i],
      outputs: sizes[i + 1],
      weight: await read(store.parameter(`layer${i}.weight`)),
      bias: await read(store.parameter(`layer${i}.bias`)),
    });
  }
  return layers;
}
