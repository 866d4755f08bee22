/** Every sharing scheme with every transformation: declared, run forwards and backwards, and started as it says. */
import { describe, expect, test } from 'vitest';
import { Graph, type Tensor } from '../autograd/graph.ts';
import { meanCrossEntropy } from '../autograd/loss.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import type { OperatorName } from '../operators/names.ts';
import { alignmentLoss } from './alignment.ts';
import { declarations } from './declarations.ts';
import { Network } from './network.ts';
import { DEFAULT_SHARING, type SharingConfig } from './sharing.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from './toy.ts';

const backend = createReference();
const { images, targets, count } = toyImages(6, Random.fromSeed('images'));

/** One pass of a path; norms of gradients by parameter. Every gamma is set to 1, so that all blocks take part. */
async function pass(sharing: SharingConfig, operator: OperatorName) {
  const network = new Network(backend, { space: TOY_SPACE, task: TOY_TASK, sharing }, Random.fromSeed(7));
  for (const { name, value } of network.store.parameters()) {
    if (name.endsWith('.gamma')) backend.fill(value, 1);
  }
  const { h, w, c } = TOY_TASK.image;
  const graph = new Graph(backend, { training: true });
  const weights = { conv: [] as Tensor[], add: [] as Tensor[] };
  const logits = network.forward(
    graph.values(images, [count, h, w, c]),
    toyPath(operator, operator, operator),
    {
      mode: { kind: 'train' },
      onWeight: (family, weight) => {
        if (family === 'add' || family === 'conv') weights[family].push(weight);
      },
    },
  );
  const penalty = alignmentLoss(sharing.alignment, weights, Random.fromSeed('alignment'));
  const loss = meanCrossEntropy(logits, graph.values(targets, [count, TOY_TASK.classes]), penalty);
  graph.backward(loss);
  const gradients = new Map<string, number>();
  for (const [{ name, shape }, gradient] of graph.trained()) {
    gradients.set(name, Math.hypot(...(await backend.read(gradient)).subarray(0, sizeOf(shape))));
  }
  const [value] = await graph.read(loss);
  graph.close();
  network.dispose();
  return { loss: value, gradients };
}

const FAMILIES = [[], ['conv', 'add'], ['conv', 'add', 'shift']] as const;
const TRANSFORMATIONS = ['none', 'released', 'monotone', 'affine'] as const;
const schemes = FAMILIES.flatMap((families) =>
  TRANSFORMATIONS.flatMap((transformation) =>
    (
      [
        'Q',
        'PS',
        ...(transformation === 'released' ? (['PS-released', 'PS-released-v4'] as const) : []),
      ] as const
    ).map((shift) => [families.join('+') || 'nothing', transformation, shift, families] as const),
  ),
);

test.each(schemes)('sharing %s, transformation %s, shift %s: every family trains', async (...scheme) => {
  const [, transformation, shift, families] = scheme;
  const sharing: SharingConfig = { ...DEFAULT_SHARING, families, transformation, shift };
  for (const operator of ['conv', 'add', 'shift'] as const) {
    const { loss, gradients } = await pass(sharing, operator);
    expect(Number.isFinite(loss)).toBe(true);
    for (const [name, norm] of gradients) expect(Number.isFinite(norm), name).toBe(true);
    const shared = families.some((family) => family === operator);
    const constant = operator === 'shift' && shift.startsWith('PS-released');
    expect((gradients.get('layer0.stage0.conv2') ?? 0) > 0).toBe(shared && !constant);
    const own = [...gradients].filter(([name]) => name.includes(`.${operator}.conv2`));
    // of its own it has a tensor, or scales, slopes and signs beside the shared one, or nothing
    const beside = operator !== 'conv' && (transformation === 'released' || operator === 'add');
    const separate = operator === 'shift' && shift !== 'Q';
    if (!shared || separate || (beside && transformation !== 'none')) expect(own.length).toBeGreaterThan(0);
    else expect(own).toEqual([]);
    for (const [name, norm] of own) expect(norm, name).toBeGreaterThan(0);
  }
});

