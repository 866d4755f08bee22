/** What a step on labelled images makes smaller: cross-entropy, beside a teacher where there is one. */
import type { Graph, Tensor } from '../autograd/graph.ts';
import { meanCrossEntropy } from '../autograd/loss.ts';
import { type Distillation, distilledLoss, type Heads } from './distillation.ts';

export interface Batch {
  readonly images: Float32Array; // [count, h, w, c], normalised
  readonly targets: Float32Array; // [count, classes], may be soft
  readonly count: number;
}

/** Batches by step: step s of the run always gives the same batch. */
export interface BatchSource {
  readonly stepsPerEpoch: number;
  readonly shape: readonly [number, number, number]; // h, w, c
  readonly classes: number;
  batch(step: number): Batch;
}

/** Logits [count, classes] of a batch, those of two heads where there are two, and an additional loss if there is one. */
export type ImageForward = (
  x: Tensor,
  step: number,
) => { readonly logits: Tensor; readonly heads?: Heads; readonly penalty?: Tensor };

export interface ImageLoss {
  readonly batches: BatchSource;
  readonly forward: ImageForward;
  /** A teacher beside the labels. */
  readonly distillation?: Distillation | undefined;
}

/** The loss of a step, as the training loop asks for it. */
export function imageLoss({
  batches,
  forward,
  distillation,
}: ImageLoss): (graph: Graph, step: number) => Tensor {
  return (graph, step) => {
    const { images, targets, count } = batches.batch(step);
    // Both before anything is launched: what is written in between may end a GPU's command buffer.
    const x = graph.values(images, [count, ...batches.shape]);
    const wanted = graph.values(targets, [count, batches.classes]);
    const { logits, heads = { labels: logits, teacher: logits }, penalty } = forward(x, step);
    return distillation === undefined
      ? meanCrossEntropy(logits, wanted, penalty)
      : distilledLoss(heads, wanted, distillation.teacher(x), distillation, penalty);
  };
}
