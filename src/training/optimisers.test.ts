/** AdamW and SGD against steps worked out in plain numbers. */

import { describe, expect, test } from 'vitest';
import { multiply } from '../autograd/arithmetic.ts';
import { Graph, type Parameter, type ParameterTraits, PLAIN, UNDECAYED } from '../autograd/graph.ts';
import { sum } from '../autograd/reduce.ts';
import { createReference } from '../backends/reference/reference.ts';
import { AdamW, DEFAULT_ADAMW } from './adamw.ts';
import { gradientsOf } from './gradients.ts';
import type { Optimiser } from './optimiser.ts';
import { Sgd } from './sgd.ts';

const backend = createReference();
const START = [0.5, -1, 2];

function parameter(traits: ParameterTraits, start: readonly number[] = START, name = 'w'): Parameter {
  const value = backend.allocate(start.length);
  backend.write(value, start);
  return { name, shape: [start.length], value, traits };
}

/** One step with the given gradient, as the family given. */
function step(
  optimiser: Optimiser,
  w: Parameter,
  gradient: readonly number[],
  rate: number,
  family?: string,
): void {
  const graph = new Graph(backend, { training: true });
  try {
    if (family !== undefined) graph.readers.set(w, family);
    graph.backward(sum(multiply(graph.parameter(w), graph.values(gradient, w.shape))));
    optimiser.step(gradientsOf(graph), rate);
  } finally {
    graph.close();
  }
}

const read = async (w: Parameter) => Array.from(await backend.read(w.value));

function expectClose(actual: readonly number[], expected: readonly number[], digits = 5) {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, digits);
  });
}

const GRADIENTS = [
  [0.3, -2, 0.01],
  [-0.1, 1, 0.02],
  [0.5, 0.25, -0.03],
];

