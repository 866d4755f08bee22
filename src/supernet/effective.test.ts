/** The weight each family computes with, for every transformation: values, gradients, and who is noted as reader. */
import { describe, expect, test } from 'vitest';
import { multiply } from '../autograd/arithmetic.ts';
import { draw } from '../autograd/gradcheck.ts';
import { Graph } from '../autograd/graph.ts';
import { sum } from '../autograd/reduce.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import type { OperatorName } from '../operators/names.ts';
import { planNetwork } from '../spaces/layout.ts';
import { blockDeclarations } from './declarations.ts';
import { effectiveWeight } from './effective.ts';
import { gaussianToLaplace } from './laplace.ts';
import { checkSharing, DEFAULT_ADDER, DEFAULT_SHARING, type SharingConfig } from './sharing.ts';
import { WeightStore } from './store.ts';
import { TOY_SPACE, TOY_TASK, toyPath } from './toy.ts';

const backend = createReference();
const PLACE = 'layer0.stage0';
const CONV2 = { role: 'conv2', shape: [3, 3, 2, 2], shared: true };
const { plan } = planNetwork(TOY_SPACE, toyPath('conv', 'conv'), TOY_TASK).blocks[0];
const n = sizeOf(CONV2.shape);
const k = 18;

function sharing(changes: Partial<SharingConfig>): SharingConfig {
  return { ...DEFAULT_SHARING, ...changes };
}

function storeFor(config: SharingConfig): WeightStore {
  const store = new WeightStore(backend, Random.fromSeed('effective'));
  for (const family of ['conv', 'add', 'shift'] as const) {
    for (const { name, shape, traits, initialise } of blockDeclarations({ plan, family }, config)) {
      store.declare(name, shape, traits, initialise);
    }
  }
  return store;
}

/** Effective weight, and what every parameter gets when h is sent back. */
async function run(store: WeightStore, config: SharingConfig, family: OperatorName, declaration = CONV2) {
  const graph = new Graph(backend, { training: true });
  const w = effectiveWeight(graph, store, config, PLACE, family, declaration);
  const h = draw('h', declaration.shape).data as Float32Array;
  graph.backward(sum(multiply(w, graph.values(h, declaration.shape))));
  const gradients = new Map<string, Float32Array>();
  for (const [{ name, shape }, gradient] of graph.trained()) {
    gradients.set(name, ((await backend.read(gradient)) as Float32Array).slice(0, sizeOf(shape)));
  }
  const readers = [...graph.readers].map(([{ name }, reader]) => [name, reader]);
  const values = Float32Array.from(await graph.read(w));
  graph.close();
  return { w: values, h, gradients, readers };
}

const values = async (store: WeightStore, name: string) =>
  Array.from(await backend.read(store.parameter(name).value));

/** d sum(w h) / d parameter by the five-point rule. */
async function numeric(
  store: WeightStore,
  config: SharingConfig,
  family: OperatorName,
  name: string,
  step = 1e-2,
) {
  const { value } = store.parameter(name);
  const centre = await values(store, name);
  const at = async (i: number, offset: number) => {
    backend.write(
      value,
      centre.map((v, j) => (i === j ? v + offset : v)),
    );
    const { w, h } = await run(store, config, family);
    return w.reduce((total, v, j) => total + v * h[j], 0);
  };
  const found: number[] = [];
  for (let i = 0; i < centre.length; i++) {
    const near = (await at(i, step)) - (await at(i, -step));
    const far = (await at(i, 2 * step)) - (await at(i, -2 * step));
    found.push((8 * near - far) / (12 * step));
  }
  backend.write(value, centre);
  return found;
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual.length).toBe(expected.length);
  const largest = Array.from(expected).reduce((most, v) => Math.max(most, Math.abs(v)), 1e-2);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i] - expected[i]) / largest).toBeLessThan(tolerance);
  }
}

function standardised(raw: readonly number[]): number[] {
  const mean = raw.reduce((a, b) => a + b) / raw.length;
  const deviation = Math.sqrt(raw.reduce((a, v) => a + (v - mean) ** 2, 0) / (raw.length - 1));
  return raw.map((v) => (v - mean) / (deviation + 1e-8));
}

