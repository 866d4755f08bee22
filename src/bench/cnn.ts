/**
 * A small convolutional network of our layers, trained with momentum: the whole step that is compared with the peer's
 * (bench/peer/torch_peer.py has the same one). Images are 32 x 32 x 3.
 *
 *   3 -> 32 -> 32 -> 64 / 2 -> 64 -> 128 / 2 -> 128     3x3 convolution, batch norm, ReLU; then mean, linear 10
 */

import { Graph, globalAveragePool, meanCrossEntropy } from '../autograd/index.ts';
import type { Backend } from '../backends/backend.ts';
import { Random } from '../core/random.ts';
import { BatchNorm2d } from '../layers/batch-norm2d.ts';
import { Conv2d } from '../layers/conv2d.ts';
import { disposeLayers } from '../layers/layer.ts';
import { Linear } from '../layers/linear.ts';
import { gradientsOf } from '../training/gradients.ts';
import { Sgd } from '../training/sgd.ts';
import { fakeBatch } from './images.ts';
import type { Runnable } from './whole.ts';

const WIDTHS = [
  [3, 32, 1],
  [32, 32, 1],
  [32, 64, 2],
  [64, 64, 1],
  [64, 128, 2],
  [128, 128, 1],
] as const;
const CLASSES = 10;

/** Call while no scope of the backend is open. */
export function cnnStep(backend: Backend, batch: number): Runnable {
  const source = { backend, random: Random.fromSeed(0) };
  const blocks = WIDTHS.map(([inputs, outputs, stride], i) => ({
    conv: new Conv2d(source, `conv${i}`, { inputs, outputs, kernel: 3, stride }),
    norm: new BatchNorm2d(source, `norm${i}`, { channels: outputs, activation: 'relu' }),
  }));
  const head = new Linear(source, 'head', { inputs: 128, outputs: CLASSES });
  const layers = [...blocks.flatMap(({ conv, norm }) => [conv, norm]), head];
  const parameters = layers.flatMap((layer) => layer.parameters());
  const optimiser = new Sgd(backend, parameters, { momentum: 0.9, nesterov: false, decay: 0 });
  const { images, targets, shape } = fakeBatch(batch, { h: 32, w: 32, c: 3 }, CLASSES);
  return {
    run() {
      const graph = new Graph(backend, { training: true });
      let y = graph.values(images, shape);
      for (const { conv, norm } of blocks) y = norm.forward(conv.forward(y));
      const logits = head.forward(globalAveragePool(y));
      graph.backward(meanCrossEntropy(logits, graph.values(targets, [batch, CLASSES])));
      optimiser.step(gradientsOf(graph), 0.01);
      graph.close();
    },
    dispose() {
      optimiser.dispose();
      disposeLayers(backend, layers);
    },
  };
}
