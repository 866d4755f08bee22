/**
 * How near an integer program comes to the network it was made of, on images with labels. The first hundred are run by
 * the reference and by the fastest interpreter there is, which must say the same; that one alone runs the others.
 */
import { normalise } from '../../data/batches.ts';
import { argmax, countCorrect } from '../../metrics/accuracy.ts';
import type { PairedCounts } from '../../metrics/paired.ts';
import type { MapSize } from '../../operators/operator.ts';
import type { TrainableNetwork } from '../../supernet/trainable.ts';
import { evaluated } from '../inputs.ts';
import { fastOf, inAgreement, REFERENCE_IMAGES } from './expected.ts';
import type { IntegerProgram } from './program.ts';

/** The first of the two that are compared is the network, the second the program. */
export interface IntegerProof extends PairedCounts {
  /** Share of the images that the network, and the program, label rightly. */
  readonly accuracy: number;
  readonly integerAccuracy: number;
  /** Share of the images that both give the same label. */
  readonly agreement: number;
  /** Largest difference of a logit. */
  readonly maxDifference: number;
  /** Largest magnitude of the network's logits. */
  readonly largest: number;
  /** Instruction set of the fast interpreter, 'wasm' without native code; null where there is none. */
  readonly native: string | null;
}

export interface IntegerClaim<Path> {
  readonly network: TrainableNetwork<Path>;
  readonly path: Path;
  readonly image: MapSize;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** [count, h, w, c], bytes. */
  readonly pixels: Uint8Array;
  readonly labels: readonly number[];
}

/** Images in one pass of the network; the first are those that the reference runs. */
const BATCH = REFERENCE_IMAGES;

/** Where there is none but the reference, it runs a hundred images, and no others are looked at. */
export async function proveInteger<Path>(
  program: IntegerProgram,
  claim: IntegerClaim<Path>,
): Promise<IntegerProof> {
  const { network, path, image, pixels } = claim;
  const fast = fastOf(program);
  const labels = fast === undefined ? claim.labels.slice(0, BATCH) : claim.labels;
  const size = image.h * image.w * image.c;
  const classes = program.classes.length;
  const step = program.values[program.values.length - 1].step;
  let [same, right, integerRight, onlyFirst, onlySecond, maxDifference, largest] = [0, 0, 0, 0, 0, 0, 0];
  for (let at = 0; at < labels.length; at += BATCH) {
    const part = pixels.subarray(at * size, (at + BATCH) * size);
    const own = labels.slice(at, at + BATCH);
    const ours = await evaluated(network, path, image, normalise(part, claim));
    const theirs = at === 0 ? inAgreement(program, fast, part) : fast!.run(part);
    right += countCorrect(ours, own, classes);
    integerRight += countCorrect(theirs, own, classes);
    for (let i = 0; i < own.length; i++) {
      const [first, second] = [argmax(ours, i * classes, classes), argmax(theirs, i * classes, classes)];
      if (first === second) same++;
      else if (first === own[i]) onlyFirst++;
      else if (second === own[i]) onlySecond++;
    }
    ours.forEach((logit, i) => {
      maxDifference = Math.max(maxDifference, Math.abs(theirs[i] * step - logit));
      largest = Math.max(largest, Math.abs(logit));
    });
  }
  const images = labels.length;
  return {
    ...{ images, accuracy: right / images, integerAccuracy: integerRight / images },
    ...{ onlyFirst, onlySecond, agreement: same / images, maxDifference, largest, native: fast?.isa ?? null },
  };
}
