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
  /** Examples a step, at most all there are. */
  readonly batch: number;
  /** Peak of the learning rate, which falls to nothing as a cosine. */
  readonly rate: number;
  readonly decay: number;
  /** Steps between two looks at the examples that stop it. */
  readonly every: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Examples {
  readonly inputs: readonly (readonly number[])[];
  readonly targets: readonly number[];
}

/**
 * Fits targets by their mean square error, and keeps the state that is nearest to those of `validation` on average; the
 * first one answers 0. Called while no scope is open. The same examples, settings, random value and backend give the
 * same weights. Throws 'interrupted' when the signal is given.
 */
export async function trainPerceptron(
  backend: Backend,
  { inputs, targets }: Examples,
  validation: Examples,
  { hidden, steps, batch: most, rate, decay, every, signal }: PerceptronTraining,
  random: Random,
): Promise<Perceptron> {
  const sizes = [inputs[0].length, ...hidden, 1];
  const last = sizes.length - 2;
  const batch = Math.min(most, inputs.length);
  const store = new WeightStore(backend, random.split('weights'));
  for (let i = 0; i <= last; i++) {
    // He et al. (2015), for the rectifier behind it; nothing behind the last one.
    const spread = i === last ? constant(0) : normal(Math.sqrt(2 / sizes[i]));
    store.declare(`layer${i}.weight`, [sizes[i], sizes[i + 1]], PLAIN, spread);
    store.declare(`layer${i}.bias`, [sizes[i + 1]], UNDECAYED, constant(0));
  }
  const optimiser = new AdamW(backend, store.parameters(), { ...DEFAULT_ADAMW, beta2: 0.999, decay });
  try {
    const order = random.split('order');
    const schedule = { kind: 'cosine', rate, warmupSteps: Math.min(20, steps), steps, floor: 0 } as const;
    let best = await layersOf(backend, store, sizes);
    let error = meanError(best, validation);
    for (let step = 1; step <= steps; step++) {
      if (signal?.aborted === true) {
        throw new ShiftAddError('interrupted', 'the predictor was stopped; nothing is kept');
      }
      const chosen = Array.from({ length: batch }, () => order.integer(inputs.length));
      const graph = new Graph(backend, { training: true });
      const x = graph.values(
        chosen.flatMap((i) => inputs[i]),
        [batch, sizes[0]],
      );
      const wanted = graph.values(
        chosen.map((i) => -targets[i]),
        [batch, 1],
      );
      const wrong = add(forward(graph, store, x, sizes.length - 1), wanted);
      graph.backward(scale(mean(multiply(wrong, wrong)), 0.5));
      optimiser.step(gradientsOf(graph), rateAt(schedule, step - 1));
      graph.close();
      if (step % every !== 0 && step < steps) continue;
      const layers = await layersOf(backend, store, sizes);
      const now = meanError(layers, validation);
      if (now < error) [best, error] = [layers, now];
    }
    return best;
  } finally {
    optimiser.dispose();
    store.dispose();
  }
}

function meanError(layers: Perceptron, { inputs, targets }: Examples): number {
  return inputs.reduce((sum, x, i) => sum + Math.abs(perceive(layers, x) - targets[i]), 0) / inputs.length;
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
