/**
 * Whether an ONNX file says what its network says: both are given the same drawn images, the file through onnxruntime.
 * Without onnxruntime the file is read back and its sizes are carried through every node.
 */
import { ShiftAddError } from '../../core/errors.ts';
import type { MapSize } from '../../operators/operator.ts';
import { modelWorkloads, readOnnx } from '../../zoo/index.ts';
import { reordered } from '../layout.ts';
import { findRuntime, INSTALL, loadModel } from './runtime.ts';
import { INPUT } from './write.ts';

/**
 * Largest difference of a logit, as a share of the largest logit where that is above 1: both sides round 32-bit sums, each
 * in its own order, and a shift layer's floor may turn such a difference into one of 2^-16.
 */
export const TOLERANCE = 1e-4;

export interface Proof {
  /** How many images were compared; 0 where the file was checked only structurally. */
  readonly images: number;
  /** Largest difference of a logit; null without images. */
  readonly maxDifference: number | null;
  /** Largest magnitude of our own logits. */
  readonly largest: number | null;
  /** What a reader must know, in a sentence. */
  readonly note?: string;
}

export interface Claim {
  readonly image: MapSize;
  /** [count, h, w, c], normalised. */
  readonly images: Float32Array;
  /** Our own, [count, classes]. */
  readonly logits: Float32Array;
  readonly threads: number;
}

/** Images in one run of the model: several sizes, for the batch is open. */
const BATCHES = [1, 3, 8];

/** @throws ShiftAddError 'internal' when outputs differ by more than `TOLERANCE`, or the file cannot be loaded */
export async function proveOnnx(bytes: Uint8Array, claim: Claim): Promise<Proof> {
  const runtime = await findRuntime();
  if (runtime === undefined) {
    modelWorkloads(readOnnx(bytes));
    const note = `onnxruntime-node is not installed, so the file was checked only structurally; install it by \`${INSTALL}\` and export again`;
    return { images: 0, maxDifference: null, largest: null, note };
  }
  const model = await loadModel(runtime, bytes, claim.threads);
  try {
    return await compare(claim, async (images, count) => {
      const { h, w, c } = claim.image;
      const maps = reordered(images, [count, h, w, c], [0, 3, 1, 2]);
      const [logits] = await model.run(INPUT, maps, [count, c, h, w]);
      return logits.data;
    });
  } finally {
    await model.close();
  }
}

async function compare(
  { image: { h, w, c }, images, logits }: Claim,
  theirs: (images: Float32Array, count: number) => Promise<Float32Array>,
): Promise<Proof> {
  const size = h * w * c;
  const total = images.length / size;
  const classes = logits.length / total;
  let [maxDifference, largest] = [0, 0];
  for (let at = 0, turn = 0; at < total; turn++) {
    const count = Math.min(BATCHES[turn % BATCHES.length], total - at);
    const found = await theirs(images.subarray(at * size, (at + count) * size), count);
    const ours = logits.subarray(at * classes, (at + count) * classes);
    if (found.length !== ours.length)
      differs(`${found.length} logits for ${count} images of ${classes} classes`);
    for (let i = 0; i < ours.length; i++) {
      const difference = Math.abs(found[i] - ours[i]);
      if (Number.isNaN(difference)) differs(`the logit ${found[i]} where the network says ${ours[i]}`);
      maxDifference = Math.max(maxDifference, difference);
      largest = Math.max(largest, Math.abs(ours[i]));
    }
    at += count;
  }
  const limit = TOLERANCE * Math.max(1, largest);
  if (maxDifference > limit) {
    differs(`outputs ${maxDifference.toExponential(2)} away, more than ${limit.toExponential(2)}`);
  }
  return { images: total, maxDifference, largest };
}

function differs(what: string): never {
  throw new ShiftAddError(
    'internal',
    `internal: the ONNX file does not compute what the network computes: it gives ${what}; nothing was written`,
  );
}
