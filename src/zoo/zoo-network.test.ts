import { afterAll, describe, expect, test } from 'vitest';
import { multiply } from '../autograd/arithmetic.ts';
import { Graph, type Tensor } from '../autograd/graph.ts';
import { sum } from '../autograd/reduce.ts';
import { openBackend } from '../backends/open.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/shapes.ts';
import { accumulates } from '../hardware/workload.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { BASELINE_NETWORKS, baselinePlan, findBaseline, type NamedBaseline } from './baselines.ts';
import { Builder } from './builder.ts';
import { zooWorkloads } from './index.ts';
import type { ZooPlan } from './plan.ts';
import { planDeclarations, planParameters } from './plan-declarations.ts';
import { planWorkloads } from './plan-workloads.ts';
import type { Variant } from './variant.ts';
import { ZooNetwork } from './zoo-network.ts';

const ALONE = { ...DEFAULT_SHARING, families: [] };
const backend = await openBackend('auto', { threads: 1 });
afterAll(() => backend.dispose());

function named(text: string): NamedBaseline {
  const found = findBaseline(text);
  if (found === undefined) throw new Error(`${text} is no baseline`);
  return found;
}

const names = Object.keys(BASELINE_NETWORKS);

describe('what is trained is what is priced', () => {
  test.each(names)('%s, layer by layer', (name) => {
    const [side, classes] = [20, 7];
    const narrow = `${name}@0.0625`;
    const plan = baselinePlan(named(narrow), { h: side, w: side, c: 3 }, classes);
    const network = new ZooNetwork(backend, { plan, sharing: ALONE }, Random.fromSeed(1));
    const outputs = new Map<string, readonly number[]>();
    const graph = new Graph(backend, { training: true, recording: false });
    try {
      const x = graph.values(new Float32Array(side * side * 3).fill(0.5), [1, side, side, 3]);
      const note = (place: string, { shape }: Tensor) => outputs.set(place, shape);
      const logits = network.forward(x, null, { mode: { kind: 'train' }, probe: note });
      expect(logits.shape).toEqual([1, classes]);
    } finally {
      graph.close();
    }
    const tensors = new Map([...network.store.parameters()].map(({ name: own, shape }) => [own, shape]));
    network.dispose();
    const loads = zooWorkloads(narrow, { resolution: side, classes });
    let windows = 0;
    for (const load of loads.filter(({ kind }) => ['conv', 'add', 'shift'].includes(kind))) {
      expect(outputs.get(load.name), load.name).toEqual([1, load.e, load.f, load.m]);
      const own = `${load.name}.${load.kind}.weight`;
      const shape = tensors.get(own) ?? tensors.get(`${own}.exponent`) ?? [];
      // patches are priced as rows of pixels: [p, p, c, m] as [1, 1, p * p * c, m]
      const priced = [load.r, load.s, load.c / load.groups, load.m];
      if (load.name === 'stem.patches')
        expect(priced).toEqual([1, 1, shape[0] * shape[1] * shape[2], shape[3]]);
      else expect(shape, load.name).toEqual(priced);
      expect(sizeOf(shape), load.name).toBe(load.weights);
      windows++;
    }
    // one tensor of window weights for each priced window, and no other
    const held = [...tensors.keys()].filter((own) => /\.(conv|add|shift)\.weight(\.exponent)?$/.test(own));
    expect(held).toHaveLength(windows);
    const head = loads.find(({ name: own }) => own === 'head.class');
    expect(tensors.get('head.class.weight')).toEqual([head?.c, head?.m]);
  });

  test('a convolution network has the tensors that its number of parameters says, and no others', () => {
    for (const name of names.filter((one) => BASELINE_NETWORKS[one].variant === 'conv')) {
      const { steps } = baselinePlan(named(name), { h: 32, w: 32, c: 3 }, 10);
      const held = planDeclarations(steps, ALONE).reduce((total, { shape }) => total + sizeOf(shape), 0);
      expect(held, name).toBe(planParameters(steps));
    }
  });

  test.each([
    ['torchvision resnet18: 11,689,512 parameters', 'resnet-18', 224, 1000, 11_689_512],
    ['torchvision resnet50: 25,557,032 parameters', 'resnet-50', 224, 1000, 25_557_032],
    ['torchvision mobilenet_v2: 3,504,872 parameters', 'mobilenet-v2', 224, 1000, 3_504_872],
    // 0.27 M in He et al. 2016, table 6, without the 2,752 of projections in two shortcuts and their norms
    ['He et al. 2016, ResNet-20, projected: 272,474 parameters', 'resnet-20', 32, 10, 272_474],
  ])('%s', (_, name, side, classes, parameters) => {
    const { steps } = baselinePlan(named(name), { h: side, w: side, c: 3 }, classes);
    expect(planParameters(steps)).toBe(parameters);
  });

  test.each([
    ['He et al. 2016, table 1: ResNet-18, 1.8 G', 'resnet-18', 1.8e9],
    ['Sandler et al. 2018, table 4: MobileNetV2, 300 M', 'mobilenet-v2', 300e6],
    ['Touvron et al. 2021: DeiT-Ti, 1.3 G (PyTorch counters say 1.26)', 'vit-tiny', 1.25e9],
  ])('%s multiply-accumulates', (_, name, macs) => {
    const found = zooWorkloads(name).reduce((total, load) => total + accumulates(load), 0);
    expect(Math.abs(found / macs - 1)).toBeLessThan(0.02);
  });
});

