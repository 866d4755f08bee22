/** The most probable columns of each row: what a step of beam search looks at. */

/**
 * logits: [rows, columns]; values, indices: [rows, k], best first, equal ones by lower index. values are log-softmax;
 * in a row that is -Infinity throughout they are -Infinity.
 */
export function topLogProbabilities(
  logits: Float32Array,
  values: Float32Array,
  indices: Int32Array,
  rows: number,
  columns: number,
  k: number,
): void {
  for (let i = 0; i < rows; i++) {
    const row = logits.subarray(i * columns, (i + 1) * columns);
    const rank = (j: number) => (Number.isNaN(row[j]) ? Number.NEGATIVE_INFINITY : row[j]);
    const order = Array.from(row.keys()).sort((a, b) => {
      const [left, right] = [rank(a), rank(b)];
      return left === right ? a - b : right > left ? 1 : -1;
    });
    const most = columns === 0 ? 0 : rank(order[0]);
    let total = 0;
    for (const value of row) total += Math.exp(value - most);
    const normaliser = most + Math.log(total);
    const nothing = row.every((value) => value === Number.NEGATIVE_INFINITY);
    for (let j = 0; j < k; j++) {
      values[i * k + j] = nothing ? Number.NEGATIVE_INFINITY : row[order[j]] - normaliser;
      indices[i * k + j] = order[j];
    }
  }
}