describe('affine', () => {
  const config = sharing({});
  const store = storeFor(config);

  test('conv reads W itself and is noted as its reader', async () => {
    const { w, h, gradients, readers } = await run(store, config, 'conv');
    expect([...w]).toEqual(await values(store, `${PLACE}.conv2`));
    expect([...gradients.keys()]).toEqual([`${PLACE}.conv2`]);
    expectClose(gradients.get(`${PLACE}.conv2`)!, h, 1e-6);
    expect(readers).toEqual([[`${PLACE}.conv2`, 'conv']]);
  });

  test('add reads exp(l) z + b, from scale 4 and offset 0.2 (evidence, section 6)', async () => {
    const { w, readers } = await run(store, config, 'add');
    const z = standardised(await values(store, `${PLACE}.conv2`));
    expectClose(
      w,
      z.map((v) => 4 * v + 0.2),
      1e-5,
    );
    expect(readers).toEqual([[`${PLACE}.conv2`, 'add']]);
  });

  test.each(['conv2', 'add.conv2.scale', 'add.conv2.offset'])(
    'derivative of the adder weight by %s',
    async (role) => {
      const name = `${PLACE}.${role}`;
      const { gradients } = await run(store, config, 'add');
      expectClose(gradients.get(name)!, await numeric(store, config, 'add', name), 2e-3);
    },
  );

  test('the derivative by W as evidence, section 6, writes it', async () => {
    const { gradients, h } = await run(store, config, 'add');
    const raw = await values(store, `${PLACE}.conv2`);
    const z = standardised(raw);
    const g = Array.from(h, (v) => 4 * v);
    const level = g.reduce((a, b) => a + b) / n;
    const overlap = g.reduce((a, v, i) => a + v * z[i], 0) / (n - 1);
    const mean = raw.reduce((a, b) => a + b) / n;
    const sigma = Math.sqrt(raw.reduce((a, v) => a + (v - mean) ** 2, 0) / (n - 1));
    expectClose(
      gradients.get(`${PLACE}.conv2`)!,
      g.map((v, i) => (v - level - z[i] * overlap) / sigma),
      1e-4,
    );
  });

  test('a fixed scale has no parameters and the same first values', async () => {
    const fixed = sharing({ adder: { ...DEFAULT_ADDER, kind: 'fixed' } });
    const other = storeFor(fixed);
    const { w, gradients } = await run(other, fixed, 'add');
    expectClose(w, (await run(store, config, 'add')).w, 1e-5);
    expect([...gradients.keys()]).toEqual([`${PLACE}.conv2`]);
  });

  test('a bounded scale carries its bounds as logarithms, a free one none; neither decays, both at twice the rate', () => {
    const traits = (kind: 'bounded' | 'free') =>
      storeFor(sharing({ adder: { ...DEFAULT_ADDER, kind } })).parameter(`${PLACE}.add.conv2.scale`).traits;
    expect(traits('bounded')).toEqual({ decay: false, rate: 2, bounds: [Math.log(1), Math.log(8)] });
    expect(traits('free')).toEqual({ decay: false, rate: 2 });
  });

  test('shift reads signed powers of two within [2^-15, 1], nearest in the logarithm to z sqrt(2 / k)', async () => {
    const { w, readers } = await run(store, config, 'shift');
    const v = standardised(await values(store, `${PLACE}.conv2`)).map((z) => z * Math.sqrt(2 / k));
    for (let i = 0; i < n; i++) {
      const exponent = Math.log2(Math.abs(w[i]));
      expect(Number.isInteger(exponent) && exponent >= -15 && exponent <= 0).toBe(true);
      expect(Math.sign(w[i])).toBe(Math.sign(v[i]));
      expect(Math.abs(exponent - Math.log2(Math.abs(v[i])))).toBeLessThanOrEqual(0.5 + 1e-6);
    }
    expect(readers).toEqual([[`${PLACE}.conv2`, 'shift']]);
  });

  test('shift stays in range however far W drifts, and passes the gradient straight through the rounding', async () => {
    const drifted = storeFor(config);
    const raw = await values(drifted, `${PLACE}.conv2`);
    const before = await run(drifted, config, 'shift');
    backend.write(
      drifted.parameter(`${PLACE}.conv2`).value,
      raw.map((v) => 1000 * v + 3),
    );
    const after = await run(drifted, config, 'shift');
    expectClose(after.w, before.w, 1e-6);
    const adder = await run(store, config, 'add');
    const ratio = Math.sqrt(2 / k) / 4;
    const own = await run(store, config, 'shift');
    expectClose(
      own.gradients.get(`${PLACE}.conv2`)!,
      adder.gradients.get(`${PLACE}.conv2`)!.map((g) => g * ratio),
      1e-4,
    );
  });

  test('the depthwise window is never shared: every family has its own, of which nobody is noted as reader', async () => {
    const peg = { role: 'peg', shape: [3, 3, 1, 2], shared: false };
    for (const family of ['conv', 'add', 'shift'] as const) {
      const { readers, gradients } = await run(store, config, family, peg);
      expect(readers).toEqual([]);
      expect([...gradients.keys()][0]).toBe(`${PLACE}.${family}.peg`);
    }
  });
});

