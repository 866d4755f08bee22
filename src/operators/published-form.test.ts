/** Blocks in the form of the retrained networks (spec 3.5): SiLU, squeeze-excite, what they declare, cost and learn. */
import { describe, expect, test } from 'vitest';
import { batchNorm } from '../autograd/batch-norm.ts';
import { type CheckedInput, draw, gradientError, tapeGradients } from '../autograd/gradcheck.ts';
import type { Graph, Tensor } from '../autograd/graph.ts';
import { silu } from '../autograd/unary.ts';
import { createReference } from '../backends/reference/reference.ts';
import { sizeOf } from '../core/shapes.ts';
import { accumulates } from '../hardware/workload.ts';
import { OPERATORS } from './index.ts';
import { OPERATOR_NAMES, type OperatorName } from './names.ts';
import type { BlockContext, BlockPlan } from './operator.ts';
import { squeezedChannels, squeezeExcite, squeezeExciteWeights } from './squeeze-excite.ts';

const backend = createReference();

function plan(shortcut: BlockPlan['shortcut'], more: Partial<BlockPlan> = {}): BlockPlan {
  const stride = shortcut === 'average-down' ? 2 : 1;
  const input = { h: 4, w: 4, c: shortcut === 'identity' ? 8 : 6 };
  const output = { h: 4 / stride, w: 4 / stride, c: 8 };
  const sizes = { name: 'block', input, output, inner: 2, stride, headWidth: 2 } as const;
  return { ...sizes, shortcut, form: 'published', ...more };
}

const PLANS: readonly (readonly [string, BlockPlan])[] = [
  ['identity', plan('identity')],
  ['project', plan('project')],
  ['average-down', plan('average-down')],
  ['first of a last stage of stride 1', plan('project', { entry: true })],
];

interface Named {
  readonly name: string;
  readonly input: CheckedInput;
}

/** Weights of a role, drawn; those in front of squeeze-excite's ReLU keep its inputs at 1 or -1, far from its corner. */
function weightOf(role: string, shape: readonly number[]): CheckedInput {
  if (role === 'squeeze') return draw(role, shape, -0.15, 0.15);
  if (role === 'squeeze-bias')
    return { shape, data: Float32Array.from({ length: shape[0] }, (_, i) => 1 - 2 * (i % 2)) };
  return draw(role, shape);
}

/** Input, weights and norms of a block, drawn; gammas around 1, the last one as well. */
function inputsOf(name: OperatorName, block: BlockPlan): Named[] {
  const { h, w, c } = block.input;
  const operator = OPERATORS[name];
  return [
    { name: 'x', input: draw('x', [2, h, w, c]) },
    ...operator.weights(block).map(({ role, shape }) => ({ name: role, input: weightOf(role, shape) })),
    ...operator.norms(block).flatMap(({ role, channels }) => [
      { name: `${role}.gamma`, input: draw(`${role}.gamma`, [channels], 0.5, 1.5) },
      { name: `${role}.beta`, input: draw(`${role}.beta`, [channels], -0.5, 0.5) },
    ]),
  ];
}

function forward(
  name: OperatorName,
  block: BlockPlan,
  leaves: ReadonlyMap<string, Tensor>,
  graph: Graph,
): Tensor {
  const leaf = (role: string): Tensor => leaves.get(role) ?? expect.fail(`${role} is not declared`);
  const context: BlockContext = {
    graph,
    operands: (x, { role }) => [x, leaf(role)],
    bias: ({ role }) => leaf(role),
    product: (x) => x,
    drop: (branch) => branch,
    norm: (x, { role }, activation, residual) => {
      const fused = activation === 'silu' ? 'none' : activation;
      const options = residual === undefined ? { activation: fused } : { activation: fused, residual };
      const y = batchNorm(x, leaf(`${role}.gamma`), leaf(`${role}.beta`), options);
      return activation === 'silu' ? silu(y) : y;
    },
  };
  return OPERATORS[name].forward(leaf('x'), block, context);
}

/** A block as a function of all, or of some, of what it reads. */
function built(name: OperatorName, block: BlockPlan, chosen: (role: string) => boolean = () => true) {
  const all = inputsOf(name, block);
  const moving = all.filter((one) => chosen(one.name));
  const build = (tensors: Tensor[], graph: Graph) => {
    const leaves = new Map(all.map((one) => [one.name, graph.values(one.input.data, one.input.shape)]));
    moving.forEach((one, i) => {
      leaves.set(one.name, tensors[i]);
    });
    return forward(name, block, leaves, graph);
  };
  return { names: moving.map((one) => one.name), inputs: moving.map((one) => one.input), build };
}

