/** Few bits and stochastic depth in networks of the zoo: that every layer and every residual branch has them. */
import { afterAll, describe, expect, test } from 'vitest';
import { Graph, type Tensor } from '../autograd/graph.ts';
import { openBackend } from '../backends/open.ts';
import { Random } from '../core/random.ts';
import type { DropPath } from '../supernet/drop-path.ts';
import { type LayerRecord, layerTable } from '../supernet/layer-table.ts';
import type { NormMode } from '../supernet/norm.ts';
import type { Quantisation } from '../supernet/quantisation.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { baselinePlan, findBaseline, type NamedBaseline } from './baselines.ts';
import type { ZooPlan } from './plan.ts';
import { planLayers } from './plan-layers.ts';
import { residuals, ZooNetwork } from './zoo-network.ts';

const backend = await openBackend('auto', { threads: 1 });
afterAll(() => backend.dispose());

const sharing = { ...DEFAULT_SHARING, families: [] };
const IMAGE = { h: 12, w: 12, c: 3 };
const SIZE = IMAGE.h * IMAGE.w * IMAGE.c;
const TRAIN: NormMode = { kind: 'train' };

function planOf(name: string): ZooPlan {
  return baselinePlan(findBaseline(name) as NamedBaseline, IMAGE, 5);
}

interface Look {
  readonly images?: number;
  readonly dropPath?: DropPath;
  readonly mode?: NormMode;
  readonly probe?: (place: string, y: Tensor) => void;
}

/** The logits of some drawn images. */
async function logitsOf(
  network: ZooNetwork,
  { images = 4, mode = TRAIN, dropPath, probe = () => {} }: Look = {},
): Promise<Float32Array> {
  const random = Random.fromSeed('images');
  const graph = new Graph(backend, { training: mode.kind !== 'evaluate', recording: false });
  const values = Float32Array.from({ length: images * SIZE }, () => random.normal());
  const x = graph.values(values, [images, IMAGE.h, IMAGE.w, IMAGE.c]);
  const logits = await graph.read(network.forward(x, null, { mode, probe, dropPath }));
  graph.close();
  return Float32Array.from(logits);
}

describe('few bits', () => {
  const REAL: Quantisation = { weightBits: 32, activationBits: 32, weightScales: 'channel', exceptions: [] };

  function quantised(plan: ZooPlan, changes: Partial<Quantisation>): ZooNetwork {
    return new ZooNetwork(
      backend,
      { plan, sharing, quantisation: { ...REAL, ...changes } },
      Random.fromSeed(1),
    );
  }

  /** Logits of a network that was calibrated on the same images, evaluated. */
  async function evaluated(network: ZooNetwork): Promise<Float32Array> {
    await logitsOf(network, { mode: { kind: 'calibrate', batch: 0 } });
    return logitsOf(network, { mode: { kind: 'evaluate' } });
  }

  test.each([
    'resnet-20@0.125',
    'adder-resnet-20@0.125',
    'shift-q-resnet-20@0.125',
    'shift-ps-resnet-20@0.125',
    'shiftadd-vgg-small@0.05',
    'mobilenet-v2-cifar@0.1',
    'adder-vit-tiny-cifar@0.1',
  ])('%s: two bits of one layer alone change the logits, whichever it is', async (name) => {
    const plan = planOf(name);
    const real = quantised(plan, {});
    const expected = await logitsOf(real);
    real.dispose();
    const layers = planLayers(plan.steps);
    expect(new Set(layers.map((layer) => layer.name)).size).toBe(layers.length);
    for (const { name: layer } of layers) {
      const network = quantised(plan, {
        exceptions: [{ layers: layer, weightBits: 2, activationBits: 2 }],
      });
      const found = await logitsOf(network);
      network.dispose();
      expect(found, layer).not.toEqual(expected);
    }
  });

  test.each(['adder-resnet-20@0.25', 'vit-tiny-cifar@0.25'])(
    '%s: sixteen bits are nearly real numbers, three are not',
    async (name) => {
      const plan = planOf(name);
      const of = async (bits: number) => {
        const network = quantised(plan, { weightBits: bits, activationBits: bits });
        const found = await evaluated(network);
        network.dispose();
        return found;
      };
      const real = await of(32);
      const largest = Math.max(...real.map(Math.abs));
      const off = (found: Float32Array) => Math.max(...found.map((v, i) => Math.abs(v - real[i]))) / largest;
      expect(off(await of(16))).toBeLessThan(0.02);
      expect(off(await of(3))).toBeGreaterThan(0.1);
    },
  );

  test('the table has every layer in the order of computing, with its widths, and adders on one step', async () => {
    const plan = planOf('adder-resnet-20@0.125');
    const exceptions = [
      { layers: 'stem', weightBits: 32, activationBits: 32 },
      { layers: 'stage1.*', weightBits: 4 },
    ];
    const network = quantised(plan, { weightBits: 8, activationBits: 6, exceptions });
    await evaluated(network);
    const table = new Map((await layerTable(network)).map((record) => [record.layer, record]));
    expect([...table.keys()].slice(0, 3)).toEqual(['stem', 'stage1.block1.conv1', 'stage1.block1.conv2']);
    expect([...table.keys()].at(-1)).toBe('head');
    expect(table.size).toBe(planLayers(plan.steps).length);
    const of = (layer: string) => table.get(layer) as LayerRecord;
    expect(of('stem')).toEqual({ layer: 'stem', family: 'stem', weight: null, input: null });
    const { family, weight, input } = of('stage1.block2.conv1');
    expect({ family, weight, input }).toMatchObject({
      family: 'add',
      weight: { bits: 4, lowest: -7, highest: 7, steps: [input?.step] },
      input: { bits: 6, low: 0, lowest: 0, highest: 63 }, // behind a ReLU
    });
    expect(of('stage2.block1.shortcut').weight).toMatchObject({ bits: 8, lowest: -127 });
    expect(of('head')).toMatchObject({ family: 'head', weight: { bits: 8 }, input: { bits: 6 } });
    network.dispose();
    const shift = quantised(planOf('shift-q-resnet-20@0.125'), { activationBits: 8 });
    const powers = (await layerTable(shift)).filter((record) => record.family === 'shift');
    expect(powers).toHaveLength(20);
    for (const record of powers) {
      expect(record.weight).toEqual({ bits: 5, lowestExponent: -15, highestExponent: 0 });
    }
    shift.dispose();
  });
});

