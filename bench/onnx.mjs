// Networks of the zoo beside their ONNX files: processor time of one image, ours and onnxruntime's, one thread each.
//
//   npm run build && node bench/onnx.mjs resnet-20 adder-resnet-20 shift-resnet-20
//
// Weights are drawn (they do not change the time); the least of several rounds counts, for the machine may be busy.
import { openBackend } from '../dist/backends/open.js';
import { Random } from '../dist/core/random.js';
import { evaluated, PLAIN_WEIGHTS, proofImages, traceNetwork, writeOnnx } from '../dist/deploy/index.js';
import { findRuntime, INSTALL, loadModel } from '../dist/deploy/onnx/runtime.js';
import { baselinePlan, findBaseline, ZooNetwork } from '../dist/zoo/index.js';

const ROUNDS = 15;
const image = { h: 32, w: 32, c: 3 };

/** Milliseconds of processor time of the quickest round. */
async function least(work) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) {
    const start = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

const runtime = await findRuntime();
if (runtime === undefined) throw new Error(`onnxruntime-node is not installed: ${INSTALL}`);
const backend = await openBackend('auto', { threads: 1 });
console.log(backend.description);
for (const name of process.argv.slice(2)) {
  const plan = baselinePlan(findBaseline(name), image, 10);
  const network = new ZooNetwork(backend, { plan, sharing: PLAIN_WEIGHTS }, Random.fromSeed(0));
  const bytes = writeOnnx(await traceNetwork(network, null, image), { name, version: '0' });
  const model = await loadModel(runtime, bytes, 1);
  const pixels = proofImages(image, 1);
  const ours = await least(() => evaluated(network, null, image, pixels));
  const theirs = await least(() => model.run({ image: { data: pixels, shape: [1, 3, 32, 32] } }));
  console.log(
    `${name}: ours ${ours.toFixed(2)} ms, onnxruntime ${theirs.toFixed(2)} ms, ${bytes.length} bytes`,
  );
  await model.close();
  network.dispose();
}
backend.dispose();
