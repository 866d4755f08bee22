/** How fast layers and architectures are priced: a search prices hundreds of thousands. */
import { Random } from '../core/random.ts';
import { findAccelerator, Pricer, type Workload } from '../hardware/index.ts';
import { linearWorkload, windowWorkload } from '../layers/workloads.ts';
import { loadSpace } from '../spaces/load.ts';
import { ArchitecturePricer } from '../spaces/pricing.ts';
import { sample } from '../spaces/sample.ts';
import { zooNames, zooWorkloads } from '../zoo/index.ts';
import { type Measuring, stopIfAsked } from './measuring.ts';
import { atMost, type Row } from './row.ts';
import { median, sleep } from './timing.ts';

const ACCELERATORS = ['shiftaddnas-released', 'shiftaddnas-released-168', 'rowstationary-45nm'] as const;
const LAYER_MS = 20;
const KNOWN_US = 20;
const SPACE_S = 10;

const conv = (size: number, c: number, m: number, kernel: number, stride = 1, groups = 1): Workload =>
  windowWorkload({
    ...{ name: 'layer', kind: 'conv', family: 'conv', h: size * stride, w: size * stride, c, m, stride },
    ...{ groups, r: kernel, s: kernel, e: size, f: size },
  });

/** Sizes with many divisors: the most tilings a realistic layer can have. */
const HARD: Readonly<Record<string, Workload>> = {
  'linear 720 x 5040 -> 5040': linearWorkload('layer', 'linear', 720, 5040, 5040),
  'linear 1024 x 4096 -> 16384': linearWorkload('layer', 'linear', 1024, 4096, 16384),
  'linear 240 x 1680 -> 10080': linearWorkload('layer', 'linear', 240, 1680, 10080),
  'conv 3x3 60x60, 720 -> 720': conv(60, 720, 720, 3),
  'conv 1x1 120x120, 840 -> 840': conv(120, 840, 840, 1),
  'conv 7x7 / 2 112x112, 3 -> 64': conv(112, 3, 64, 7, 2),
  'conv 3x3 12x12, 2520 -> 2520': conv(12, 2520, 2520, 3),
  'depthwise 3x3 96x96, 960': conv(96, 960, 960, 3, 1, 960),
};

/** A pricer each, so that nothing is known. */
function coldLayer(accelerator: string, load: Workload): number {
  const pricer = new Pricer(findAccelerator(accelerator), 32);
  const from = performance.now();
  pricer.price(load);
  return performance.now() - from;
}

export async function measurePricing(m: Measuring): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [i, accelerator] of ACCELERATORS.entries()) {
    stopIfAsked(m);
    rows.push(layerRow(m, accelerator), zooRow(accelerator), ...spaceRows(accelerator));
    m.progress((i + 1) / ACCELERATORS.length);
    await sleep(0);
  }
  return rows;
}

/** The slowest of the hard shapes. */
function layerRow(m: Measuring, accelerator: string): Row {
  const timed = Object.entries(HARD).map(([title, load]) => {
    const times = Array.from({ length: m.rounds }, () => coldLayer(accelerator, load));
    return { title, best: Math.min(...times), median: median(times) };
  });
  const slowest = timed.reduce((a, b) => (b.best > a.best ? b : a));
  return {
    ...{ group: 'pricing', id: `layer-${accelerator}`, title: 'price a new layer shape, the slowest of 8' },
    shape: `${slowest.title}; ${accelerator}`,
    ...{ unit: 'ms', best: slowest.best, median: slowest.median },
    bars: [atMost('ms', slowest.best, LAYER_MS)],
  };
}

function zooRow(accelerator: string): Row {
  const shapes = new Map<string, Workload>();
  for (const network of zooNames()) {
    for (const load of zooWorkloads(network)) {
      const { kind, n, h, w, c, r, s, m, e, f, stride, groups, role, heads } = load;
      shapes.set([kind, n, h, w, c, r, s, m, e, f, stride, groups, role, heads].join(), load);
    }
  }
  const pricer = new Pricer(findAccelerator(accelerator), 32);
  const from = performance.now();
  for (const load of shapes.values()) pricer.price(load);
  const ms = performance.now() - from;
  return {
    ...{ group: 'pricing', id: `zoo-${accelerator}`, title: 'price every layer shape of the zoo' },
    shape: `${shapes.size} shapes; ${accelerator}`,
    ...{ unit: 'ms', best: ms, median: ms, bars: [] },
  };
}

const DRAWN = 4000;
const AT_A_TIME = 200;

/** The published space at 224 pixels: all its shapes, then sums of what is known. */
function spaceRows(accelerator: string): Row[] {
  const space = loadSpace('hytra');
  const task = { image: { h: 224, w: 224, c: 3 }, classes: 1000 };
  const pricer = new ArchitecturePricer(space, task, new Pricer(findAccelerator(accelerator), 32));
  const random = Random.fromSeed(0);
  // Enough draws to meet every block of the space.
  const drawn = Array.from({ length: DRAWN }, () => sample(space, random));
  const start = performance.now();
  for (const genotype of drawn) pricer.price(genotype);
  const seconds = (performance.now() - start) / 1e3;
  const known: number[] = [];
  for (let at = 0; at < DRAWN; at += AT_A_TIME) {
    const from = performance.now();
    for (const genotype of drawn.slice(at, at + AT_A_TIME)) pricer.price(genotype);
    known.push((1e3 * (performance.now() - from)) / AT_A_TIME);
  }
  const group = 'pricing' as const;
  return [
    {
      ...{ group, id: `space-${accelerator}`, title: 'price every layer shape of the published space' },
      shape: `${DRAWN} architectures at 224 pixels; ${accelerator}`,
      ...{ unit: 's', best: seconds, median: seconds },
      bars: [atMost('s', seconds, SPACE_S)],
    },
    {
      ...{ group, id: `known-${accelerator}`, title: 'price an architecture of known shapes' },
      shape: `${space.name}; ${accelerator}`,
      ...{ unit: 'us', best: Math.min(...known), median: median(known) },
      bars: [atMost('us', Math.min(...known), KNOWN_US)],
    },
  ];
}