describe('AdamW', () => {
  const { beta1, beta2, epsilon } = DEFAULT_ADAMW;

  /** Loshchilov and Hutter 2019, algorithm 2. */
  function byHand(rate: number, decay: number): number[] {
    return START.map((start, i) => {
      let [w, m, v] = [start, 0, 0];
      GRADIENTS.forEach((gradient, t) => {
        const g = gradient[i];
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
        const deviation = Math.sqrt(v / (1 - beta2 ** (t + 1))) + epsilon;
        w = w * (1 - rate * decay) - (rate * (m / (1 - beta1 ** (t + 1)))) / deviation;
      });
      return w;
    });
  }

  test('three steps, decay decoupled', async () => {
    const w = parameter(PLAIN);
    const optimiser = new AdamW(backend, [w]);
    for (const gradient of GRADIENTS) step(optimiser, w, gradient, 0.1);
    expectClose(await read(w), byHand(0.1, 0.05));
  });

  test('no decay where the traits say so, and the rate times their factor', async () => {
    const w = parameter({ decay: false, rate: 2 });
    const optimiser = new AdamW(backend, [w]);
    for (const gradient of GRADIENTS) step(optimiser, w, gradient, 0.1);
    expectClose(await read(w), byHand(0.2, 0));
    expect(Math.abs(byHand(0.2, 0)[2] - byHand(0.2, 0.05)[2])).toBeGreaterThan(1e-2);
  });

  test('rectified, it is RAdam: momentum alone while rho is below 5 (Liu et al. 2020, algorithm 2)', async () => {
    const w = parameter(PLAIN);
    const [b2, rate, decay] = [0.999, 0.1, 0.05];
    const optimiser = new AdamW(backend, [w], { ...DEFAULT_ADAMW, beta2: b2, decay, rectified: true });
    const gradients = [...GRADIENTS, ...GRADIENTS, ...GRADIENTS];
    for (const gradient of gradients) step(optimiser, w, gradient, rate);
    let rectified = 0;
    const expected = START.map((start, i) => {
      let [value, m, v] = [start, 0, 0];
      gradients.forEach((gradient, at) => {
        const [t, g] = [at + 1, gradient[i]];
        m = beta1 * m + (1 - beta1) * g;
        v = b2 * v + (1 - b2) * g * g;
        const [longest, mean] = [2 / (1 - b2) - 1, m / (1 - beta1 ** t)];
        const rho = longest - (2 * t * b2 ** t) / (1 - b2 ** t);
        value -= rate * decay * value;
        if (rho < 5) value -= rate * mean;
        else {
          const r = Math.sqrt(((rho - 4) * (rho - 2) * longest) / ((longest - 4) * (longest - 2) * rho));
          value -= (rate * r * mean) / (Math.sqrt(v / (1 - b2 ** t)) + epsilon);
          rectified++;
        }
      });
      return value;
    });
    expect(rectified).toBe(3 * 4); // from the sixth step on
    expectClose(await read(w), expected);
  });

  test('bounds hold after every step', async () => {
    const w = parameter({ ...UNDECAYED, bounds: [-0.9, 1.95] });
    const optimiser = new AdamW(backend, [w]);
    step(optimiser, w, [0, 1, -1], 0.01);
    expectClose(await read(w), [0.5, -0.9, 1.95]);
  });

  test('a shared tensor: one second moment and counter a family, the first moment over normalised steps', async () => {
    const w = parameter({ ...PLAIN, shared: true });
    const families = ['conv', 'add', 'shift'];
    const optimiser = new AdamW(backend, [w], { ...DEFAULT_ADAMW, families });
    const order = ['conv', 'add', 'conv', 'shift', 'add'];
    // add's gradients are a hundred times larger
    const gradients = order.map((family, t) => GRADIENTS[t % 3].map((g) => (family === 'add' ? 100 * g : g)));
    order.forEach((family, t) => {
      step(optimiser, w, gradients[t], 0.1, family);
    });
    const expected = START.map((start, i) => {
      let [value, m] = [start, 0];
      const v: Record<string, number> = { conv: 0, add: 0, shift: 0 };
      const steps: Record<string, number> = { conv: 0, add: 0, shift: 0 };
      order.forEach((family, t) => {
        const g = gradients[t][i];
        steps[family]++;
        v[family] = beta2 * v[family] + (1 - beta2) * g * g;
        const u = g / (Math.sqrt(v[family] / (1 - beta2 ** steps[family])) + epsilon);
        m = beta1 * m + (1 - beta1) * u;
        value = value * (1 - 0.1 * 0.05) - (0.1 * m) / (1 - beta1 ** (t + 1));
      });
      return value;
    });
    expectClose(await read(w), expected);
    expect(optimiser.state().steps).toEqual({
      'w/first': 5,
      'w/second/add': 2,
      'w/second/conv': 2,
      'w/second/shift': 1,
    });
    expect([...optimiser.moments().keys()].sort()).toEqual(Object.keys(optimiser.state().steps));
  });

  test('a shared tensor that nobody said who read is a bug of ours', () => {
    const w = parameter({ ...PLAIN, shared: true });
    const optimiser = new AdamW(backend, [w], { ...DEFAULT_ADAMW, families: ['conv'] });
    expect(() => step(optimiser, w, [1, 1, 1], 0.1)).toThrow(/internal: shared parameter w/);
    expect(() => step(optimiser, w, [1, 1, 1], 0.1, 'add')).toThrow(/internal: no moment w\/second\/add/);
  });

  test('leaves alone what no gradient reached', async () => {
    const [w, idle] = [parameter(PLAIN), parameter(PLAIN, START, 'idle')];
    const optimiser = new AdamW(backend, [w, idle]);
    step(optimiser, w, GRADIENTS[0], 0.1);
    expect(await read(idle)).toEqual(START);
    expect(optimiser.state().steps).toMatchObject({ 'idle/first': 0, 'w/first': 1 });
  });
});

