/** What is added to the loss of a translator's step: the alignment of what its lightweight blocks compute with. */
import { expect, test } from 'vitest';
import { Graph, type Tensor } from '../autograd/graph.ts';
import { createReference } from '../backends/reference/reference.ts';
import { Random } from '../core/random.ts';
import { makeBatch } from '../data/text/batches.ts';
import { alignmentLoss } from '../supernet/alignment.ts';
import { TOY_SHARING, toyNetwork, toyTranslator } from '../supernet/translator/toy.ts';
import { lossOf, translationLoss } from './translation-loss.ts';

const backend = createReference();
const network = toyNetwork(['D', 'AC'], ['S', 'A']);
const batch = makeBatch({ from: [Int32Array.of(4, 5)], to: [Int32Array.of(6, 7, 8)] }, [0]);
const translator = toyTranslator(backend, network);
const STILL = { encoder: 0, decoder: 0, attention: 0, filter: 0, random: Random.fromSeed('noise') };
const frame = {
  translator,
  batchAt: () => batch,
  networkAt: () => network,
  noiseAt: () => STILL,
  smoothing: 0.1,
};

/** Of a graph that is closed afterwards. */
async function lossAt(make: (graph: Graph) => Tensor): Promise<number> {
  const graph = new Graph(backend, { training: true });
  try {
    return (await backend.read(make(graph).buffer))[0];
  } finally {
    graph.close();
  }
}

test('weights come by family: filters of additions, and filters and linear layers that multiply', async () => {
  const seen: string[] = [];
  const graph = new Graph(backend, { training: true });
  const onWeight = (family: string, { shape }: Tensor) => seen.push(`${family} ${shape.join('x')}`);
  lossOf(graph, translator, network, batch, { onWeight }, 0);
  graph.close();
  expect(seen).toEqual([
    ...['conv 8x8', 'add 2x3', 'conv 8x8'], // D: in, filter, out
    ...['conv 4x4', 'conv 2x5', 'conv 4x4'], // C on half the channels
    ...['conv 12x12', 'shift 12x12', 'add 2x3', 'conv 12x12'], // S in the decoder
  ]);
});

test.each(['released', 'wasserstein', 'wasserstein-add'] as const)(
  '%s: the loss is larger by the term of the effective weights, and filters get its gradient',
  async (kind) => {
    const random = Random.fromSeed('alignment');
    let term: Tensor | undefined;
    const aligned = translationLoss({
      ...frame,
      penalty: (weights) => {
        expect([weights.conv.length, weights.add.length]).toEqual([7, 2]);
        term = alignmentLoss(kind, weights, random);
        return term;
      },
    });
    const plain = await lossAt((graph) => translationLoss(frame)(graph, 0));
    let added = 0;
    const graph = new Graph(backend, { training: true });
    const loss = aligned(graph, 0);
    added = (await backend.read((term as Tensor).buffer))[0];
    expect(added).not.toBe(0);
    expect((await backend.read(loss.buffer))[0]).toBeCloseTo(plain + added, 5);
    graph.backward(loss);
    const filter = translator.store.parameter('encoder.layer0.lightweight.filter');
    const withTerm = Array.from(await backend.read(graph.gradient(filter)!));
    graph.close();

    const without = new Graph(backend, { training: true });
    without.backward(translationLoss(frame)(without, 0));
    const alone = Array.from(await backend.read(without.gradient(filter)!));
    without.close();
    expect(withTerm).not.toEqual(alone);
  },
);

test('a step without anything to align has its loss alone', async () => {
  const attention = toyNetwork(['A'], ['A']);
  const one = toyTranslator(backend, attention, { sharing: TOY_SHARING });
  const alone = { ...frame, translator: one, networkAt: () => attention };
  const plain = await lossAt((graph) => translationLoss(alone)(graph, 0));
  const penalty: Parameters<typeof translationLoss>[0]['penalty'] = (weights) =>
    alignmentLoss('wasserstein', weights, Random.fromSeed(0));
  expect(await lossAt((graph) => translationLoss({ ...alone, penalty })(graph, 0))).toBe(plain);
  one.dispose();
});
