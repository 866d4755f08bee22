/**
 * A small hybrid learns to read drawn digits. Everything is the package's own: the digits are drawn here, the network is
 * one of the space `micro`, and whoever calls chooses the backend. What happens is told event by event, for a page to draw.
 */
import { Graph } from '../../dist/autograd/graph.js';
import { meanCrossEntropy } from '../../dist/autograd/loss.js';
import { Random } from '../../dist/core/random.js';
import { BatchMaker } from '../../dist/data/batches.js';
import { drawGlyphs } from '../../dist/data/glyphs/glyphs.js';
import { argmax } from '../../dist/metrics/accuracy.js';
import { decode } from '../../dist/spaces/genotype.js';
import { micro } from '../../dist/spaces/presets.js';
import { Network } from '../../dist/supernet/network.js';
import { DEFAULT_SHARING } from '../../dist/supernet/sharing.js';
import { AdamW } from '../../dist/training/adamw.js';
import { gradientsOf } from '../../dist/training/gradients.js';
import { calibrate, HeldBatches } from '../../dist/training/score.js';

const SIZE = 28;
const RATE = 5e-3;
/** Steps between two looks at the loss, and at the held-out digits. */
const LOOK = 5;
const EXAMINE = 50;

/**
 * Trains the network of a genotype, for example `1-2:d|sa`: an adder, a shift layer, attention. Yields
 *   { step, loss, imagesPerSecond }          every few steps
 *   { step, accuracy, digits }               now and then; a digit has its pixels, its label and what was read
 * and never ends by itself: whoever listens stops listening.
 */
export async function* trainDigits(backend, word, { train = 3000, test = 60, batch = 32 } = {}) {
  const data = drawGlyphs({ train, test, size: SIZE });
  const space = micro();
  const genotype = decode(space, word);
  const task = { image: { h: SIZE, w: SIZE, c: 1 }, classes: data.classes.length };
  const sharing = { ...DEFAULT_SHARING, families: [] };
  const network = new Network(backend, { space, task, sharing, genotype }, Random.fromSeed('weights'));
  const optimiser = new AdamW(backend, network.store.parameters());
  const random = Random.fromSeed('order').state();
  const batches = new BatchMaker({ set: data.train, normal: data, batchSize: batch, random });
  const examined = new BatchMaker({ set: data.test, normal: data, batchSize: test }).batch(0, 0);
  const held = new HeldBatches(backend, { shape: [SIZE, SIZE, 1], classes: task.classes }, [examined]);

  const step = (number) => {
    const epoch = Math.floor(number / batches.stepsPerEpoch);
    const { images, targets, count } = batches.batch(epoch, number % batches.stepsPerEpoch);
    const graph = new Graph(backend, { training: true });
    const x = graph.values(images, [count, SIZE, SIZE, 1]);
    const logits = network.forward(x, genotype, { mode: { kind: 'train' } });
    const loss = meanCrossEntropy(logits, graph.values(targets, [count, task.classes]));
    graph.backward(loss);
    optimiser.step(gradientsOf(graph), RATE);
    return { graph, loss };
  };
  const examine = async () => {
    calibrate(network, genotype, held);
    const graph = new Graph(backend, { training: false });
    const x = graph.constant(held.batches[0].images, [test, SIZE, SIZE, 1]);
    const logits = await graph.read(network.forward(x, genotype, { mode: { kind: 'evaluate' } }));
    graph.close();
    const digits = Array.from(data.test.labels, (label, i) => ({
      pixels: data.test.pixels.subarray(i * SIZE * SIZE, (i + 1) * SIZE * SIZE),
      label,
      read: argmax(logits, i * task.classes, task.classes),
    }));
    return { accuracy: digits.filter(({ label, read }) => label === read).length / test, digits };
  };

  let from = performance.now();
  for (let number = 0; ; number++) {
    const { graph, loss } = step(number);
    try {
      if (number % LOOK === 0) {
        const [value] = await graph.read(loss);
        const seconds = (performance.now() - from) / 1e3;
        from = performance.now();
        yield { step: number, loss: value, imagesPerSecond: ((number === 0 ? 1 : LOOK) * batch) / seconds };
      }
    } finally {
      graph.close();
    }
    if (number % EXAMINE === 0 && number > 0) yield { step: number, ...(await examine()) };
  }
}
