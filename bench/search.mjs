/**
 * What the bookkeeping of a search costs on this machine: fronts, and the time an algorithm takes beside scoring, as a
 * share of the time that scoring takes (evaluation.mjs).
 *
 *   npm run build && node bench/search.mjs [folder of the compiled package]
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { measureEvaluation } from './evaluation.mjs';

const folder = resolve(process.argv[2] ?? 'dist');
const load = (path) => import(pathToFileURL(resolve(folder, path)).href);
const [{ front, insert }, { Random }, { planSearch }, { ALGORITHM_NAMES }] = await Promise.all(
  ['search/front.js', 'core/random.js', 'search/algorithms.js', 'search/names.js'].map(load),
);
const [{ waiting }, { spaceProblem }, { cifar }, { ArchitecturePricer }, hardware] = await Promise.all(
  [
    'search/sampler.js',
    'search/space-problem.js',
    'spaces/presets.js',
    'spaces/pricing.js',
    'hardware/index.js',
  ].map(load),
);

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const milliseconds = (work) => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

/** Points on a falling diagonal are all on the front: the worst case of growing one. */
const CLOUDS = {
  'uniform in the square': (random) => [random.uniform(), random.uniform()],
  'all on the front': (random) => {
    const x = random.uniform();
    return [x, 1 - x];
  },
};
const N = 100_000;
for (const [name, draw] of Object.entries(CLOUDS)) {
  const random = Random.fromSeed(1);
  const cloud = Array.from({ length: N }, () => draw(random));
  const times = Array.from({ length: 9 }, () => milliseconds(() => front(cloud)));
  const grown = [];
  const growing = milliseconds(() => {
    for (const [item, values] of cloud.entries()) insert(grown, { values, item });
  });
  console.log(
    `front of ${N} points, ${name}: ${median(times).toFixed(1)} ms (${grown.length} on it); grown point by point ${((1000 * growing) / N).toFixed(2)} us a point`,
  );
}

const space = cifar();
const task = { image: { h: 32, w: 32, c: 3 }, classes: 10 };
const accelerator = hardware.findAccelerator('shiftaddnas-released');
const pricer = new ArchitecturePricer(space, task, new hardware.Pricer(accelerator, 32));
const problem = spaceProblem(space, (genotype) => pricer.price(genotype));
const settings = {
  limits: { energyMj: 0.5 },
  population: 50,
  parents: 10,
  generations: 20,
  objectives: ['loss', 'energyMj'],
};
const scoring = await measureEvaluation(folder);
for (const name of ALGORITHM_NAMES) {
  const { sampler, config } = planSearch(name, settings);
  let state = sampler.init(config, Random.fromSeed(1));
  let scored = 0;
  const time = milliseconds(() => {
    while (!sampler.finished(state)) {
      state = sampler.propose(state, problem);
      for (const { key, costs } of waiting(state)) {
        const score = { loss: 1 / (1 + costs.energyMj), accuracy: 0 };
        state = sampler.absorb(state, { [key]: score });
        scored++;
      }
    }
  });
  const share = (100 * time) / scored / scoring;
  console.log(
    `${name}: ${(time / scored).toFixed(3)} ms a candidate beside its score, ${share.toFixed(2)} % of the ${scoring.toFixed(0)} ms that a score takes (${scored} scored)`,
  );
}