describe('affine, a scale and an offset for each output channel', () => {
  const config = sharing({ adder: { ...DEFAULT_ADDER, per: 'channel' } });

  test('add reads exp(l_m) z + b_m, z standardised as a whole', async () => {
    const store = storeFor(config);
    const [l, b] = [
      [0.3, 1.2],
      [-0.4, 0.7],
    ];
    expect(store.parameter(`${PLACE}.add.conv2.scale`).shape).toEqual([2]);
    expect(await values(store, `${PLACE}.add.conv2.offset`)).toEqual([Math.fround(0.2), Math.fround(0.2)]);
    backend.write(store.parameter(`${PLACE}.add.conv2.scale`).value, l);
    backend.write(store.parameter(`${PLACE}.add.conv2.offset`).value, b);
    const z = standardised(await values(store, `${PLACE}.conv2`));
    const { w } = await run(store, config, 'add');
    expectClose(
      w,
      z.map((v, i) => Math.exp(l[i % 2]) * v + b[i % 2]),
      1e-5,
    );
  });

  test.each(['conv2', 'add.conv2.scale', 'add.conv2.offset'])('derivative by %s', async (role) => {
    const store = storeFor(config);
    const name = `${PLACE}.${role}`;
    const { gradients } = await run(store, config, 'add');
    expectClose(gradients.get(name)!, await numeric(store, config, 'add', name), 2e-3);
  });
});

describe('monotone', () => {
  const config = sharing({ transformation: 'monotone' });
  const store = storeFor(config);
  const slopes = `${PLACE}.add.conv2.slopes`;

  test('add reads scale u + offset, u the standardised transport of z from Gaussian to Laplacian', async () => {
    const z = standardised(await values(store, `${PLACE}.conv2`));
    const u = standardised(z.map(gaussianToLaplace));
    const { w, readers } = await run(store, config, 'add');
    // between knots the transport is followed by straight lines
    expectClose(
      w,
      u.map((v) => 4 * v + 0.2),
      1e-2,
    );
    expect(readers).toEqual([[`${PLACE}.conv2`, 'add']]);
  });

  test('the order of weights is kept, and their spread is the scale whatever the slopes', async () => {
    const other = storeFor(config);
    backend.write(
      other.parameter(slopes).value,
      Array.from({ length: 16 }, (_, i) => 2 * Math.sin(i)),
    );
    const raw = await values(other, `${PLACE}.conv2`);
    const { w } = await run(other, config, 'add');
    const rank = (data: ArrayLike<number>) => [...raw.keys()].sort((a, b) => data[a] - data[b]);
    expect(rank(w)).toEqual(rank(raw));
    const mean = w.reduce((a, b) => a + b) / n;
    expect(mean).toBeCloseTo(0.2, 4);
    expect(Math.sqrt(w.reduce((a, v) => a + (v - mean) ** 2, 0) / (n - 1))).toBeCloseTo(4, 4);
  });

  test.each(['add.conv2.slopes', 'add.conv2.scale', 'add.conv2.offset'])(
    'derivative of the adder weight by %s',
    async (role) => {
      const name = `${PLACE}.${role}`;
      const { gradients } = await run(store, config, 'add');
      expectClose(gradients.get(name)!, await numeric(store, config, 'add', name), 3e-3);
    },
  );

  test('derivative by W', async () => {
    const { gradients } = await run(store, config, 'add');
    const name = `${PLACE}.conv2`;
    // a small step: a weight that passes a knot bends the function
    expectClose(gradients.get(name)!, await numeric(store, config, 'add', name, 5e-4), 3e-2);
  });

  test('conv and shift read as with affine; alone an adder has the same form over a tensor of its own', async () => {
    const affine = storeFor(sharing({}));
    for (const family of ['conv', 'shift'] as const) {
      expect((await run(store, config, family)).w).toEqual((await run(affine, sharing({}), family)).w);
    }
    const alone = sharing({ transformation: 'monotone', families: [] });
    const { gradients } = await run(storeFor(alone), alone, 'add');
    expect([...gradients.keys()].sort()).toEqual(
      ['', '.offset', '.scale', '.slopes'].map((part) => `${PLACE}.add.conv2${part}`),
    );
  });
});

