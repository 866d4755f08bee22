/** What every operator record promises, for every shortcut, stride and parity of the map. */
import { describe, expect, test } from 'vitest';
import { multiply } from '../autograd/arithmetic.ts';
import { batchNorm } from '../autograd/batch-norm.ts';
import { draw } from '../autograd/gradcheck.ts';
import { Graph, type Parameter, PLAIN, type Tensor } from '../autograd/graph.ts';
import { sum } from '../autograd/reduce.ts';
import { silu } from '../autograd/unary.ts';
import { createReference } from '../backends/reference/reference.ts';
import { type Shape, sizeOf } from '../core/shapes.ts';
import { accumulates } from '../hardware/workload.ts';
import { OPERATORS } from './index.ts';
import { OPERATOR_NAMES, type OperatorName } from './names.ts';
import type { BlockContext, BlockPlan, NormDeclaration, WeightDeclaration } from './operator.ts';

const backend = createReference();
const IMAGES = 2;

function plan(shortcut: BlockPlan['shortcut'], h: number, w = h): BlockPlan {
  const stride = shortcut === 'average-down' || shortcut === 'conv3x3' ? 2 : 1;
  const input = { h, w, c: shortcut === 'identity' ? 16 : 6 };
  const output = { h: Math.ceil(h / stride), w: Math.ceil(w / stride), c: 16 };
  return { name: 'block', input, output, inner: 4, stride, headWidth: 2, shortcut };
}

const PLANS: readonly (readonly [string, BlockPlan])[] = [
  ['identity 5x5', plan('identity', 5)],
  ['identity 4x3', plan('identity', 4, 3)],
  ['project 4x4', plan('project', 4)],
  ['average-down 8 -> 4', plan('average-down', 8)],
  ['average-down 7 -> 4', plan('average-down', 7)],
  ['average-down 7x6 -> 4x3', plan('average-down', 7, 6)],
  ['average-down 4x7 -> 2x4', plan('average-down', 4, 7)],
  ['average-down 1 -> 1', plan('average-down', 1)],
  ['identity 5x5, middle window 5', { ...plan('identity', 5), kernel: 5 }],
  ['average-down 5 -> 3, middle window 7, larger than the map', { ...plan('average-down', 5), kernel: 7 }],
  ['conv3x3 8 -> 4', plan('conv3x3', 8)],
  ['conv3x3 7 -> 4', plan('conv3x3', 7)],
];

/** Parameters made on demand, one for each declaration asked for; remembers what was asked for. */
class Asked {
  readonly weights = new Map<string, WeightDeclaration>();
  readonly norms = new Map<string, NormDeclaration>();
  readonly products = new Set<string>();
  readonly parameters = new Map<string, Parameter>();
  /** Where the last gamma starts. */
  private readonly lastGamma: number;
  private readonly seed: string;

  constructor(lastGamma: number, seed = 'w') {
    this.lastGamma = lastGamma;
    this.seed = seed;
  }

  context(graph: Graph): BlockContext {
    return {
      graph,
      operands: (x, declaration) => {
        expect(this.weights.has(declaration.role), `${declaration.role} asked for twice`).toBe(false);
        this.weights.set(declaration.role, declaration);
        const { data } = draw(`${this.seed} ${declaration.role}`, declaration.shape);
        return [x, graph.parameter(this.make(declaration.role, declaration.shape, data))];
      },
      bias: () => expect.fail('blocks of the supernet have no biases'),
      drop: (branch) => branch,
      product: (x, role) => {
        expect(this.products.has(role), `${role} multiplied twice`).toBe(false);
        this.products.add(role);
        return x;
      },
      norm: (x, declaration, activation, residual) => {
        const { role, channels, zero } = declaration;
        this.norms.set(role, declaration);
        expect(x.shape[3]).toBe(channels);
        const gamma = this.make(
          `${role}.gamma`,
          [channels],
          new Array(channels).fill(zero ? this.lastGamma : 1),
        );
        const beta = this.make(`${role}.beta`, [channels], new Array(channels).fill(0.1));
        const fused = activation === 'silu' ? 'none' : activation;
        const options = residual === undefined ? { activation: fused } : { activation: fused, residual };
        const y = batchNorm(x, graph.parameter(gamma), graph.parameter(beta), options);
        return activation === 'silu' ? silu(y) : y;
      },
    };
  }