describe('stochastic depth', () => {
  const dropPath = { rate: 0.9, random: Random.fromSeed('step') };
  const images = 128;

  test.each(['resnet-20@0.125', 'vit-tiny-cifar@0.1', 'mobilenet-v2-cifar@0.1'])(
    '%s: a branch is left out for more images the deeper it stands (Huang et al. 2016, equation 4)',
    async (name) => {
      const plan = planOf(name);
      const network = new ZooNetwork(backend, { plan, sharing }, Random.fromSeed(1));
      const branches = residuals(plan.steps);
      expect(branches.length).toBeGreaterThan(8);
      const outputs = new Map<string, Promise<ArrayLike<number>>>();
      const probe = (place: string, { graph, buffer }: Tensor) => {
        outputs.set(place, graph.backend.read(buffer));
      };
      await logitsOf(network, { images, dropPath, probe });
      network.dispose();
      let seen = 0;
      for (const [i, step] of branches.entries()) {
        const before = plan.steps[plan.steps.indexOf(step) - 1];
        if (step.shortcut.length > 0 || before.kind !== 'residual') continue;
        const [x, y] = [await outputs.get(before.name), await outputs.get(step.name)];
        if (x === undefined || y === undefined) throw new Error(`${step.name} was not seen`);
        const each = x.length / images;
        const alike = (image: number) =>
          Array.from({ length: each }, (_, j) => image * each + j).every((at) => x[at] === y[at]);
        const left = Array.from({ length: images }, (_, image) => image).filter(alike).length / images;
        expect(Math.abs(left - (0.9 * (i + 1)) / branches.length), step.name).toBeLessThan(0.15);
        seen++;
      }
      expect(seen).toBeGreaterThan(3);
    },
  );

  test('is for training alone, and a rate of 0 changes nothing', async () => {
    const network = new ZooNetwork(backend, { plan: planOf('resnet-20@0.125'), sharing }, Random.fromSeed(1));
    const real = await logitsOf(network);
    expect(await logitsOf(network, { dropPath })).not.toEqual(real);
    const none = await logitsOf(network, { dropPath: { ...dropPath, rate: 0 } });
    for (const [i, value] of none.entries()) expect(value).toBeCloseTo(real[i], 4);
    const mode = { kind: 'evaluate' } as const;
    expect(await logitsOf(network, { mode, dropPath })).toEqual(await logitsOf(network, { mode }));
    network.dispose();
  });
});