describe.each(PLANS)('%s', (_, block) => {
  test.each(['conv', 'attention'] as const)(
    'gradients of a whole %s block agree with finite differences, for its input and all it reads',
    async (name) => {
      const { inputs, build } = built(name, block);
      expect(await gradientError(backend, inputs, build)).toBeLessThan(4e-3);
    },
  );

  // Add and shift have gradients of their own within; behind their last layer all are plain derivatives.
  test.each(['add', 'shift'] as const)(
    'gradients of a %s block behind its last layer agree with finite differences',
    async (name) => {
      const { names, inputs, build } = built(name, block, (role) => /^(squeeze|excite|norm3)/.test(role));
      expect(names.length).toBe(6);
      expect(await gradientError(backend, inputs, build)).toBeLessThan(2e-3);
    },
  );

  test.each(OPERATOR_NAMES)('gradients reach all that a block of %s reads', async (name) => {
    const { names, inputs, build } = built(name, block);
    const { gradients, shape } = await tapeGradients(backend, inputs, build);
    expect(shape).toEqual([2, block.output.h, block.output.w, block.output.c]);
    names.forEach((role, i) => {
      expect(
        gradients[i]?.some((value) => Math.abs(value) > 1e-7),
        role,
      ).toBe(true);
    });
  });

  test.each(OPERATOR_NAMES)('%s counts every parameter, and each multiply-accumulate once', (name) => {
    const operator = OPERATORS[name];
    const loads = operator.workloads(block);
    const parameters =
      operator.weights(block).reduce((sum, { shape }) => sum + sizeOf(shape), 0) +
      operator.norms(block).reduce((sum, { channels }) => sum + 2 * channels, 0);
    expect(loads.reduce((sum, { weights }) => sum + weights, 0)).toBe(parameters);
    expect(new Set(loads.map((load) => load.name)).size).toBe(loads.length);
    const without = operator.workloads({ ...block, form: 'supernet' });
    const macs = (some: typeof loads) => some.reduce((sum, load) => sum + accumulates(load), 0);
    const squeeze = name === 'attention' ? 0 : 2 * block.output.c * squeezedChannels(block);
    expect(macs(loads) - macs(without)).toBe(squeeze);
    expect(loads.some((load) => load.name.endsWith('.relu'))).toBe(false);
  });
});

test('attention has no squeeze-excite (spec 3.5), the other families have', () => {
  for (const name of OPERATOR_NAMES) {
    const roles = OPERATORS[name].weights(plan('identity')).map(({ role }) => role);
    expect(roles.includes('squeeze'), name).toBe(name !== 'attention');
  }
});

test('squeeze-excite narrows to a sixteenth, to 8 channels at least (spec 3.5; timm 0.3)', () => {
  const channels = (c: number) => squeezedChannels({ output: { h: 1, w: 1, c } });
  expect([32, 128, 256, 2048].map(channels)).toEqual([8, 8, 16, 128]);
});

test('squeeze-excite, computed by hand', async () => {
  const block = plan('identity', { output: { h: 1, w: 2, c: 8 } });
  const weights = squeezeExciteWeights(block);
  const values = new Map(weights.map(({ role, shape }) => [role, draw(`by hand ${role}`, shape).data]));
  const x = draw('by hand', [1, 1, 2, 8]).data;
  const { y } = await tapeGradients(backend, [{ shape: [1, 1, 2, 8], data: x }], ([tensor], graph) =>
    squeezeExcite(tensor, block, {
      graph,
      operands: (seen, { role, shape }) => [seen, graph.values(values.get(role)!, shape)],
      bias: ({ role, shape }) => graph.values(values.get(role)!, shape),
      product: (same) => same,
      drop: (same) => same,
      norm: (same) => same,
    }),
  );
  const layer = (input: number[], role: string) =>
    Array.from(values.get(`${role}-bias`)!, (bias, to) =>
      input.reduce((sum, value, from) => sum + value * values.get(role)![from * 8 + to], bias),
    );
  const means = Array.from({ length: 8 }, (_, c) => (x[c] + x[8 + c]) / 2);
  const narrow = layer(means, 'squeeze').map((value) => Math.max(0, value));
  const gate = layer(narrow, 'excite').map((value) => 1 / (1 + Math.exp(-value)));
  y.forEach((value, i) => {
    expect(value).toBeCloseTo(x[i] * gate[i % 8], 5);
  });
});

test.each(OPERATOR_NAMES)('%s: weights that multiply start from fan-out, the last gamma at 0', (name) => {
  const { weights, norms } = OPERATORS[name];
  for (const { role, fan, ordinary } of weights(plan('average-down'))) {
    expect(fan, role).toBe(ordinary === 'bias' ? undefined : 'out');
  }
  expect(
    norms(plan('project'))
      .filter(({ zero }) => zero)
      .map(({ role }) => role),
  ).toEqual(['norm3']);
});
