/** Effective weights of adder and shift layers: values, gradients, and what shared tensors note. */
import { describe, expect, test } from 'vitest';
import { adder2d } from '../autograd/adder.ts';
import { multiply } from '../autograd/arithmetic.ts';
import { batchNorm } from '../autograd/batch-norm.ts';
import { conv2d } from '../autograd/convolution.ts';
import { draw, tapeGradients } from '../autograd/gradcheck.ts';
import { Graph, type Parameter, PLAIN, type Tensor } from '../autograd/graph.ts';
import { sum } from '../autograd/reduce.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import { AdderWeight, BOUNDED_SCALE, publishedAdderWeight } from './adder-weight.ts';
import { fanIn } from './initialisers.ts';
import { ShiftWeightPS, ShiftWeightQ } from './shift-weight.ts';
import { type EffectiveWeight, PlainWeight } from './weight.ts';

const backend = createReference();
const source = { backend, random: Random.fromSeed('weights') };
const shape = [3, 3, 2, 4];
const n = sizeOf(shape);

/** Effective weight and gradients of the parameters for a random gradient h of the weight. */
async function run(weight: EffectiveWeight) {
  const graph = new Graph(backend, { training: true });
  const w = weight.effective(graph);
  const h = draw('h', shape).data as Float32Array;
  graph.backward(sum(multiply(w, graph.values(h, shape))));
  const values = Float32Array.from(await graph.read(w));
  const gradients: Float32Array[] = [];
  for (const parameter of weight.parameters()) {
    gradients.push((await backend.read(graph.gradient(parameter)!)) as Float32Array);
  }
  const readers = [...graph.readers].map(([{ name }, family]) => [name, family]);
  graph.close();
  return { w: values, h, gradients, readers };
}

/** z, and its derivative as the evidence (section 6) writes it. */
function explicit(raw: ArrayLike<number>, h: ArrayLike<number>) {
  const values = Array.from(raw);
  const mean = values.reduce((a, b) => a + b) / n;
  const sigma = Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / (n - 1));
  const z = values.map((v) => (v - mean) / (sigma + 1e-8));
  const level = Array.from(h).reduce((a, b) => a + b) / n;
  const overlap = z.reduce((a, v, i) => a + v * h[i], 0) / (n - 1);
  return { z, dW: z.map((v, i) => (h[i] - level - v * overlap) / sigma) };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 4) {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(actual[i]).toBeCloseTo(expected[i], digits);
}

describe('AdderWeight: exp(l) z + b (evidence, section 6)', () => {
  test('fixed at 4 and 0.2 by default, with one parameter', async () => {
    const weight = new AdderWeight(source, 'fixed', { shape });
    const { w, h, gradients } = await run(weight);
    const { z, dW } = explicit(
      await backend.read(weight.weight.value),
      h.map((g) => 4 * g),
    );
    expectClose(
      w,
      z.map((v) => 4 * v + 0.2),
    );
    expectClose(gradients[0], dW, 3);
    expect(await weight.read(backend)).toEqual({ scale: expect.closeTo(4, 5), offset: 0.2 });
  });

  test('learned: dl = sum(G exp(l) z), db = sum G; no decay, twice the rate, l within its bounds', async () => {
    const offset = { kind: 'free', initial: 0.5 } as const;
    const weight = new AdderWeight(source, 'learned', { shape, scale: BOUNDED_SCALE, offset });
    expect(weight.parameters().map(({ name }) => name)).toEqual([
      'learned.weight',
      'learned.scale',
      'learned.offset',
    ]);
    expect(weight.logScale?.traits).toEqual({ decay: false, rate: 2, bounds: [0, Math.log(8)] });
    expect(weight.offset?.traits).toEqual({ decay: false, rate: 2 });
    const { w, h, gradients } = await run(weight);
    const { z, dW } = explicit(
      await backend.read(weight.weight.value),
      h.map((g) => 4 * g),
    );
    expectClose(
      w,
      z.map((v) => 4 * v + 0.5),
    );
    expectClose(gradients[0], dW, 3);
    expect(gradients[1][0]).toBeCloseTo(
      h.reduce((a, g, i) => a + 4 * g * z[i], 0),
      3,
    );
    expect(gradients[2][0]).toBeCloseTo(
      h.reduce((a, g) => a + g, 0),
      4,
    );
    expect(await weight.read(backend)).toEqual({ scale: expect.closeTo(4, 5), offset: 0.5 });
  });

  test.each(['scale', 'offset'] as const)('only the %s learned', async (learned) => {
    const weight = new AdderWeight(source, learned, { shape, [learned]: { kind: 'free', initial: 2 } });
    const { w, h } = await run(weight);
    const { z } = explicit(await backend.read(weight.weight.value), h);
    expectClose(
      w,
      z.map((v) => (learned === 'scale' ? 2 * v + 0.2 : 4 * v + 2)),
    );
  });

  test('is blind to scale and offset of W', async () => {
    const weight = new AdderWeight(source, 'blind', { shape });
    const before = await run(weight);
    const raw = await backend.read(weight.weight.value);
    backend.write(
      weight.weight.value,
      raw.map((v) => 3 * v - 1),
    );
    expectClose((await run(weight)).w, before.w, 4);
  });

  test('bounds and scales that make no sense are named', () => {
    const scale = { kind: 'bounded', low: 5, high: 8, initial: 4 } as const;
    expect(() => new AdderWeight(source, 'a', { shape, scale })).toThrow('5, 4, 8');
    expect(() => new AdderWeight(source, 'a', { shape, scale: { kind: 'fixed', value: 0 } })).toThrow(
      'above 0',
    );
  });

  test('as published: N(0, 1) with the local rate 0.2 (spec 4.1)', () => {
    const { weight } = publishedAdderWeight(source, 'published', shape);
    expect(weight.traits).toEqual({ decay: true, rate: 1, localRate: 0.2 });
  });
});

