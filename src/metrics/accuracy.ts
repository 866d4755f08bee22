/** Accuracy of class scores: the share of rows whose right class is among the k highest. */
import { require_ } from '../core/errors.ts';

/** Index of the largest of scores[offset ... offset + classes); the first among equals, NaN never wins. */
export function argmax(scores: ArrayLike<number>, offset: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) {
    const score = scores[offset + c];
    if (score > scores[offset + best] || Number.isNaN(scores[offset + best])) best = c;
  }
  return best;
}

/**
 * How many of the rows of scores [n, classes] have their label among the `k` highest scores. Ties go to the lower
 * class, as in `argmax`; a row whose own score is NaN is wrong. Throws `shape` when sizes do not fit.
 */
export function countCorrect(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  k = 1,
): number {
  const n = labels.length;
  require_(
    scores.length === n * classes,
    'shape',
    () => `${n} labels of ${classes} classes take ${n * classes} scores, but got ${scores.length}`,
    { labels: n, classes, scores: scores.length },
  );
  let correct = 0;
  for (let i = 0; i < n; i++) {
    const own = scores[i * classes + labels[i]];
    if (Number.isNaN(own)) continue;
    let above = 0;
    for (let c = 0; c < classes; c++) {
      const score = scores[i * classes + c];
      if (score > own || (score === own && c < labels[i])) above++;
    }
    if (above < k) correct++;
  }
  return correct;
}

/** Share in [0, 1] of rows right at `k`; 0 for no rows. */
export function accuracy(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  k = 1,
): number {
  return labels.length === 0 ? 0 : countCorrect(scores, labels, classes, k) / labels.length;
}

/** Counts [classes, classes]: row the right class, column the predicted one. */
export function confusion(
  predicted: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): Uint32Array {
  const counts = new Uint32Array(classes * classes);
  for (let i = 0; i < labels.length; i++) counts[labels[i] * classes + predicted[i]]++;
  return counts;
}