describe('PS', () => {
  test('shared: signs of its own, exponents that follow |z| sqrt(2 / k)', async () => {
    const config = sharing({ shift: 'PS' });
    const store = storeFor(config);
    const { w, gradients, readers } = await run(store, config, 'shift');
    const z = standardised(await values(store, `${PLACE}.conv2`));
    const p = await values(store, `${PLACE}.shift.conv2.sign`);
    for (let i = 0; i < n; i++) {
      const exponent = Math.round(
        Math.log2(Math.min(1, Math.max(2 ** -14, Math.abs(z[i]) * Math.sqrt(2 / k)))),
      );
      expect(w[i]).toBe(Math.abs(p[i]) > 0.5 ? Math.sign(p[i]) * 2 ** exponent : 0);
    }
    expect(new Set(w.map(Math.sign)).size).toBe(3);
    expect([...gradients.keys()].sort()).toEqual([`${PLACE}.conv2`, `${PLACE}.shift.conv2.sign`]);
    expect(readers).toEqual([[`${PLACE}.conv2`, 'shift']]);
  });

  test('alone: exponents in [-14, 0] and signs in {-1, 0, 1} (spec 14.5)', async () => {
    const config = sharing({ shift: 'PS', families: [] });
    const store = storeFor(config);
    const { w, gradients } = await run(store, config, 'shift');
    const s = await values(store, `${PLACE}.shift.conv2.exponent`);
    const p = await values(store, `${PLACE}.shift.conv2.sign`);
    expect(s.every((v) => v >= -14 && v <= 0)).toBe(true);
    for (let i = 0; i < n; i++) {
      const rounded = -Math.round(-s[i]);
      expect(w[i]).toBe(Math.abs(p[i]) > 0.5 ? Math.sign(p[i]) * 2 ** rounded : 0);
    }
    expect([...gradients.keys()].sort()).toEqual([
      `${PLACE}.shift.conv2.exponent`,
      `${PLACE}.shift.conv2.sign`,
    ]);
  });
});

