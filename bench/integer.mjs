// Integer inference beside real numbers and beside onnxruntime, as a Markdown table: one layer, and whole networks.
//
//   npm run build && npm install --no-save onnxruntime-node && node bench/integer.mjs [--threads 1] [--rounds 15]
//
// Everything is timed in turns; the quickest round counts, for the machine may be busy. Weights are drawn: they do not
// change the time. A layer's row is a 3x3 window, 64 -> 64 channels of 32x32, and the mean over the map behind it.
import os from 'node:os';
import { parseArgs } from 'node:util';
import { Graph } from '../dist/autograd/graph.js';
import { openBackend } from '../dist/backends/open.js';
import { Random } from '../dist/core/random.js';
import {
  convert,
  fold,
  nativeInstructionSets,
  openNative,
  PLAIN_WEIGHTS,
  traceNetwork,
  writeOnnx,
} from '../dist/deploy/index.js';
import { evaluated } from '../dist/deploy/inputs.js';
import { ProgramBuilder } from '../dist/deploy/integer/builder.js';
import { checkProgram } from '../dist/deploy/integer/check.js';
import { codeOf, packCodes } from '../dist/deploy/integer/codes.js';
import { findRuntime, INSTALL } from '../dist/deploy/onnx/runtime.js';
import { baselinePlan, findBaseline, ZooNetwork } from '../dist/zoo/index.js';
import { quantisedOnnx } from './integer-onnx.mjs';

const { values: flags } = parseArgs({
  options: { threads: { type: 'string', default: '1' }, rounds: { type: 'string', default: '15' } },
});
const [threads, rounds] = [Number(flags.threads), Number(flags.rounds)];
const ort = await findRuntime();
if (ort === undefined) throw new Error(`onnxruntime-node is not installed: ${INSTALL}`);
const backend = await openBackend('native', { threads });
const random = Random.fromSeed('bench');
const whole = (length, from, to) => Array.from({ length }, () => from + random.integer(to - from + 1));

// ---- what is timed: name, and a function that runs it once -------------------------------------------------------

/** A window on the image and the mean of each channel behind it. */
function layerProgram(arithmetic, side, c, m) {
  const build = new ProgramBuilder([side, side, c]);
  const window = { r: 3, s: 3, stride: 1, pad: 1, groups: 1 };
  const shape = [m, 3, 3, c];
  const count = m * 9 * c;
  const weight =
    arithmetic === 'shift'
      ? packed(build, whole(count, 0, 13))
      : build.tensor('weight', 'int8', shape, whole(count, -128, 127));
  const requantise =
    arithmetic === 'conv'
      ? build.multiply(
          'layer',
          Array.from({ length: m }, () => ({ multiplier: 20_000, addend: 0, shift: 28 })),
        )
      : build.terms(
          'layer',
          // four digits, as exports have them, as far to the left as 32 bits allow, and the middle of an adder's sums
          Array.from({ length: m }, () => ({
            ...{
              signs: [1, 1, -1, 1],
              places: [6, 4, 2, 0].map((place) => place + (arithmetic === 'add' ? 6 : 0)),
            },
            addend: arithmetic === 'add' ? 85 * 9 * c * 4928 : 0,
          })),
          21,
        );
  const more = { conv: {}, add: { weightShift: 0 }, shift: { codeBits: 4 } }[arithmetic];
  const y = { shape: [side, side, m], bits: 8, zero: -128, low: -128, high: 127, step: 1 };
  build.add({ kind: 'window', name: 'layer', x: 0, window, arithmetic, weight, requantise, ...more }, y);
  const share = { count: side * side, signs: [1], places: [-6], addend: 0 };
  const pool = { r: side, s: side, stride: 1, pad: 0 };
  build.add(
    { kind: 'average-pool', name: 'mean', x: 1, window: pool, shares: [share], shift: 4 },
    { shape: [1, 1, m], bits: 16, zero: 0, low: -32768, high: 32767, step: 1 },
  );
  const classes = Array.from({ length: m }, (_, i) => `${i}`);
  const program = {
    network: arithmetic,
    classes,
    values: build.values,
    operations: build.operations,
    tensors: build.tensors,
  };
  checkProgram(program);
  return program;
}

function packed(build, numbers) {
  const codes = numbers.map((number) => codeOf(number % 2 === 0 ? 1 : -1, number >> 1, 4));
  const bytes = packCodes(codes, 4);
  return build.tensor('weight', 'uint8', [bytes.length], bytes);
}

function integerRun(program, batch, isa) {
  const opened = openNative(program, { threads, isa });
  const [h, w, c] = program.values[0].shape;
  const pixels = Uint8Array.from(whole(batch * h * w * c, 0, 255));
  return () => opened.run(pixels);
}

async function runtimeRun(bytes, type, data, dims) {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: threads });
  const feeds = { image: new ort.Tensor(type, data, dims) };
  return () => session.run(feeds);
}

/** The window of a layer's program alone: the map is what comes out. */
const windowOf = ({ values, operations, tensors }) => ({
  values: values.slice(0, 2),
  operations: operations.slice(0, 1),
  tensors,
});

const quantisedRun = (program, batch) => {
  const [h, w, c] = program.values[0].shape;
  const pixels = Uint8Array.from(whole(batch * h * w * c, 0, 255));
  return runtimeRun(quantisedOnnx(program, batch), 'uint8', pixels, [batch, c, h, w]);
};

