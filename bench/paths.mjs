// How well the figure by which ranks pair their paths (src/runs/ranks/step-cost.ts) says how long training steps take.
//
//   npm run build && node bench/paths.mjs [--space cifar] [--paths 96] [--rounds 8]
//
// Paths of a supernet of images are trained on one thread, one after the other, round by round; the quickest step of each
// counts. Printed is what remains of the spread of the times once a straight line through a figure is taken off.
import { parseArgs } from 'node:util';
import { Graph } from '../dist/autograd/graph.js';
import { meanCrossEntropy } from '../dist/autograd/loss.js';
import { openBackend } from '../dist/backends/open.js';
import { fakeBatch } from '../dist/bench/images.js';
import { Random } from '../dist/core/random.js';
import { accumulates } from '../dist/hardware/workload.js';
import { stepCost } from '../dist/runs/ranks/step-cost.js';
import { networkWorkloads, planNetwork } from '../dist/spaces/layout.js';
import { loadSpace } from '../dist/spaces/load.js';
import { sample } from '../dist/spaces/sample.js';
import { Network } from '../dist/supernet/network.js';
import { DEFAULT_SHARING } from '../dist/supernet/sharing.js';
import { AdamW, DEFAULT_ADAMW } from '../dist/training/adamw.js';
import { gradientsOf } from '../dist/training/gradients.js';

const { values: flags } = parseArgs({
  options: {
    space: { type: 'string', default: 'cifar' },
    paths: { type: 'string', default: '96' },
    rounds: { type: 'string', default: '8' },
  },
});
const BATCH = 32;
const random = Random.fromSeed('paths');
const space = loadSpace(flags.space);
const task = { image: { h: 32, w: 32, c: 3 }, classes: 10 };
const backend = await openBackend('native', { threads: 1 });
const network = new Network(backend, { space, task, sharing: DEFAULT_SHARING }, random.split('weights'));
const { families } = DEFAULT_SHARING;
const optimiser = new AdamW(backend, network.store.parameters(), { ...DEFAULT_ADAMW, families });
const { images, targets } = fakeBatch(BATCH, task.image, task.classes);

function step(path) {
  const graph = new Graph(backend, { training: true });
  const x = graph.values(images, [BATCH, task.image.h, task.image.w, task.image.c]);
  const logits = network.forward(x, path, { mode: { kind: 'train' } });
  graph.backward(meanCrossEntropy(logits, graph.values(targets, [BATCH, task.classes])));
  optimiser.step(gradientsOf(graph), 1e-3);
  graph.close();
}

const paths = Array.from({ length: Number(flags.paths) }, (_, i) => sample(space, random.split(i)));
for (const path of paths) step(path); // warms up
const times = paths.map(() => Infinity);
for (let round = 0; round < Number(flags.rounds); round++) {
  for (const [i, path] of paths.entries()) {
    const started = performance.now();
    step(path);
    times[i] = Math.min(times[i], performance.now() - started);
  }
}
optimiser.dispose();
network.dispose();
backend.dispose();

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
/** Deviation of `values` from the best straight line through `figure`. */
function rest(values, figure) {
  const [x, y] = [mean(figure), mean(values)];
  const slope =
    mean(values.map((value, i) => (value - y) * (figure[i] - x))) / mean(figure.map((f) => (f - x) ** 2));
  return deviation(values.map((value, i) => value - slope * figure[i]));
}
const loads = paths.map((path) => networkWorkloads(planNetwork(space, path, task)));
const share = (milliseconds) => `${((100 * milliseconds) / mean(times)).toFixed(1)} %`;
console.log(`${paths.length} paths of ${space.name}: ${mean(times).toFixed(1)} ms a step of ${BATCH} images`);
console.log(`spread of the times: ${share(deviation(times))}`);
console.log(
  `beside multiply-accumulates: ${share(
    rest(
      times,
      loads.map((of) => of.reduce((sum, load) => sum + accumulates(load), 0)),
    ),
  )}`,
);
console.log(`beside stepCost: ${share(rest(times, loads.map(stepCost)))}`);
