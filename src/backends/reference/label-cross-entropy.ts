/**
 * Cross-entropy with one label a row, with label smoothing as fairseq has it: a share s of the target is spread
 * evenly over all classes, the label's own included.
 *
 *   loss = (1 - s) * nll + s / classes * sum over all classes of -log p        nll = -log p[label]
 *   gradient of logit j = p[j] - s / classes - (1 - s where j is the label)
 */

/** A label below 0 asks for nothing: its row of every output is 0. `dlogits` may be `logits`. */
export function labelCrossEntropy(
  logits: Float32Array,
  labels: Int32Array,
  losses: Float32Array,
  likelihoods: Float32Array,
  dlogits: Float32Array | null,
  rows: number,
  classes: number,
  smoothing: number,
  factor: number,
): void {
  for (let i = 0; i < rows; i++) {
    const start = i * classes;
    const label = labels[i];
    if (label < 0) {
      losses[i] = likelihoods[i] = 0;
      dlogits?.fill(0, start, start + classes);
      continue;
    }
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < classes; j++) most = Math.max(most, logits[start + j]);
    let total = 0;
    let sum = 0;
    for (let j = 0; j < classes; j++) {
      total += Math.exp(logits[start + j] - most);
      sum += logits[start + j] - most;
    }
    const rest = Math.log(total);
    const likelihood = rest - (logits[start + label] - most);
    likelihoods[i] = likelihood;
    losses[i] = likelihood;
    if (smoothing > 0) losses[i] = (1 - smoothing) * likelihood + smoothing * (rest - sum / classes);
    if (dlogits === null) continue;
    for (let j = 0; j < classes; j++) {
      const target = smoothing / classes + (j === label ? 1 - smoothing : 0);
      dlogits[start + j] = factor * (Math.exp(logits[start + j] - most - rest) - target);
    }
  }
}