/** Ours in real numbers: the kernel, and the mean over the map that the programs take as well. */
function kernelRun(kernel, batch, side, c, m) {
  const shape = {
    n: batch,
    h: side,
    w: side,
    c,
    r: 3,
    s: 3,
    m,
    stride: 1,
    pad: 1,
    groups: 1,
    e: side,
    f: side,
  };
  const filled = (length) => {
    const buffer = backend.allocate(length);
    backend.random('normal', buffer, [1, length]);
    return buffer;
  };
  const map = { ...shape, c: m, r: side, s: side, stride: 1, pad: 0, e: 1, f: 1 };
  const [x, w, y, mean] = [
    filled(batch * side * side * c),
    filled(9 * c * m),
    backend.allocate(batch * side * side * m),
    backend.allocate(batch * m),
  ];
  return () => {
    backend[kernel](x, w, y, shape);
    backend.poolForward('average', y, mean, null, map);
  };
}

/** Images that ranges and norms are measured on. */
const COUNT = 64;

/** Network of the zoo: real numbers and program. */
async function zooNetwork(name) {
  const image = { h: 32, w: 32, c: 3 };
  const network = new ZooNetwork(
    backend,
    { plan: baselinePlan(findBaseline(name), image, 10), sharing: PLAIN_WEIGHTS },
    Random.fromSeed(0),
  );
  const images = Float32Array.from({ length: COUNT * 32 * 32 * 3 }, () => 2 * random.uniform() - 1);
  // norms that fit what the drawn weights make of images, as those of a trained network do
  const graph = new Graph(backend, { training: true, recording: false });
  const mode = { kind: 'calibrate', batch: 0 };
  network.forward(graph.values(images, [COUNT, 32, 32, 3]), null, { mode });
  graph.close();
  const traced = await traceNetwork(network, null, image);
  const program = await convert(backend, fold(traced), {
    ...{ mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25], name, classes: [...'0123456789'] },
    ...{ image, images },
  });
  return { image, network, program, images, onnx: () => writeOnnx(traced, { name, version: '0' }) };
}

// ---- timing --------------------------------------------------------------------------------------------------------
/** Milliseconds of the quickest round of each, in turns. */
async function inTurns(jobs) {
  const best = jobs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { run }] of jobs.entries()) {
      await run();
      let runs = 0;
      const start = performance.now();
      while (runs < 2 || (performance.now() - start < 20 && runs < 50)) {
        const from = performance.now();
        await run();
        best[i] = Math.min(best[i], performance.now() - from);
        runs++;
      }
    }
  }
  return best;
}

const rows = [];
async function table(title, batch, jobs) {
  const best = await inTurns(jobs);
  for (const [i, { name }] of jobs.entries())
    rows.push(`| ${title} | ${batch} | ${name} | ${best[i].toPrecision(3)} |`);
}

const [cpu] = os.cpus();
console.log(
  `${cpu.model.trim()}, ${threads} thread(s) on each side, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}; ${rounds} rounds\n`,
);
const narrow = nativeInstructionSets().includes('avx2') ? ['avx2'] : [];
/** Layers, the first of all kinds and for small instruction sets too; the others are those of resnet-20. */
const LAYERS = [
  [32, 64],
  [32, 16],
  [16, 32],
  [8, 64],
];
for (const [side, c] of LAYERS) {
  const first = c === 64 && side === 32;
  const programs = Object.fromEntries(
    ['conv', 'add', 'shift'].map((kind) => [kind, layerProgram(kind, side, c, c)]),
  );
  for (const batch of [1, 32]) {
    const jobs = [];
    for (const isa of [undefined, ...narrow]) {
      for (const kind of ['conv', 'add', 'shift']) {
        jobs.push({
          name: `${kind}, 8 bits${isa === undefined ? '' : `, ${isa}`}`,
          run: integerRun(programs[kind], batch, isa),
        });
      }
    }
    if (first) {
      jobs.push({ name: 'conv, 32-bit real', run: kernelRun('convForward', batch, side, c, c) });
      jobs.push({ name: 'add, 32-bit real', run: kernelRun('adderForward', batch, side, c, c) });
    }
    jobs.push({ name: 'conv, onnxruntime 8 bits', run: await quantisedRun(programs.conv, batch) });
    const alone = await quantisedRun(windowOf(programs.conv), batch);
    jobs.push({ name: 'conv without the mean, onnxruntime 8 bits', run: alone });
    await table(`3x3, ${c} -> ${c}, ${side}x${side}`, batch, jobs);
  }
}
const networks = {};
for (const name of ['resnet-20', 'adder-resnet-20', 'shift-resnet-20'])
  networks[name] = await zooNetwork(name);
for (const batch of [1, 32]) {
  const jobs = [];
  for (const [name, { image, network, program, images }] of Object.entries(networks)) {
    jobs.push({ name: `${name}, 8 bits`, run: integerRun(program, batch) });
    const some = images.subarray(0, batch * 32 * 32 * 3);
    jobs.push({ name: `${name}, 32-bit real`, run: () => evaluated(network, null, image, some) });
  }
  const { onnx, program, images } = networks['resnet-20'];
  const some = images.slice(0, batch * 32 * 32 * 3);
  jobs.push({
    name: 'resnet-20, onnxruntime 32-bit real',
    run: await runtimeRun(onnx(), 'float32', some, [batch, 3, 32, 32]),
  });
  jobs.push({ name: 'resnet-20, onnxruntime 8 bits', run: await quantisedRun(program, batch) });
  await table('network, 32x32x3', batch, jobs);
}
console.log(`| work | batch | computed as | ms |\n| --- | ---: | --- | ---: |\n${rows.join('\n')}`);
process.exit(0);
