// How fast pricing is: a new layer shape (goal: at most 20 ms), an architecture of known shapes (at most 20
// microseconds), every distinct shape of the published image space at 224 pixels (under 10 s).
//
//   npm run build && node bench/pricing.mjs            a table
//   npm run build && node bench/pricing.mjs --json     one JSON object
import { cpus } from 'node:os';
import { Random } from '../dist/core/random.js';
import { findAccelerator, Pricer } from '../dist/hardware/index.js';
import { linearWorkload, windowWorkload } from '../dist/layers/workloads.js';
import { loadSpace } from '../dist/spaces/load.js';
import { ArchitecturePricer } from '../dist/spaces/pricing.js';
import { sample } from '../dist/spaces/sample.js';
import { zooNames, zooWorkloads } from '../dist/zoo/index.js';

const now = () => performance.now();
const ACCELERATORS = ['shiftaddnas-released', 'shiftaddnas-released-168', 'rowstationary-45nm'];

/** Sizes with many divisors: the most tilings a realistic layer can have. */
const conv = (size, c, m, kernel, stride = 1, groups = 1) =>
  windowWorkload({
    ...{
      name: 'layer',
      kind: 'conv',
      family: 'conv',
      h: size * stride,
      w: size * stride,
      c,
      m,
      stride,
      groups,
    },
    ...{ r: kernel, s: kernel, e: size, f: size },
  });
const HARD = {
  'linear 720 x 5040 -> 5040': linearWorkload('layer', 'linear', 720, 5040, 5040),
  'linear 1024 x 4096 -> 16384': linearWorkload('layer', 'linear', 1024, 4096, 16384),
  'linear 240 x 1680 -> 10080': linearWorkload('layer', 'linear', 240, 1680, 10080),
  'conv 3x3 60 x 60, 720 -> 720': conv(60, 720, 720, 3),
  'conv 1x1 120 x 120, 840 -> 840': conv(120, 840, 840, 1),
  'conv 7x7 112 x 112, 3 -> 64, stride 2': conv(112, 3, 64, 7, 2),
  'conv 3x3 12 x 12, 2520 -> 2520': conv(12, 2520, 2520, 3),
  'depthwise 3x3 96 x 96, 960': conv(96, 960, 960, 3, 1, 960),
};

/**
 * Cold pricings of a shape, each by a pricer of its own, so nothing is known. `first` is processor time of the first
 * one (compilation by V8 included), which a busy machine does not stretch; `best` is wall time.
 */
function coldMs(load, accelerator) {
  const before = process.cpuUsage();
  new Pricer(accelerator, 32).price(load);
  const { user, system } = process.cpuUsage(before);
  let best = Infinity;
  for (let i = 0; i < 7; i++) {
    const pricer = new Pricer(accelerator, 32);
    const start = now();
    pricer.price(load);
    best = Math.min(best, now() - start);
  }
  return { first: (user + system) / 1e3, best };
}

const rows = [];
for (const name of ACCELERATORS) {
  const accelerator = findAccelerator(name);
  for (const [title, load] of Object.entries(HARD)) rows.push({ name, title, ...coldMs(load, accelerator) });
}

/** Distinct shapes of all zoo networks: the slowest of them, cold. */
const shapes = new Map();
for (const network of zooNames()) {
  for (const load of zooWorkloads(network)) {
    const { kind, n, h, w, c, r, s, m, e, f, stride, groups, role, heads } = load;
    shapes.set([kind, n, h, w, c, r, s, m, e, f, stride, groups, role, heads].join(), load);
  }
}
const zoo = ACCELERATORS.map((name) => {
  const accelerator = findAccelerator(name);
  const pricer = new Pricer(accelerator, 32);
  let slowestMs = 0;
  const start = process.cpuUsage();
  for (const load of shapes.values()) {
    const before = process.cpuUsage();
    pricer.price(load);
    const { user, system } = process.cpuUsage(before);
    slowestMs = Math.max(slowestMs, (user + system) / 1e3);
  }
  const { user, system } = process.cpuUsage(start);
  return { name, shapes: shapes.size, totalMs: (user + system) / 1e3, slowestMs };
});

const space = loadSpace('hytra');
const image = { h: 224, w: 224, c: 3 };
const hytra = ACCELERATORS.map((name) => {
  const pricer = new ArchitecturePricer(
    space,
    { image, classes: 1000 },
    new Pricer(findAccelerator(name), 32),
  );
  const random = Random.fromSeed(0);
  // Enough draws to meet every block of the space; then only sums remain.
  const drawn = Array.from({ length: 4000 }, () => sample(space, random));
  const start = now();
  for (const genotype of drawn) pricer.price(genotype);
  const coldTotalMs = now() - start;
  let best = Infinity;
  for (let from = 0; from < drawn.length; from += 200) {
    const again = now();
    for (let i = from; i < from + 200; i++) pricer.price(drawn[i]);
    best = Math.min(best, now() - again);
  }
  return { name, coldTotalMs, knownUs: (best / 200) * 1e3 };
});

const machine = cpus()[0].model;
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ machine, node: process.version, layers: rows, zoo, hytra }));
} else {
  console.log(`${machine}, node ${process.version}, ${new Date().toISOString().slice(0, 10)}\n`);
  console.log('one new layer shape, ms: processor time of the first pricing, best wall time of 7 cold ones');
  for (const row of rows) {
    console.log(
      `  ${row.name.padEnd(26)} ${row.title.padEnd(40)} ${row.first.toFixed(2).padStart(8)} ${row.best.toFixed(2).padStart(8)}`,
    );
  }
  console.log('\nall distinct layer shapes of the zoo, processor time');
  for (const { name, shapes: count, totalMs, slowestMs } of zoo) {
    console.log(
      `  ${name.padEnd(26)} ${count} shapes in ${totalMs.toFixed(0)} ms, slowest ${slowestMs.toFixed(2)} ms`,
    );
  }
  console.log('\nspace hytra at 224 pixels: 4000 architectures, cold and known');
  for (const { name, coldTotalMs, knownUs } of hytra) {
    console.log(
      `  ${name.padEnd(26)} all shapes ${coldTotalMs.toFixed(0)} ms, then ${knownUs.toFixed(2)} us an architecture`,
    );
  }
}