  private make(name: string, shape: Shape, data: ArrayLike<number>): Parameter {
    const value = backend.allocate(sizeOf(shape));
    backend.write(value, data);
    const parameter = { name, shape, value, traits: PLAIN };
    this.parameters.set(name, parameter);
    return parameter;
  }
}

async function run(name: OperatorName, block: BlockPlan, lastGamma = 1, seed = 'w') {
  const graph = new Graph(backend, { training: true });
  const asked = new Asked(lastGamma, seed);
  try {
    const { h, w, c } = block.input;
    const shape = [IMAGES, h, w, c];
    const image: Parameter = { name: 'x', shape, value: backend.allocate(sizeOf(shape)), traits: PLAIN };
    const x = draw('x', shape).data as Float32Array;
    backend.write(image.value, x);
    const y: Tensor = OPERATORS[name].forward(graph.parameter(image), block, asked.context(graph));
    graph.backward(sum(multiply(y, graph.values(draw('h', y.shape).data, y.shape))));
    const gradients = new Map<string, Float32Array | null>();
    for (const parameter of [image, ...asked.parameters.values()]) {
      const gradient = graph.gradient(parameter);
      gradients.set(
        parameter.name,
        gradient === undefined
          ? null
          : ((await backend.read(gradient)) as Float32Array).slice(0, sizeOf(parameter.shape)),
      );
    }
    return { asked, shape: y.shape, x, y: Float32Array.from(await graph.read(y)), gradients };
  } finally {
    graph.close();
  }
}

const byRole = <T extends { readonly role: string }>(declared: Iterable<T>): T[] =>
  [...declared].sort((a, b) => (a.role < b.role ? -1 : 1));

describe.each(OPERATOR_NAMES)('%s', (name) => {
  const operator = OPERATORS[name];

  describe.each(PLANS)('%s', (_, block) => {
    test('has the planned output and asks for exactly what it declares', async () => {
      const { shape, asked, y } = await run(name, block);
      expect(shape).toEqual([IMAGES, block.output.h, block.output.w, block.output.c]);
      expect(y.every(Number.isFinite)).toBe(true);
      expect(byRole(asked.weights.values())).toEqual(byRole(operator.weights(block)));
      expect(byRole(asked.norms.values())).toEqual(byRole(operator.norms(block)));
      expect([...asked.products].sort()).toEqual([...operator.products].sort());
    });

    test('counts a multiply-accumulate for every weight at every position', () => {
      const loads = operator.workloads(block);
      expect(new Set(loads.map((load) => load.name)).size).toBe(loads.length);
      const { input, output } = block;
      for (const { role, shape } of operator.weights(block)) {
        const load = loads.find((candidate) => candidate.name === `block.${role.replace('.down', '')}`)!;
        // only the first 1x1 runs before the stride
        const map = role.startsWith('conv1') ? input : output;
        expect([load.weights, accumulates(load)]).toEqual([sizeOf(shape), sizeOf(shape) * map.h * map.w]);
        expect(load.kind).toBe(name === 'attention' ? 'conv' : name);
        expect(load.family).toBe(name);
      }
      const norms = operator.norms(block).reduce((total, { channels }) => total + 2 * channels, 0);
      const weights = operator.weights(block).reduce((total, { shape }) => total + sizeOf(shape), 0);
      expect(loads.reduce((total, load) => total + load.weights, 0)).toBe(weights + norms);
      const products = loads.filter(({ kind }) => kind === 'matmul');
      const positions = output.h * output.w;
      expect(products.map(accumulates)).toEqual(
        name === 'attention' ? new Array(2).fill(positions * positions * block.inner) : [],
      );
    });
  });

  // A map of one position has one key: its softmax is constant, so q and k rightly get no gradient there.
  test.each(PLANS.filter(([, { input }]) => input.h > 1))(
    'gradients reach every weight: %s',
    async (_, block) => {
      const { gradients, asked } = await run(name, block);
      expect(gradients.size).toBe(1 + asked.parameters.size);
      for (const [parameter, gradient] of gradients) {
        expect(gradient, parameter).not.toBeNull();
        expect(gradient!.every(Number.isFinite), parameter).toBe(true);
        expect(
          gradient!.some((value) => Math.abs(value) > 1e-7),
          parameter,
        ).toBe(true);
      }
    },
  );

  test('starts as its shortcut: with the last gamma at 0 an identity block is relu(x + beta)', async () => {
    const { x, y } = await run(name, plan('identity', 5), 0);
    for (let i = 0; i < x.length; i++) expect(y[i]).toBeCloseTo(Math.max(0, x[i] + 0.1), 6);
    expect((await run(name, plan('identity', 5), 1)).y).not.toEqual(y);
  });

  test.each(PLANS.filter(([, { shortcut }]) => shortcut !== 'identity'))(
    'starts as its shortcut, which alone gets a gradient: %s',
    async (_, block) => {
      const { gradients } = await run(name, block, 0);
      const moved = (role: string) => gradients.get(role)!.some((value) => value !== 0);
      for (const { role } of operator.weights(block)) {
        expect(moved(role), role).toBe(role.startsWith('shortcut'));
      }
      expect(moved('norm3.gamma')).toBe(true);
    },
  );

  test('declares its last norm, and no other, as starting at 0', () => {
    for (const [, block] of PLANS) {
      const zero = operator.norms(block).filter((norm) => norm.zero);
      expect(zero.map(({ role }) => role)).toEqual(['norm3']);
    }
  });

  test('keeps the weights of a change of resolution apart, and never shares the depthwise window (spec 5.2)', () => {
    const roles = (block: BlockPlan) => operator.weights(block).map(({ role }) => role);
    expect(roles(plan('average-down', 8))).toContain('conv1.down');
    expect(roles(plan('average-down', 8))).toContain('shortcut.down');
    expect(roles(plan('project', 8))).toContain('conv1');
    const shared = operator.weights(plan('project', 8)).filter((weight) => weight.shared);
    expect(shared.map(({ role }) => role)).toEqual(
      name === 'attention' ? [] : ['conv1', 'conv2', 'conv3', 'shortcut'],
    );
  });
});

