/**
 * Learning from a teacher beside the labels: from its probabilities (Hinton et al., 2015) or from the class it would
 * choose (Touvron et al., 2021).
 *
 *   soft   (1 - share) CE(s, y) + share t^2 CE(s / t, softmax(z / t))    differs from the divergence by a constant
 *   hard   (1 - share) CE(s, y) + share CE(s, one-hot of the largest z)
 *
 * s: the student's logits, z: the teacher's, t: temperature, y: targets. A student with two heads has an s for each term.
 */
import { add, scale } from '../autograd/arithmetic.ts';
import { Graph, type Tensor } from '../autograd/graph.ts';
import { crossEntropy, meanCrossEntropy } from '../autograd/loss.ts';
import { mean } from '../autograd/reduce.ts';
import type { TrainableNetwork } from '../supernet/trainable.ts';

export interface Distillation {
  readonly kind: 'soft' | 'hard';
  /** Of the loss, that comes from the teacher: 0 to 1. */
  readonly share: number;
  /** Of soft targets. */
  readonly temperature: number;
  /** Logits [count, classes] for images [count, h, w, c], as constants of the images' graph. */
  teacher(x: Tensor): Tensor;
}

/** Logits [count, classes] of a network with a head for labels and one for its teacher (Touvron et al., 2021). */
export interface Heads {
  readonly labels: Tensor;
  readonly teacher: Tensor;
}

/** Images that a teacher sees: normalised again where it was trained with other statistics. */
export interface Renormalisation {
  /** Per channel: x * factor + offset. */
  readonly factor: readonly number[];
  readonly offset: readonly number[];
}

/** The logits of a network in evaluation; its norms must be calibrated. */
export function networkTeacher<Path>(
  network: TrainableNetwork<Path>,
  path: Path,
  renormalisation?: Renormalisation,
): Distillation['teacher'] {
  return (x) => {
    const graph = new Graph(x.graph.backend, { training: false });
    try {
      let seen = graph.constant(x.buffer, x.shape);
      if (renormalisation !== undefined) seen = renormalised(seen, renormalisation);
      const logits = network.forward(seen, path, { mode: { kind: 'evaluate' } });
      return x.graph.constant(graph.keep(logits), logits.shape);
    } finally {
      graph.close();
    }
  };
}

function renormalised(x: Tensor, { factor, offset }: Renormalisation): Tensor {
  const { graph, shape } = x;
  const { backend } = graph;
  const channels = factor.length;
  const pixels = shape[0] * shape[1] * shape[2];
  const y = backend.allocate(pixels * channels);
  backend.binary('multiply', x.buffer, graph.values(factor, [channels]).buffer, y, pixels, channels, 'row');
  backend.binary('add', y, graph.values(offset, [channels]).buffer, y, pixels, channels, 'row');
  return graph.constant(y, shape);
}

/** From statistics that images were normalised with to those that the teacher expects; undefined if they agree. */
export function renormalisation(
  from: { readonly mean: readonly number[]; readonly deviation: readonly number[] },
  to: { readonly mean: readonly number[]; readonly deviation: readonly number[] },
): Renormalisation | undefined {
  const spread = (value: number) => (value > 0 ? value : 1);
  const factor = from.deviation.map((value, c) => spread(value) / spread(to.deviation[c]));
  const offset = from.mean.map((value, c) => (value - to.mean[c]) / spread(to.deviation[c]));
  const same = factor.every((value) => value === 1) && offset.every((value) => value === 0);
  return same ? undefined : { factor, offset };
}

/** The scalar that `backward` starts from. Logits, targets, taught: [count, classes]; taught: the teacher's logits. */
export function distilledLoss(
  heads: Heads,
  targets: Tensor,
  taught: Tensor,
  { kind, share, temperature }: Pick<Distillation, 'kind' | 'share' | 'temperature'>,
  penalty?: Tensor,
): Tensor {
  const own = scale(meanCrossEntropy(heads.labels, targets), 1 - share);
  const logits = heads.teacher;
  const other =
    kind === 'hard'
      ? scale(mean(crossEntropy(logits, chosen(taught))), share)
      : scale(
          mean(crossEntropy(scale(logits, 1 / temperature), softened(taught, temperature))),
          share * temperature ** 2,
        );
  const loss = add(own, other);
  return penalty === undefined ? loss : add(loss, penalty);
}

function softened({ graph, shape, buffer }: Tensor, temperature: number): Tensor {
  const [rows, classes] = shape;
  const y = graph.backend.allocate(rows * classes);
  graph.backend.softmaxForward(buffer, null, y, rows, classes, 1, 1 / temperature);
  return graph.constant(y, shape);
}

/** One at the largest of a row, shared evenly where several are largest, without reading anything back. */
function chosen({ graph, shape, buffer }: Tensor): Tensor {
  const { backend } = graph;
  const [rows, classes] = shape;
  const length = rows * classes;
  const [y, row] = [backend.allocate(length), backend.allocate(rows)];
  backend.reduce('max', buffer, row, rows, classes, 1);
  backend.binary('subtract', buffer, row, y, rows, classes, 'column');
  backend.unary('ternary', y, y, length, 0); // 0 at the largest, -1 below it
  backend.unary('affine', y, y, length, 1, 1);
  backend.reduce('sum', y, row, rows, classes, 1);
  backend.binary('divide', y, row, y, rows, classes, 'column');
  return graph.constant(y, shape);
}
