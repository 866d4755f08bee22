/** Softmax over rows and the cross-entropy behind it, with the row's maximum taken out so that nothing overflows. */

/**
 * x, y: [rows, columns]; y = softmax(scale * x + mask), row i under mask row i % maskRows (maskRows is not looked
 * at without a mask). A row of which every entry is -Infinity (everything masked) becomes zeros.
 */
export function softmaxForward(
  x: Float32Array,
  mask: Float32Array | null,
  y: Float32Array,
  rows: number,
  columns: number,
  maskRows: number,
  scale: number,
): void {
  const values = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    const maskAt = mask === null ? 0 : (i % maskRows) * columns;
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < columns; j++) {
      const value = scale * x[start + j] + (mask === null ? 0 : mask[maskAt + j]);
      values[j] = value;
      most = Math.max(most, value);
    }
    if (most === Number.NEGATIVE_INFINITY) {
      y.fill(0, start, start + columns);
      continue;
    }
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += values[j] = Math.exp(values[j] - most);
    for (let j = 0; j < columns; j++) y[start + j] = values[j] / sum;
  }
}

/** dx = scale * y * (dy - sum(y * dy)). */
export function softmaxBackward(
  y: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  rows: number,
  columns: number,
  scale: number,
): void {
  for (let i = 0; i < rows; i++) {
    const start = i * columns;
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += y[start + j] * dy[start + j];
    for (let j = 0; j < columns; j++) dx[start + j] = scale * y[start + j] * (dy[start + j] - sum);
  }
}

/**
 * losses[i] = - sum over classes of t * log softmax(logits), and dlogits = softmax * sum(t) - t, not divided by
 * the number of rows. A class with t = 0 adds nothing, however unlikely it is.
 */
export function crossEntropy(
  logits: Float32Array,
  targets: Float32Array,
  losses: Float32Array,
  dlogits: Float32Array,
  rows: number,
  classes: number,
): void {
  for (let i = 0; i < rows; i++) {
    const start = i * classes;
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < classes; j++) most = Math.max(most, logits[start + j]);
    let sum = 0;
    let mass = 0;
    for (let j = 0; j < classes; j++) {
      sum += Math.exp(logits[start + j] - most);
      mass += targets[start + j];
    }
    const normaliser = most + Math.log(sum);
    let loss = 0;
    for (let j = 0; j < classes; j++) {
      const target = targets[start + j];
      const logProbability = logits[start + j] - normaliser;
      if (target !== 0) loss -= target * logProbability;
      dlogits[start + j] = Math.exp(logProbability) * mass - target;
    }
    losses[i] = loss;
  }
}
