/**
 * How far each operator family moves a tensor that several of them train (weight-sharing evidence, section 6, item
 * 10): with one second moment a family the steps are alike, with a common one the largest gradients own them.
 */

import { expect, test } from 'vitest';
import { Graph } from '../autograd/graph.ts';
import { meanCrossEntropy } from '../autograd/loss.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { Network } from '../supernet/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { TOY_SPACE, TOY_TASK, toyImages, toyPath } from '../supernet/toy.ts';
import { AdamW, DEFAULT_ADAMW } from './adamw.ts';
import { gradientsOf } from './gradients.ts';

const backend = createReference();
const FAMILIES = ['conv', 'add', 'shift'] as const;
const ROUNDS = 5;
const RATE = 1e-4;

/** Root mean square of a family's last step over all shared tensors of its path, in units of the rate. */
async function lastSteps(moments: 'by family' | 'common'): Promise<Record<string, number>> {
  const config = { space: TOY_SPACE, task: TOY_TASK, sharing: DEFAULT_SHARING };
  const network = new Network(backend, config, Random.fromSeed('steps'));
  for (const { name, value } of network.store.parameters()) {
    if (name.endsWith('norm3.gamma')) backend.fill(value, 0.7);
  }
  // beta1 0: a step is this family's own, without the momentum of the others
  const optimiser = new AdamW(backend, network.store.parameters(), {
    ...DEFAULT_ADAMW,
    beta1: 0,
    decay: 0,
    families: FAMILIES,
  });
  const shared = [...network.store.parameters()].filter(
    ({ name, traits }) =>
      traits.shared === true && /layer0\.stage0|layer1\.stage1.*(down|conv[23])$/.test(name),
  );
  expect(shared.length).toBe(8);
  const values = async () => {
    const all: number[] = [];
    for (const { value } of shared) all.push(...(await backend.read(value)));
    return all;
  };
  const found: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const family of FAMILIES) {
      const { images, targets, count } = toyImages(6, Random.fromSeed(`${round} ${family}`));
      const before = await values();
      const graph = new Graph(backend, { training: true });
      const x = graph.values(images, [count, 7, 7, 1]);
      const logits = network.forward(x, toyPath(family, family), { mode: { kind: 'train' } });
      if (moments === 'common')
        for (const parameter of [...graph.readers.keys()]) graph.readers.set(parameter, 'conv');
      graph.backward(meanCrossEntropy(logits, graph.values(targets, [count, 3])));
      optimiser.step(gradientsOf(graph), RATE);
      graph.close();
      const after = await values();
      const squares = after.reduce((total, value, i) => total + (value - before[i]) ** 2, 0);
      found[family] = Math.sqrt(squares / after.length) / RATE;
    }
  }
  return found;
}

const ratio = (steps: Record<string, number>) =>
  Math.max(...Object.values(steps)) / Math.min(...Object.values(steps));

test('with a second moment for each family their steps are within a factor of 2', async () => {
  const steps = await lastSteps('by family');
  expect(ratio(steps)).toBeLessThan(2);
  for (const family of FAMILIES) expect(steps[family]).toBeGreaterThan(0.3);
});

test('with a common one they are not: add, whose gradients are the largest, takes the largest steps', async () => {
  const steps = await lastSteps('common');
  expect(ratio(steps)).toBeGreaterThan(2);
  expect(steps.add).toBe(Math.max(...Object.values(steps)));
});