test.each([
  ['released', ['add']],
  ['wasserstein-add', ['add']],
  ['wasserstein', ['add', 'conv']],
] as const)('alignment %s adds to the loss of paths with blocks of %j only', async (alignment, aligned) => {
  for (const transformation of TRANSFORMATIONS) {
    const sharing: SharingConfig = { ...DEFAULT_SHARING, transformation };
    for (const operator of ['add', 'conv', 'shift'] as const) {
      const plain = await pass(sharing, operator);
      const found = await pass({ ...sharing, alignment }, operator);
      if (!aligned.some((one) => one === operator)) {
        expect(found).toEqual(plain);
        continue;
      }
      expect(found.loss).toBeGreaterThan(plain.loss);
      const name = 'layer0.stage0.conv2';
      expect(found.gradients.get(name)).not.toBe(plain.gradients.get(name));
    }
  }
});

describe('traits say what is done with the gradient of a shared tensor', () => {
  test.each([
    ['moments', { decay: true, rate: 1, shared: true }],
    ['normalised', { decay: true, rate: 1, localRate: 1 }],
    ['plain', { decay: true, rate: 1 }],
  ] as const)('%s', (gradient, expected) => {
    const declared = declarations(TOY_SPACE, TOY_TASK, { ...DEFAULT_SHARING, gradient });
    for (const { name, traits } of declared) {
      const shared = /^layer\d\.stage\d\.(conv\d|shortcut)(\.down)?$/.test(name);
      if (shared) expect(traits, name).toEqual(expected);
      else expect('shared' in traits || 'localRate' in traits, name).toBe(false);
    }
    if (gradient === 'moments')
      expect(declared).toEqual(
        declarations(TOY_SPACE, TOY_TASK, DEFAULT_SHARING).map((one, i) => ({
          ...one,
          initialise: declared[i].initialise,
        })),
      );
  });
});

describe('first values', () => {
  /** Deviation of what is drawn for a tensor of 3x3x4x4 (fan-in 36). */
  function spread(changes: Partial<SharingConfig>, name: string): number {
    const one = declarations(TOY_SPACE, TOY_TASK, { ...DEFAULT_SHARING, ...changes }).find(
      (d) => d.name === name,
    );
    const values = new Float32Array(4000);
    one!.initialise(values, Random.fromSeed(name));
    return Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  }
  const KAIMING = Math.sqrt(2 / 36);
  const PLACE = 'layer1.stage1';

  test.each([
    ['kaiming', KAIMING, KAIMING, KAIMING],
    ['published', 1, 1, KAIMING],
  ] as const)('%s, under every transformation', (initialisation, shared, add, shift) => {
    for (const transformation of TRANSFORMATIONS) {
      const common = { initialisation, transformation } as const;
      const own = { ...common, families: [] };
      expect(spread(common, `${PLACE}.conv2`)).toBeCloseTo(shared, 1);
      expect(spread(own, `${PLACE}.add.conv2`)).toBeCloseTo(add, 1);
      expect(spread(own, `${PLACE}.shift.conv2`)).toBeCloseTo(shift, 1);
      expect(spread(own, `${PLACE}.conv.conv2`)).toBeCloseTo(KAIMING, 1);
    }
  });

  test('published, one family named: its own tensors start as shared ones do (the second supernet of 5.5)', () => {
    const second = { initialisation: 'published', families: ['conv'], transformation: 'none' } as const;
    expect(spread(second, `${PLACE}.conv.conv2`)).toBeCloseTo(1, 1);
    expect(spread(second, `${PLACE}.conv.peg`)).toBeLessThan(0.6);
    expect(spread({ ...second, initialisation: 'auto' }, `${PLACE}.conv.conv2`)).toBeCloseTo(KAIMING, 1);
  });

  test('auto is N(0, 1) for what the released transformation shares, and for adders read as they are', () => {
    expect(spread({ transformation: 'released' }, `${PLACE}.conv2`)).toBeCloseTo(1, 1);
    expect(spread({ transformation: 'none' }, `${PLACE}.conv2`)).toBeCloseTo(KAIMING, 1);
    expect(spread({ transformation: 'none', families: [] }, `${PLACE}.add.conv2`)).toBeCloseTo(1, 1);
    for (const transformation of ['affine', 'monotone'] as const) {
      expect(spread({ transformation }, `${PLACE}.conv2`)).toBeCloseTo(KAIMING, 1);
      expect(spread({ transformation, families: [] }, `${PLACE}.add.conv2`)).toBeCloseTo(KAIMING, 1);
    }
  });
});
