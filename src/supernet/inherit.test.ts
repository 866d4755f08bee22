/** A network that inherits is the path of the supernet it was, number for number, in every sharing scheme. */
import { describe, expect, test } from 'vitest';
import { Graph } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { retrainedSpace } from '../spaces/retrained.ts';
import type { Genotype, Space } from '../spaces/space.ts';
import { inherit } from './inherit.ts';
import { Network } from './network.ts';
import { DEFAULT_SHARING, type SharingConfig } from './sharing.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from './toy.ts';

const backend = createReference();
const { images, count } = toyImages(6, Random.fromSeed('images'));

/** A supernet as if it had trained: gammas that are not 0, scales and slopes that moved. */
async function supernetOf(space: Space, sharing: SharingConfig): Promise<Network> {
  const network = new Network(backend, { space, task: TOY_TASK, sharing }, Random.fromSeed(7));
  for (const { name, value, shape } of network.store.parameters()) {
    const random = Random.fromSeed(`moved ${name}`);
    const values = (await backend.read(value)).map((at) => at + 0.1 * random.normal());
    if (shape.length === 1) backend.write(value, values);
    if (name.endsWith('.gamma')) backend.fill(value, 0.8);
  }
  return network;
}

async function logits(network: Network, genotype: Genotype): Promise<Float32Array> {
  const graph = new Graph(backend, { training: true, recording: false });
  const { h, w, c } = TOY_TASK.image;
  const x = graph.values(images, [count, h, w, c]);
  const y = await graph.read(network.forward(x, genotype, { mode: { kind: 'train' } }));
  graph.close();
  return Float32Array.from(y);
}

const alone = (sharing: SharingConfig): SharingConfig => ({ ...sharing, families: [] });

async function inherited(space: Space, retrained: Space, sharing: SharingConfig, genotype: Genotype) {
  const supernet = await supernetOf(space, sharing);
  const config = { space: retrained, task: TOY_TASK, sharing: alone(sharing), genotype };
  const network = new Network(backend, config, Random.fromSeed(8));
  const found = await inherit(network, supernet, genotype);
  return { supernet, network, found };
}

const SCHEMES = (['none', 'released', 'monotone', 'affine'] as const).flatMap((transformation) =>
  ([[], ['conv', 'add', 'shift']] as const).flatMap((families) =>
    (['Q', 'PS', 'PS-released', 'PS-released-v4'] as const)
      .filter((shift) => !shift.startsWith('PS-released') || transformation === 'released')
      .map((shift) => [transformation, families.length === 0 ? 'nothing' : 'all', shift, families] as const),
  ),
);

test.each(SCHEMES)(
  'transformation %s, %s shared, shift %s: supernet-exact blocks give the same logits',
  async (...scheme) => {
    const [transformation, , shift, families] = scheme;
    const sharing: SharingConfig = { ...DEFAULT_SHARING, families, transformation, shift };
    for (const genotype of [
      toyPath('add', 'shift', 'conv'),
      toyPath('shift', 'add'),
      toyPath('conv', 'attention'),
    ]) {
      const { supernet, network, found } = await inherited(TOY_SPACE, TOY_SPACE, sharing, genotype);
      expect(found.fresh).toEqual([]);
      expect(found.taken).toBe(found.of);
      const [before, after] = [await logits(supernet, genotype), await logits(network, genotype)];
      after.forEach((value, i) => {
        expect(value).toBeCloseTo(before[i], 5);
      });
      supernet.dispose();
      network.dispose();
    }
  },
);

describe('where the network differs from the supernet', () => {
  const genotype = toyPath('add', 'conv', 'shift');
  const published = { blocks: 'published', lastStride: 2, width: 1, taught: false } as const;

  test('published blocks: squeeze-excite is new, all else is taken', async () => {
    const space = retrainedSpace(TOY_SPACE, published);
    const { supernet, network, found } = await inherited(TOY_SPACE, space, DEFAULT_SHARING, genotype);
    expect(found.fresh.length).toBe(4 * 3);
    for (const name of found.fresh) expect(name).toMatch(/\.(squeeze|excite)(-bias)?$/);
    expect(found.taken).toBeLessThan(found.of);
    expect(await logits(network, genotype)).not.toEqual(await logits(supernet, genotype));
  });

  test('a strided 3x3 shortcut does not become a 1x1: its weight is fresh', async () => {
    const from: Space = { ...TOY_SPACE, shortcut: 'conv3x3' };
    const { found } = await inherited(from, retrainedSpace(from, published), DEFAULT_SHARING, genotype);
    expect(found.fresh).toContain('layer2.stage1.shift.shortcut.down');
    expect(found.fresh).not.toContain('layer2.stage1.shift.conv1.down');
  });

  test('last stride 1: the weights of the change of resolution are taken', async () => {
    const space = retrainedSpace(TOY_SPACE, { ...published, blocks: 'supernet', lastStride: 1 });
    const { found } = await inherited(TOY_SPACE, space, DEFAULT_SHARING, genotype);
    expect(found.fresh).toEqual([]);
  });

  test('twice the width: stem and its norm fit, and the bias of the head', async () => {
    const space = retrainedSpace(TOY_SPACE, { ...published, width: 2 });
    const { network, found } = await inherited(TOY_SPACE, space, DEFAULT_SHARING, genotype);
    const names = [...network.store.parameters()].map(({ name }) => name);
    const taken = names.filter((name) => !found.fresh.includes(name));
    expect(taken).toEqual(['stem.conv', 'stem.norm.gamma', 'stem.norm.beta', 'head.bias']);
  });

  test('two heads start as the one there was', async () => {
    const space = retrainedSpace(TOY_SPACE, { ...published, taught: true });
    const { supernet, network } = await inherited(TOY_SPACE, space, DEFAULT_SHARING, genotype);
    const [from] = [await backend.read(supernet.store.parameter('head.weight').value)];
    for (const name of ['head.weight', 'head.distillation.weight']) {
      expect(await backend.read(network.store.parameter(name).value)).toEqual(from);
    }
  });
});