describe('SGD', () => {
  function byHand(nesterov: boolean, decay: number, rate: number): number[] {
    return START.map((start, i) => {
      let [w, velocity] = [start, 0];
      for (const gradient of GRADIENTS) {
        const g = gradient[i] + decay * w;
        velocity = 0.9 * velocity + g;
        w -= rate * (nesterov ? g + 0.9 * velocity : velocity);
      }
      return w;
    });
  }

  test.each([true, false])('three steps, coupled decay, nesterov %s', async (nesterov) => {
    const w = parameter(PLAIN);
    const optimiser = new Sgd(backend, [w], { momentum: 0.9, nesterov, decay: 0.1 });
    for (const gradient of GRADIENTS) step(optimiser, w, gradient, 0.1);
    expectClose(await read(w), byHand(nesterov, 0.1, 0.1));
    expect(optimiser.state().steps).toEqual({ 'w/velocity': 3 });
  });

  test('no decay, factor on the rate, bounds', async () => {
    const w = parameter({ decay: false, rate: 0.5, bounds: [-5, 5] });
    const optimiser = new Sgd(backend, [w], { momentum: 0.9, nesterov: true, decay: 0.1 });
    for (const gradient of GRADIENTS) step(optimiser, w, gradient, 0.1);
    expectClose(await read(w), byHand(true, 0, 0.05));
    step(optimiser, w, [0, 0, -1000], 1);
    expect((await read(w))[2]).toBe(5);
  });

  const PURE = { momentum: 0, nesterov: false, decay: 0 };
  const moved = async (w: Parameter) => Math.hypot(...(await read(w)).map((value, i) => value - START[i]));

  test.each([1e-4, 1, 1e4])(
    'local rate: the step has norm rate * eta * sqrt(k) (spec 14.4), gradient times %d',
    async (factor) => {
      const w = parameter({ ...PLAIN, localRate: 0.2 });
      const optimiser = new Sgd(backend, [w], PURE);
      step(
        optimiser,
        w,
        GRADIENTS[0].map((g) => g * factor),
        1,
      );
      expect(await moved(w)).toBeCloseTo(0.2 * Math.sqrt(3), 5);
      const [first, second] = await read(w);
      expect((first - START[0]) / (second - START[1])).toBeCloseTo(0.3 / -2, 5);
    },
  );

  test('a shared tensor: unit root mean square, whichever family it came from (evidence, section 6)', async () => {
    for (const family of ['conv', 'add']) {
      const w = parameter({ ...PLAIN, shared: true });
      step(
        new Sgd(backend, [w], PURE),
        w,
        GRADIENTS[0].map((g) => g * (family === 'add' ? 1000 : 1)),
        0.1,
        family,
      );
      expect(await moved(w)).toBeCloseTo(0.1 * Math.sqrt(3), 5);
    }
  });

  test('a gradient of zero stays zero under the local rate', async () => {
    const w = parameter({ ...PLAIN, localRate: 0.2 });
    step(new Sgd(backend, [w], PURE), w, [0, 0, 0], 1);
    expect(await read(w)).toEqual(START);
  });
});

test('local rate under AdamW: what reaches the moments has norm eta * sqrt(k)', async () => {
  const w = parameter({ ...PLAIN, localRate: 0.2 });
  const optimiser = new AdamW(backend, [w]);
  step(optimiser, w, GRADIENTS[0], 0.1);
  const first = Array.from(await backend.read(optimiser.moments().get('w/first')!));
  expect(Math.hypot(...first.slice(0, 3)) / (1 - DEFAULT_ADAMW.beta1)).toBeCloseTo(0.2 * Math.sqrt(3), 5);
});

test.each([
  ['AdamW', (w: Parameter) => new AdamW(backend, [w])],
  ['SGD', (w: Parameter) => new Sgd(backend, [w])],
])('%s restored from its state and moments takes the same next step, bit for bit', async (_, make) => {
  const w = parameter(PLAIN);
  const optimiser = make(w);
  for (const gradient of GRADIENTS) step(optimiser, w, gradient, 0.1);
  const copy = parameter(PLAIN, await read(w));
  const other = make(copy);
  other.restore(JSON.parse(JSON.stringify(optimiser.state())));
  for (const [name, buffer] of optimiser.moments())
    backend.write(other.moments().get(name)!, await backend.read(buffer));
  step(optimiser, w, GRADIENTS[1], 0.1);
  step(other, copy, GRADIENTS[1], 0.1);
  expect(await read(copy)).toEqual(await read(w));
});