describe('names', () => {
  test('the short form, and a width', () => {
    expect(findBaseline('resnet20-adder')).toMatchObject({ name: 'adder-resnet-20', width: 1 });
    expect(findBaseline('resnet20-conv')?.name).toBe('resnet-20');
    expect(findBaseline('resnet20-shift-ps@0.5')).toMatchObject({
      name: 'shift-ps-resnet-20@0.5',
      shift: 'PS',
    });
    expect(findBaseline('vgg-small-shiftadd')?.name).toBe('shiftadd-vgg-small');
    expect(findBaseline('resnet-21')).toBeUndefined();
  });

  test.each(['resnet-20@', 'resnet-20@0', 'resnet-20@x', 'resnet-20@1@2', 'resnet-20@17'])(
    '%s is refused',
    (text) => {
      expect(() => findBaseline(text)).toThrow(/a factor on its widths above 0 and up to 16/);
    },
  );

  test('an image that is too small is refused', () => {
    expect(() => zooWorkloads('vit-tiny', { resolution: 15 })).toThrow(/at least 16 pixels, but is 15/);
    expect(() => zooWorkloads('resnet-20', { resolution: 7 })).toThrow(/at least 8 pixels, but is 7/);
  });

  test('images that are not square: both sides are halved alike', () => {
    const { steps } = baselinePlan(named('vgg-small@0.05'), { h: 9, w: 10, c: 1 }, 2);
    expect(steps.filter(({ kind }) => kind === 'max-pool').map(({ output: { h, w } }) => [h, w])).toEqual([
      [5, 5],
      [3, 3],
      [2, 2],
    ]);
  });
});

