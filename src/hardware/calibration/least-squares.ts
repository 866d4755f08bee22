/**
 * Non-negative least squares for a handful of unknowns: the best of all subsets of columns whose ordinary solution
 * has no negative entry. With seven columns that is 127 small systems, exact, and the same for the same numbers.
 */

/** x >= 0 that minimises sum weights[i] (rows[i] . x - targets[i])^2. Columns may differ in scale by any factor. */
export function nonNegativeLeastSquares(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  weights: readonly number[],
): number[] {
  const columns = rows[0]?.length ?? 0;
  const scale = Array.from(
    { length: columns },
    (_, j) => Math.sqrt(rows.reduce((sum, row, i) => sum + weights[i] * row[j] ** 2, 0)) || 1,
  );
  const normal = scale.map(() => new Array<number>(columns).fill(0));
  const right = new Array<number>(columns).fill(0);
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < columns; j++) {
      const left = (weights[i] * rows[i][j]) / scale[j];
      right[j] += left * targets[i];
      for (let k = 0; k < columns; k++) normal[j][k] += (left * rows[i][k]) / scale[k];
    }
  }
  let best = { gain: 0, x: scale.map(() => 0) };
  for (let subset = 1; subset < 1 << columns; subset++) {
    const chosen = scale.map((_, j) => j).filter((j) => subset & (1 << j));
    const solution = solve(
      chosen.map((j) => chosen.map((k) => normal[j][k])),
      chosen.map((j) => right[j]),
    );
    if (solution === undefined || solution.some((value) => value < 0)) continue;
    // At a solution of the normal equations the squared error falls by x . right.
    const gain = solution.reduce((sum, value, i) => sum + value * right[chosen[i]], 0);
    if (gain <= best.gain * (1 + 1e-12)) continue;
    const x = scale.map(() => 0);
    for (const [i, j] of chosen.entries()) x[j] = solution[i] / scale[j];
    best = { gain, x };
  }
  return best.x;
}

/** Gaussian elimination with pivots; undefined when the columns depend on each other. */
function solve(matrix: number[][], right: number[]): number[] | undefined {
  const size = right.length;
  const work = matrix.map((row, i) => [...row, right[i]]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(work[row][column]) > Math.abs(work[pivot][column])) pivot = row;
    }
    if (Math.abs(work[pivot][column]) < 1e-9) return undefined;
    [work[column], work[pivot]] = [work[pivot], work[column]];
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = work[row][column] / work[column][column];
      for (let k = column; k <= size; k++) work[row][k] -= factor * work[column][k];
    }
  }
  return work.map((row, i) => row[size] / row[i]);
}