test('records are named and lettered apart, and under their own names', () => {
  for (const name of OPERATOR_NAMES) expect(OPERATORS[name].name).toBe(name);
  expect(new Set(OPERATOR_NAMES.map((name) => OPERATORS[name].letter)).size).toBe(OPERATOR_NAMES.length);
});

test('families compute with their own arithmetic: an add block differs from a conv block of the same weights', async () => {
  const [conv, add] = [await run('conv', plan('project', 4)), await run('add', plan('project', 4))];
  expect(add.y.some((value, i) => Math.abs(value - conv.y[i]) > 0.1)).toBe(true);
  expect([...add.asked.norms.keys()]).toContain('norm0');
  expect([...conv.asked.norms.keys()]).not.toContain('norm0');
});

test('a shift block reads fixed point: activations below 2^-16 are lost to it', async () => {
  const graph = new Graph(backend, { training: false });
  const block = plan('project', 2);
  const seen: Float32Array[] = [];
  const context: BlockContext = {
    graph,
    operands: (x, { shape }) => [x, graph.values(new Float32Array(sizeOf(shape)).fill(1), shape)],
    product: (x) => x,
    norm: (x) => x,
    bias: () => expect.fail('blocks of the supernet have no biases'),
    drop: (branch) => branch,
  };
  for (const value of [2 ** -17, 2 ** -15]) {
    const x = graph.values(new Float32Array(2 * 2 * 6).fill(value), [1, 2, 2, 6]);
    seen.push(await graph.read(OPERATORS.shift.forward(x, block, context)));
  }
  graph.close();
  expect(seen[0].every((value) => value === 0)).toBe(true);
  expect(seen[1].every((value) => value > 0)).toBe(true);
});

test('what a shift block reads is rounded to its width after fixed point: the window sees the steps themselves', async () => {
  const graph = new Graph(backend, { training: false });
  const step = 2 ** -17;
  const context: BlockContext = {
    graph,
    operands: (x, { shape }) => [
      graph.values(new Float32Array(sizeOf(x.shape)).fill(step), x.shape),
      graph.values(new Float32Array(sizeOf(shape)).fill(1), shape),
    ],
    product: (x) => x,
    norm: (x) => x,
    bias: () => expect.fail('blocks of the supernet have no biases'),
    drop: (branch) => branch,
  };
  const x = graph.values(new Float32Array(2 * 2 * 6).fill(1), [1, 2, 2, 6]);
  const y = await graph.read(OPERATORS.shift.forward(x, plan('project', 2), context));
  expect(y.every((value) => value === 4 * step)).toBe(true); // the last 1x1 sums 4 inner channels
  graph.close();
});