describe('PS as released (spec 4.2, 5.3)', () => {
  const config = sharing({ transformation: 'released', shift: 'PS-released' });
  const fourth = sharing({ transformation: 'released', shift: 'PS-released-v4' });
  const name = `${PLACE}.shift.conv2`;

  /** T(w) element by element: 100 bins between the extremes, the maximum in none. */
  function transformed(raw: readonly number[], slopes: readonly number[]): number[] {
    const [low, high] = [Math.min(...raw), Math.max(...raw)];
    return raw.map((v) => (v === high ? 0 : slopes[Math.floor((v - low) / ((high - low) / 100))] * v));
  }

  const exponentOf = (s: number) => {
    const clamped = Math.min(0, Math.max(-14, s));
    return -Math.floor(Math.abs(clamped) + 0.5);
  };
  const ternary = (p: number) => (Math.abs(p) > 0.3 ? Math.sign(p) : 0);

  test('the exponent is T(W) itself, the sign a tensor of its own; W learns nothing from it', async () => {
    const store = storeFor(config);
    const raw = await values(store, `${PLACE}.conv2`);
    const s = transformed(raw, await values(store, `${name}.slopes`));
    const p = await values(store, `${name}.sign`);
    const { w, h, gradients, readers } = await run(store, config, 'shift');
    for (let i = 0; i < n; i++) expect(w[i] + 0).toBe(ternary(p[i]) * 2 ** exponentOf(s[i]) + 0);
    expect([...gradients.keys()].sort()).toEqual([`${name}.sign`, `${name}.slopes`]);
    expect(gradients.get(`${name}.sign`)).toEqual(h);
    expect(readers).toEqual([]);
    // dL/da = sum over its bin of dw * w * ln 2 * W
    const [low, high] = [Math.min(...raw), Math.max(...raw)];
    const slopes = new Array<number>(100).fill(0);
    raw.forEach((v, i) => {
      if (v < high) slopes[Math.floor((v - low) / ((high - low) / 100))] += h[i] * w[i] * Math.LN2 * v;
    });
    expectClose(gradients.get(`${name}.slopes`)!, slopes, 1e-4);
  });

  test('a training step leaves signs of -1, 0 and 1; evaluating and measuring norms leave them alone', async () => {
    const store = storeFor(config);
    const before = await values(store, `${name}.sign`);
    let seen: number[] = [];
    for (const training of [false, true]) {
      const graph = new Graph(backend, { training, recording: false });
      seen = Array.from(await graph.read(effectiveWeight(graph, store, config, PLACE, 'shift', CONV2)));
      graph.close();
      expect(await values(store, `${name}.sign`)).toEqual(before);
    }
    const { w } = await run(store, config, 'shift');
    expect([...w]).toEqual(seen);
    expect(await values(store, `${name}.sign`)).toEqual(before.map((p) => ternary(p) + 0));
    expect((await run(store, config, 'shift')).w).toEqual(w);
  });

  test('version 4 has no sign of its own but a second T(W)', async () => {
    const store = storeFor(fourth);
    const raw = await values(store, `${PLACE}.conv2`);
    const s = transformed(raw, await values(store, `${name}.slopes`));
    const p = transformed(raw, await values(store, `${name}.sign-slopes`));
    const { w, gradients } = await run(store, fourth, 'shift');
    for (let i = 0; i < n; i++) expect(w[i] + 0).toBe(ternary(p[i]) * 2 ** exponentOf(s[i]) + 0);
    expect([...gradients.keys()].sort()).toEqual([`${name}.sign-slopes`, `${name}.slopes`]);
  });

  test('alone, as retrained, it is an ordinary PS weight whose exponent keeps within its range', async () => {
    const alone = sharing({ ...config, families: [] });
    const store = storeFor(alone);
    const { w } = await run(store, alone, 'shift');
    const s = await values(store, `${name}.exponent`);
    const p = await values(store, `${name}.sign`);
    for (let i = 0; i < n; i++) {
      expect(w[i] + 0).toBe(Math.abs(p[i]) > 0.5 ? Math.sign(p[i]) * 2 ** exponentOf(s[i]) : 0);
    }
    expect(store.parameter(`${name}.exponent`).traits.bounds).toEqual([-14, 0]);
  });

  test('needs the released transformation where shift shares', () => {
    const broken = sharing({ shift: 'PS-released' });
    expect(() => checkSharing(broken)).toThrow(/transformation released, or shift PS or Q/);
    expect(() => checkSharing({ ...broken, families: ['conv', 'add'] })).not.toThrow();
    expect(() => checkSharing(config)).not.toThrow();
  });
});

