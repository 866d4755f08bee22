// Training steps of the fixed baselines, and where their time goes: node bench/training-step.mjs [space] [batch]
// Build first (npm run setup). Ratios within one run are what to quote: machines are shared and noisy.
import { Graph } from '../dist/autograd/graph.js';
import { meanCrossEntropy } from '../dist/autograd/loss.js';
import { openBackend } from '../dist/backends/open.js';
import { Random } from '../dist/core/random.js';
import { loadSpace } from '../dist/spaces/load.js';
import { baseline } from '../dist/spaces/stage-layers.js';
import { Network } from '../dist/supernet/network.js';
import { DEFAULT_SHARING } from '../dist/supernet/sharing.js';
import { AdamW } from '../dist/training/adamw.js';

const space = loadSpace(process.argv[2] ?? 'cifar');
const batch = Number(process.argv[3] ?? 64);
const threads = process.env.THREADS ? { threads: Number(process.env.THREADS) } : {};
const backend = await openBackend('auto', threads);
const STEPS = 15;
const task = { image: { h: 28, w: 28, c: 1 }, classes: 10 };
const sharing = { ...DEFAULT_SHARING, families: [] };

const spent = new Map();
/** The backend with a clock around every kernel. */
const timed = new Proxy(backend, {
  get(target, key) {
    const found = target[key];
    if (typeof found !== 'function') return found;
    return (...args) => {
      const from = performance.now();
      try {
        return found.apply(target, args);
      } finally {
        const entry = spent.get(key) ?? { ms: 0, calls: 0 };
        spent.set(key, { ms: entry.ms + performance.now() - from, calls: entry.calls + 1 });
      }
    };
  },
});

const random = Random.fromSeed(0);
const images = Float32Array.from({ length: batch * 784 }, () => random.normal());
const targets = Float32Array.from({ length: batch * 10 }, (_, i) =>
  i % 10 === Math.floor(i / 10) % 10 ? 1 : 0,
);
console.log(`${backend.description}; space ${space.name}, batch ${batch}, ${STEPS} steps each`);
for (const operator of ['conv', 'add', 'shift']) {
  const genotype = baseline(space, operator);
  const network = new Network(timed, { space, task, sharing, genotype }, random.split(operator));
  const optimiser = new AdamW(timed, network.store.parameters());
  const step = () => {
    const graph = new Graph(timed, { training: true });
    const x = graph.values(images, [batch, 28, 28, 1]);
    const logits = network.forward(x, genotype, { mode: { kind: 'train' } });
    graph.backward(meanCrossEntropy(logits, graph.values(targets, [batch, 10])));
    optimiser.step(graph, 1e-3);
    graph.close();
  };
  for (let i = 0; i < 3; i++) step();
  spent.clear();
  const times = Array.from({ length: STEPS }, () => {
    const from = performance.now();
    step();
    return performance.now() - from;
  }).sort((a, b) => a - b);
  const median = times[STEPS >> 1];
  const rate = Math.round((1000 * batch) / median);
  console.log(
    `all-${operator}: median ${median.toFixed(1)} ms, fastest ${times[0].toFixed(1)} ms, ${rate} images/s`,
  );
  for (const [kernel, { ms, calls }] of [...spent].sort((a, b) => b[1].ms - a[1].ms).slice(0, 8)) {
    console.log(
      `  ${kernel.padEnd(22)} ${(ms / STEPS).toFixed(2).padStart(7)} ms ${String(calls / STEPS).padStart(5)} calls`,
    );
  }
  optimiser.dispose();
  network.dispose();
}
backend.dispose();
