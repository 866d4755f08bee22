/**
 * Non-negative least squares for a handful of unknowns (Lawson and Hanson, Solving Least Squares Problems, 1974,
 * chapter 23): exact up to rounding, and the same for the same numbers.
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
  // Lawson and Hanson: free the column that helps most, and let go of those that would turn negative.
  const x = scale.map(() => 0);
  const free = new Set<number>();
  const refused = new Set<number>();
  for (let step = 0; step < 8 * columns; step++) {
    const slope = right.map((value, j) => value - normal[j].reduce((sum, entry, k) => sum + entry * x[k], 0));
    let next = -1;
    for (let j = 0; j < columns; j++) {
      if (free.has(j) || refused.has(j) || slope[j] < 1e-10) continue;
      if (next < 0 || slope[j] > slope[next]) next = j;
    }
    if (next < 0) break;
    free.add(next);
    for (;;) {
      const chosen = [...free].sort((a, b) => a - b);
      const solution = solve(
        chosen.map((j) => chosen.map((k) => normal[j][k])),
        chosen.map((j) => right[j]),
      );
      if (solution === undefined) {
        // The new column depends on the others: it has nothing to add.
        free.delete(next);
        refused.add(next);
        break;
      }
      const worst = chosen.filter((_, i) => solution[i] <= 0);
      if (worst.length === 0) {
        x.fill(0);
        for (const [i, j] of chosen.entries()) x[j] = solution[i];
        refused.clear();
        break;
      }
      let share = 1;
      for (const [i, j] of chosen.entries()) {
        if (solution[i] <= 0) share = Math.min(share, x[j] / (x[j] - solution[i]));
      }
      for (const [i, j] of chosen.entries()) {
        x[j] += share * (solution[i] - x[j]);
        if (x[j] > 1e-15 || solution[i] > 0) continue;
        x[j] = 0;
        free.delete(j);
        if (j === next) refused.add(j);
      }
    }
  }
  return x.map((value, j) => value / scale[j]);
}

/**
 * x >= 0 with rows[i] . x as near to 1 as may be, by least squares reweighted towards least absolute errors: rows are
 * features over measured times, so errors are relative, and a few that were disturbed count for little.
 */
export function relativeFit(rows: readonly (readonly number[])[]): number[] {
  const ones = rows.map(() => 1);
  let weights = ones;
  let x: number[] = [];
  for (let round = 0; round < 6; round++) {
    x = nonNegativeLeastSquares(rows, ones, weights);
    weights = rows.map((row) => {
      const error = Math.abs(row.reduce((sum, value, j) => sum + value * x[j], 0) - 1);
      return 1 / Math.max(error, 0.02);
    });
  }
  return x;
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
