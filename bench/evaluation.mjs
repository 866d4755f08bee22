/**
 * How fast candidates of the space `cifar` are scored with the settings of preset `small`: one after the other with all
 * threads, and side by side in threads over one copy of weights and images; and what one more thread takes of memory.
 * Weights are untrained and images are drawn, 32 x 32 in colour: neither changes the time.
 *
 *   npm run build && node bench/evaluation.mjs [folder of the compiled package]
 *   node bench/evaluation.mjs dist --memory 2       prints the resident MiB of a process with 2 threads, and ends
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROUNDS = 5;
const CANDIDATES = 12;

export async function measureEvaluation(folder) {
  const place = await open(folder);
  const { backend, evaluatorWith, offerTo, jobsFor, scored } = place;
  const cores = backend.threads;
  const names = [`one at a time, ${cores} threads`, '1 worker', `${cores} workers`];
  const evaluators = [1, 'one', cores].map(evaluatorWith);
  const rates = names.map(() => []);
  const seconds = names.map(() => []);
  for (let round = -1; round < ROUNDS; round++) {
    for (const [i, evaluator] of evaluators.entries()) {
      const offer = await offerTo(evaluator);
      await scored(evaluator, jobsFor(offer).slice(0, cores)); // threads are up, images are there
      const [start, before] = [performance.now(), process.cpuUsage()];
      await scored(evaluator, jobsFor(offer));
      const took = (performance.now() - start) / 1000;
      const { user, system } = process.cpuUsage(before);
      await offer.withdraw();
      if (round < 0) continue;
      rates[i].push(CANDIDATES / took);
      seconds[i].push((user + system) / 1e6 / CANDIDATES);
    }
  }
  for (const [i, name] of names.entries()) {
    const ratio = median(rates[i].map((rate, round) => rate / rates[0][round]));
    console.log(
      `${name}: ${median(rates[i]).toFixed(2)} candidates/s (best ${Math.max(...rates[i]).toFixed(2)}), ${median(seconds[i]).toFixed(3)} processor seconds each, ${ratio.toFixed(2)} times the first`,
    );
  }
  await Promise.all(evaluators.map((evaluator) => evaluator.dispose()));
  backend.dispose();
  console.log(
    `weights ${place.weights.toFixed(1)} MiB, images for scoring and calibrating ${place.images.toFixed(1)} MiB; resident memory`,
    [1, 2, 3, 4].map((threads) => `${threads}: ${resident(folder, threads)} MiB`).join(', '),
    'by number of workers',
  );
  return 1000 / median(rates[2]);
}

function resident(folder, threads) {
  const args = [fileURLToPath(import.meta.url), folder, '--memory', String(threads)];
  return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout.trim();
}

async function open(folder) {
  const load = (path) => import(pathToFileURL(resolve(folder, path)).href);
  const [{ openBackend }, { loadSpace }, { Network }, { Random }, { sample }, { encode }] = await Promise.all(
    [
      'backends/open.js',
      'spaces/load.js',
      'supernet/network.js',
      'core/random.js',
      'spaces/sample.js',
      'spaces/genotype.js',
    ].map(load),
  );
  const [{ drawGlyphs }, { stratified }, options, { PRESETS }, { sharingOf }] = await Promise.all(
    [
      'data/glyphs/glyphs.js',
      'data/split.js',
      'runs/options.js',
      'runs/presets.js',
      'runs/pipeline/sharing-of.js',
    ].map(load),
  );
  const [{ threadProgram, openEvaluator }, { Threads }, { inOrder }] = await Promise.all(
    ['open-evaluator.js', 'threads.js', 'in-order.js'].map((name) => load(`runs/evaluation/${name}`)),
  );
  const config = { ...options.DEFAULT_CONFIG, ...PRESETS.small.settings };
  const drawn = drawGlyphs({ seed: 1, train: 3000, test: 10, size: 32 });
  const dataset = {
    ...{ source: 'drawn', classes: Array.from({ length: 10 }, (_, i) => `${i}`), notes: [] },
    ...{ train: inColour(drawn.train), test: inColour(drawn.test), mirrorable: false },
    ...{ mean: [0.2, 0.2, 0.2], deviation: [0.3, 0.3, 0.3] },
  };
  const random = Random.fromSeed(0);
  const backend = await openBackend('auto');
  const space = loadSpace('cifar');
  const task = { image: { h: 32, w: 32, c: 3 }, classes: 10 };
  const sharing = sharingOf(config);
  const split = stratified(dataset.train.labels, 1500, random.split('held out'));
  const unreadable = new Set();
  const context = { config, backend, dataset, split, space, task, sharing, random, unreadable };
  const network = new Network(backend, { space, task, sharing }, random.split('weights'));
  const paths = Array.from({ length: CANDIDATES }, (_, i) => encode(sample(space, random.split(i))));
  const images = 4 * 32 * 32 * 3 * (config.scoreImages + config.calibrationImages);
  return {
    backend,
    weights: backend.memory().used / 2 ** 20,
    images: images / 2 ** 20,
    evaluatorWith: (workers) =>
      workers === 'one'
        ? new Threads(context, { threads: 1, program: threadProgram() })
        : openEvaluator(context, workers),
    offerTo: (evaluator) => evaluator.offer(network),
    jobsFor: ({ supernet }) => paths.map((genotype) => ({ kind: 'evaluate', supernet, genotype })),
    scored: async (evaluator, jobs) => {
      for await (const _ of inOrder(evaluator, jobs));
    },
  };
}

function inColour(set) {
  const pixels = Uint8Array.from({ length: 3 * set.pixels.length }, (_, i) => set.pixels[Math.floor(i / 3)]);
  return { ...set, channels: 3, pixels };
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  const [, , folder = 'dist', flag, threads] = process.argv;
  if (flag === '--memory') {
    const { backend, evaluatorWith, offerTo, jobsFor, scored } = await open(folder);
    const evaluator = evaluatorWith(threads === '1' ? 'one' : Number(threads));
    const offer = await offerTo(evaluator);
    await scored(evaluator, jobsFor(offer));
    console.log(Math.round(process.memoryUsage.rss() / 2 ** 20));
    await offer.withdraw();
    await evaluator.dispose();
    backend.dispose();
  } else {
    await measureEvaluation(folder);
  }
}