describe('a residual block', () => {
  const image = { h: 5, w: 5, c: 2 };
  const exact = createReference();

  function plan(variant: Variant, stride: number): ZooPlan {
    const net = new Builder(variant, 1, image);
    const outputs = stride === 1 ? 2 : 3;
    const shortcut = (past: Builder) => {
      past.layer('past', outputs, 1, stride);
      past.norm('past.norm', 'none');
    };
    net.residual(
      'block',
      'relu',
      (inner) => {
        inner.layer('first', outputs, 3, stride);
        inner.norm('first.norm', 'relu');
        inner.layer('second', outputs, 3);
        inner.norm('second.norm', 'none');
      },
      stride === 1 ? undefined : shortcut,
    );
    return { image, classes: 0, steps: net.steps };
  }

  const images = 3;
  const random = Random.fromSeed('images of a block');
  const x = Float32Array.from({ length: images * 50 }, () => random.normal());

  test.each([1, 2])(
    'gradients of all its weights agree with central differences, stride %d',
    async (stride) => {
      const network = new ZooNetwork(
        exact,
        { plan: plan('conv', stride), sharing: ALONE },
        Random.fromSeed(4),
      );
      const run = (graph: Graph) =>
        network.forward(graph.values(x, [images, 5, 5, 2]), null, { mode: { kind: 'train' } });
      const dy = Float32Array.from({ length: images * 75 }, () => random.uniform(-1, 1));
      const loss = async () => {
        const graph = new Graph(exact, { training: true, recording: false });
        const y = await graph.read(run(graph));
        const value = y.reduce((total, element, i) => total + element * dy[i], 0);
        graph.close();
        return value;
      };
      const graph = new Graph(exact, { training: true });
      const y = run(graph);
      graph.backward(sum(multiply(y, graph.values(dy.subarray(0, sizeOf(y.shape)), y.shape))));
      const taped = new Map<string, Float32Array>();
      for (const [{ name }, gradient] of graph.trained()) {
        taped.set(name, Float32Array.from((await exact.read(gradient)) as Float32Array));
      }
      graph.close();
      const parameters = [...network.store.parameters()];
      expect([...taped.keys()].sort()).toEqual(parameters.map(({ name }) => name).sort());
      const step = 2e-3;
      for (const { name, shape, value } of parameters) {
        const values = Float32Array.from((await exact.read(value)) as Float32Array);
        const gradient = taped.get(name) ?? new Float32Array();
        const largest = gradient.reduce((most, one) => Math.max(most, Math.abs(one)), 1e-2);
        let wrong = 0;
        for (let i = 0; i < sizeOf(shape); i++) {
          const at = async (offset: number) => {
            const moved = Float32Array.from(values);
            moved[i] += offset;
            exact.write(value, moved);
            return loss();
          };
          const numeric = ((await at(step)) - (await at(-step))) / (2 * step);
          if (Math.abs(numeric - gradient[i]) > 2e-2 * largest) wrong++;
        }
        exact.write(value, values);
        expect(wrong, name).toBe(0);
      }
      network.dispose();
    },
  );

  test.each(['adder', 'shift', 'shiftadd'] as const)(
    '%s: an untrained copy computes the same',
    async (variant) => {
      const network = new ZooNetwork(exact, { plan: plan(variant, 2), sharing: ALONE }, Random.fromSeed(5));
      const copy = network.untrained();
      const outputs: Float32Array[] = [];
      for (const one of [network, copy]) {
        const graph = new Graph(exact, { training: true, recording: false });
        const y = one.forward(graph.values(x, [images, 5, 5, 2]), null, { mode: { kind: 'train' } });
        outputs.push(Float32Array.from(await graph.read(y)));
        graph.close();
      }
      expect(outputs[0].some((value) => value > 0)).toBe(true);
      expect(outputs[1]).toEqual(outputs[0]);
      copy.dispose();
      network.dispose();
    },
  );
});

test('the loads of a plan are those of its steps in order', () => {
  const { steps } = baselinePlan(named('adder-resnet-20'), { h: 32, w: 32, c: 3 }, 10);
  expect(planWorkloads(steps)).toEqual(zooWorkloads('adder-resnet-20'));
});

test('a shift network reads fixed point: what lies below 2^-16 is lost to its shifts, not to a convolution', async () => {
  const first = async (name: string) => {
    const plan = baselinePlan(named(name), { h: 8, w: 8, c: 3 }, 2);
    const steps = plan.steps.flatMap((step) => (step.kind === 'residual' ? step.body : [])).slice(0, 1);
    const network = new ZooNetwork(backend, { plan: { ...plan, steps }, sharing: ALONE }, Random.fromSeed(1));
    const graph = new Graph(backend, { training: false });
    const { h, w, c } = steps[0].input;
    const x = graph.values(new Float32Array(h * w * c).fill(2 ** -17), [1, h, w, c]);
    const y = await graph.read(network.forward(x, null, { mode: { kind: 'evaluate' } }));
    graph.close();
    network.dispose();
    return y.some((value) => value !== 0);
  };
  expect(await first('shift-resnet-20')).toBe(false);
  expect(await first('resnet-20')).toBe(true);
});
