/**
 * Whether an ONNX file says what its network says: both are given the same drawn images, the file through onnxruntime.
 * Without onnxruntime the file is read back and its sizes are carried through every node.
 */
import type { MapSize } from '../../operators/operator.ts';
import { modelWorkloads, readOnnx } from '../../zoo/index.ts';
import { compareLogits } from '../compare.ts';
import { reordered } from '../layout.ts';
import { findRuntime, type LoadedModel, loadModel, NOT_INSTALLED } from './runtime.ts';
import { INPUT, OUTPUT } from './write.ts';

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
  /** What logits may differ by besides, of networks of few bits (inputs.ts). */
  readonly slack?: number;
}

/** Images in one run of the model: several sizes, for the batch is open. */
const BATCHES = [1, 3, 8];

/** @throws ShiftAddError 'run' when outputs differ too much (compare.ts), 'internal' when onnxruntime refuses the file */
export async function proveOnnx(bytes: Uint8Array, claim: Claim): Promise<Proof> {
  const runtime = await findRuntime();
  if (runtime === undefined) {
    modelWorkloads(readOnnx(bytes));
    return { images: 0, maxDifference: null, largest: null, note: NOT_INSTALLED };
  }
  const model = await loadModel(runtime, bytes, claim.threads);
  try {
    const theirs = await logitsOf(model, claim);
    return {
      images: claim.images.length / sizeOfImage(claim),
      ...compareLogits(claim.logits, theirs, claim.slack),
    };
  } finally {
    await model.close();
  }
}

async function logitsOf(model: LoadedModel, claim: Claim): Promise<Float32Array> {
  const { h, w, c } = claim.image;
  const size = sizeOfImage(claim);
  const total = claim.images.length / size;
  const found: number[] = [];
  for (let at = 0, turn = 0; at < total; turn++) {
    const count = Math.min(BATCHES[turn % BATCHES.length], total - at);
    const images = claim.images.subarray(at * size, (at + count) * size);
    const maps = reordered(images, [count, h, w, c], [0, 3, 1, 2]);
    const outputs = await model.run({ [INPUT]: { data: maps, shape: [count, c, h, w] } });
    found.push(...outputs[OUTPUT].data);
    at += count;
  }
  return Float32Array.from(found);
}

const sizeOfImage = ({ image: { h, w, c } }: Claim): number => h * w * c;