describe('shift weights', () => {
  test('Q: powers of two nearest to z sqrt(2 / k), its gradient through standardising', async () => {
    const weight = new ShiftWeightQ(source, 'q', { shape });
    const { w, h, gradients } = await run(weight);
    const factor = Math.sqrt(2 / fanIn(shape));
    const { z, dW } = explicit(
      await backend.read(weight.weight.value),
      h.map((g) => factor * g),
    );
    w.forEach((value, i) => {
      const exponent = Math.round(Math.log2(Math.min(1, Math.max(2 ** -15, Math.abs(z[i] * factor)))));
      expect(value).toBe(Math.sign(z[i]) * 2 ** exponent);
    });
    expectClose(gradients[0], dW, 3);
  });

  test('Q as released rounds W itself', async () => {
    const weight = new ShiftWeightQ(source, 'raw', { shape, standardised: false, bits: 3 });
    const { w, h, gradients } = await run(weight);
    expect(w.every((value) => [0.125, 0.25, 0.5, 1].includes(Math.abs(value)))).toBe(true);
    expect(gradients[0]).toEqual(h);
  });

  test('PS: starts over the whole range, learns exponents and signs', async () => {
    const weight = new ShiftWeightPS(source, 'ps', { shape });
    const s = await backend.read(weight.exponent.value);
    expect(Math.min(...s)).toBeGreaterThanOrEqual(-14);
    expect(Math.max(...s)).toBeLessThanOrEqual(0);
    const { w, h, gradients } = await run(weight);
    expectClose(
      gradients[0],
      h.map((g, i) => g * w[i] * Math.LN2),
    );
    expect(gradients[1]).toEqual(h);
    expect(w.some((value) => value === 0)).toBe(true);
  });

  test('bits outside 2 to 8 are named', () => {
    expect(() => new ShiftWeightQ(source, 'q', { shape, bits: 1 })).toThrow('got 1 for q');
    expect(() => new ShiftWeightPS(source, 'p', { shape, bits: 9 })).toThrow('got 9 for p');
  });
});

test('one shared tensor serves three families, and each notes that it read it', async () => {
  const shared: Parameter = {
    ...new PlainWeight(source, 'shared', { shape }).weight,
    traits: { ...PLAIN, shared: true },
  };
  const plain = await run(new PlainWeight(source, 'x', { shape, weight: shared }));
  const adder = await run(new AdderWeight(source, 'x', { shape, weight: shared }));
  const shift = await run(new ShiftWeightQ(source, 'x', { shape, weight: shared }));
  expect(plain.readers).toEqual([['shared.weight', 'conv']]);
  expect(adder.readers).toEqual([['shared.weight', 'add']]);
  expect(shift.readers).toEqual([['shared.weight', 'shift']]);
});

test('before a norm the adder weight gradient is the one of a convolution (evidence, practical advice 8)', async () => {
  const x = draw('x', [4, 6, 6, 2], 0, 2);
  const { w } = await run(new AdderWeight(source, 'free-fact', { shape }));
  const inputs = [x, { shape, data: w }];
  const norm = (y: Tensor) =>
    batchNorm(y, y.graph.values([1, 1, 1, 1], [4]), y.graph.values([0, 0, 0, 0], [4]));

  const adder = await tapeGradients(backend, inputs, ([a, b]) => norm(adder2d(a, b, { pad: 1 })));
  const bare = await tapeGradients(backend, inputs, ([a, b]) => adder2d(a, b, { pad: 1 }));
  // the same gradient is sent back from the same shape, so this is what reaches the adder's output
  const front = await tapeGradients(backend, [{ shape: bare.shape, data: bare.y }], ([y]) => norm(y));
  const conv = await tapeGradients(backend, inputs, ([a, b], graph) =>
    sum(multiply(conv2d(a, b, { pad: 1 }), graph.values(front.gradients[0]!, bare.shape))),
  );
  const expected = conv.gradients[1]!.map((g) => g / conv.dy[0]);
  const largest = Math.max(...expected.map(Math.abs));
  expected.forEach((value, i) => {
    expect(Math.abs(adder.gradients[1]![i] - value) / largest).toBeLessThan(1e-3);
  });
});
