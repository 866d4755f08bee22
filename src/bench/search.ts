/** What a search costs beside scoring its candidates: fronts of many points, and each algorithm's own work. */
import { Random } from '../core/random.ts';
import { findAccelerator, Pricer } from '../hardware/index.ts';
import { planSearch } from '../search/algorithms.ts';
import { type FrontEntry, front, insert, type Point } from '../search/front.ts';
import { ALGORITHM_NAMES, type AlgorithmName } from '../search/names.ts';
import type { SearchProblem } from '../search/problem.ts';
import { waiting } from '../search/sampler.ts';
import { spaceProblem } from '../search/space-problem.ts';
import { loadSpace } from '../spaces/load.ts';
import { ArchitecturePricer } from '../spaces/pricing.ts';
import { sample } from '../spaces/sample.ts';
import type { Genotype } from '../spaces/space.ts';
import { Network } from '../supernet/network.ts';
import { DEFAULT_SHARING } from '../supernet/sharing.ts';
import { calibrate, HeldBatches, score } from '../training/score.ts';
import { fakeBatch } from './images.ts';
import { type Measuring, stopIfAsked } from './measuring.ts';
import { atMost, type Row } from './row.ts';
import { median, sleep } from './timing.ts';

const POINTS = 100_000;
const FRONT_MS = 100;
/** Of the time that scoring takes. */
const BOOKKEEPING_PERCENT = 1;
const TASK = { image: { h: 28, w: 28, c: 1 }, classes: 10 };
const BATCH = 128;

const CLOUDS: Readonly<Record<string, (random: Random) => Point>> = {
  'uniform in the square': (random) => [random.uniform(), random.uniform()],
  // The worst case of growing one: every point stays.
  'all on the front': (random) => {
    const x = random.uniform();
    return [x, 1 - x];
  },
};

export async function measureSearch(m: Measuring): Promise<Row[]> {
  const rows = Object.keys(CLOUDS).flatMap((cloud) => frontRows(m, cloud));
  m.progress(0.2);
  const scoring = await scoringRow(m);
  m.progress(0.6);
  rows.push(scoring);
  for (const [i, name] of ALGORITHM_NAMES.entries()) {
    stopIfAsked(m);
    rows.push(bookkeepingRow(name, scoring.best));
    m.progress(0.6 + (0.4 * (i + 1)) / ALGORITHM_NAMES.length);
    await sleep(0);
  }
  return rows;
}

function frontRows(m: Measuring, cloud: string): Row[] {
  const random = Random.fromSeed(1);
  const points = Array.from({ length: POINTS }, () => CLOUDS[cloud](random));
  const times = Array.from({ length: Math.max(3, m.rounds) }, () => timed(() => front(points)));
  const entries: FrontEntry<number>[] = [];
  const growing = timed(() => {
    for (const [item, values] of points.entries()) insert(entries, { values, item });
  });
  const us = (1e3 * growing) / POINTS;
  const shape = `${POINTS.toLocaleString('en')} points, two objectives, ${cloud}`;
  const group = 'search' as const;
  return [
    {
      ...{ group, id: `front-${cloud.replaceAll(' ', '-')}`, title: 'front of many points', shape },
      ...{ unit: 'ms', best: Math.min(...times), median: median(times) },
      bars: [atMost('ms', Math.min(...times), FRONT_MS)],
    },
    {
      ...{ group, id: `grow-${cloud.replaceAll(' ', '-')}`, title: 'the same front, a point more', shape },
      ...{ unit: 'us', best: us, median: us, bars: [] },
    },
  ];
}

/** One candidate with inherited weights, on as many images as runs use unless told otherwise. */
async function scoringRow(m: Measuring): Promise<Row> {
  const space = loadSpace('cifar');
  const random = Random.fromSeed(0);
  const network = new Network(m.backend, { space, task: TASK, sharing: DEFAULT_SHARING }, random);
  const held = (count: number) => {
    const { images, targets } = fakeBatch(BATCH, TASK.image, TASK.classes);
    const shape = [TASK.image.h, TASK.image.w, TASK.image.c] as const;
    const batches = Array.from({ length: count }, () => ({ images, targets, count: BATCH }));
    return new HeldBatches(m.backend, { shape, classes: TASK.classes }, batches);
  };
  const [calibration, scoring] = [held(4), held(8)];
  const times: number[] = [];
  try {
    for (let i = 0; i < 6; i++) {
      stopIfAsked(m);
      const genotype = sample(space, random);
      const from = performance.now();
      calibrate(network, genotype, calibration);
      await score(network, genotype, scoring);
      times.push(performance.now() - from);
    }
  } finally {
    scoring.dispose();
    calibration.dispose();
    network.dispose();
  }
  return {
    ...{ group: 'search', id: 'scoring', title: 'score a candidate in the supernet' },
    shape: `cifar, 28x28x1, norms on ${4 * BATCH} images, loss on ${8 * BATCH}`,
    // The first one is not warm.
    ...{ unit: 'ms', best: Math.min(...times.slice(1)), median: median(times.slice(1)), bars: [] },
  };
}

/** A whole search whose scores cost nothing. `scoringMs`: what one costs in truth. */
function bookkeepingRow(name: AlgorithmName, scoringMs: number): Row {
  const settings = { limits: { energyMj: 0.5 }, population: 50, parents: 10, generations: 20 };
  const { sampler, config } = planSearch(name, { ...settings, objectives: ['loss', 'energyMj'] });
  const problem = cifarProblem();
  let state = sampler.init<Genotype>(config, Random.fromSeed(1));
  let scored = 0;
  const ms = timed(() => {
    while (!sampler.finished(state)) {
      state = sampler.propose(state, problem);
      for (const { key, costs } of waiting(state)) {
        state = sampler.absorb(state, { [key]: { loss: 1 / (1 + costs.energyMj), accuracy: 0 } });
        scored++;
      }
    }
  });
  const us = (1e3 * ms) / scored;
  return {
    ...{ group: 'search', id: `bookkeeping-${name}`, title: 'proposing and taking in a candidate' },
    shape: `${name}, 20 generations of 50, cifar below 0.5 mJ`,
    ...{ unit: 'us', best: us, median: us },
    bars: [atMost('% of scoring', (100 * ms) / scored / scoringMs, BOOKKEEPING_PERCENT)],
  };
}

function cifarProblem(): SearchProblem<Genotype> {
  const space = loadSpace('cifar');
  const pricer = new ArchitecturePricer(space, TASK, new Pricer(findAccelerator('shiftaddnas-released'), 32));
  return spaceProblem(space, (genotype) => pricer.price(genotype));
}

function timed(work: () => void): number {
  const from = performance.now();
  work();
  return performance.now() - from;
}