describe('released (spec 5.3)', () => {
  const config = sharing({ transformation: 'released' });
  const store = storeFor(config);
  const slopesOf = (family: string) => `${PLACE}.${family}.conv2.slopes`;

  /** Bin of every element as the release computes it, -1 for the maximum. */
  function bins(raw: readonly number[]) {
    const [low, high] = [Math.min(...raw), Math.max(...raw)];
    return raw.map((v) => (v === high ? -1 : Math.floor((v - low) / ((high - low) / 100))));
  }

  test('W is N(0, 1) and add reads slope times value, the maximum becoming 0', async () => {
    const raw = await values(store, `${PLACE}.conv2`);
    const slopes = await values(store, slopesOf('add'));
    expect(slopes).toHaveLength(100);
    const { w } = await run(store, config, 'add');
    expectClose(
      w,
      bins(raw).map((bin, i) => (bin < 0 ? 0 : slopes[bin] * raw[i])),
      1e-5,
    );
    expect(w[raw.indexOf(Math.max(...raw))]).toBe(0);
    expect(Math.sqrt(raw.reduce((a, v) => a + v * v, 0) / n)).toBeGreaterThan(0.7);
  });

  test('identity slopes give W itself but for the maximum, which is 0 (spec 14.6, code-exact)', async () => {
    const other = storeFor(config);
    backend.fill(other.parameter(slopesOf('add')).value, 1);
    const raw = await values(other, `${PLACE}.conv2`);
    const highest = raw.indexOf(Math.max(...raw));
    expect([...(await run(other, config, 'add')).w]).toEqual(raw.map((v, i) => (i === highest ? 0 : v)));
  });

  test('derivative by the slopes, and by W away from the borders of its bins', async () => {
    const { gradients } = await run(store, config, 'add');
    expectClose(gradients.get(slopesOf('add'))!, await numeric(store, config, 'add', slopesOf('add')), 2e-3);
    const raw = await values(store, `${PLACE}.conv2`);
    const step = 5e-4;
    const byW = await numeric(store, config, 'add', `${PLACE}.conv2`, step);
    const width = (Math.max(...raw) - Math.min(...raw)) / 100;
    const inside = raw.map((v) => {
      const within = (v - Math.min(...raw)) % width;
      return within > 3 * step && within < width - 3 * step;
    });
    const ends = [Math.max(...raw), Math.min(...raw)];
    const kept = [...raw.keys()].filter((i) => inside[i] && !ends.includes(raw[i]));
    expect(kept.length).toBeGreaterThan(n / 2);
    const gradient = gradients.get(`${PLACE}.conv2`)!;
    expectClose(
      kept.map((i) => gradient[i]),
      kept.map((i) => byW[i]),
      5e-3,
    );
    expect(gradient[raw.indexOf(ends[0])]).toBe(0);
  });

  test('shift rounds T(W), by slopes of its own, to powers of two', async () => {
    const { w, gradients } = await run(store, config, 'shift');
    const slopes = await values(store, slopesOf('shift'));
    expect(slopes).not.toEqual(await values(store, slopesOf('add')));
    const raw = await values(store, `${PLACE}.conv2`);
    bins(raw).forEach((bin, i) => {
      const v = bin < 0 ? 0 : slopes[bin] * raw[i];
      if (v === 0) expect(w[i]).toBe(0);
      else
        expect(w[i]).toBe(Math.sign(v) * 2 ** Math.min(0, Math.max(-15, Math.round(Math.log2(Math.abs(v))))));
    });
    expect([...gradients.keys()].sort()).toEqual([`${PLACE}.conv2`, slopesOf('shift')]);
  });
});

describe('none', () => {
  test('every family reads W itself; shift rounds it', async () => {
    const config = sharing({ transformation: 'none' });
    const store = storeFor(config);
    const raw = await values(store, `${PLACE}.conv2`);
    for (const family of ['conv', 'add'] as const)
      expect([...(await run(store, config, family)).w]).toEqual(raw);
    const { w } = await run(store, config, 'shift');
    raw.forEach((v, i) => {
      const exponent = Math.min(0, Math.max(-15, Math.round(Math.log2(Math.abs(v)))));
      expect(w[i]).toBe(Math.sign(v) * 2 ** exponent);
    });
  });

  test('without sharing every family has a tensor of its own, an adder then from N(0, 1) (spec 4.1)', async () => {
    const config = sharing({ transformation: 'none', families: [] });
    const store = storeFor(config);
    const own = await Promise.all(
      (['conv', 'add', 'shift'] as const).map((family) => values(store, `${PLACE}.${family}.conv2`)),
    );
    const spread = own.map((raw) => Math.sqrt(raw.reduce((a, v) => a + v * v, 0) / n));
    expect(spread[1]).toBeGreaterThan(0.7);
    expect(spread[0]).toBeLessThan(0.5);
    expect(own[0]).not.toEqual(own[2]);
    expect((await run(store, config, 'add')).readers).toEqual([]);
  });
});
