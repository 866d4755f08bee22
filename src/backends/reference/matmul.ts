/** Matrix products, row by row: y (+)= alpha * op(a) op(b). */
import type { MatmulShape } from '../backend.ts';

/**
 * a: [batch, m, k], or [batch, k, m] when transposed; b: [batch, k, n], or [batch, n, k]; y: [batch, m, n].
 * With k = 0 the product is zero. `accumulate` adds to y, otherwise y is overwritten.
 */
export function matmul(a: Float32Array, b: Float32Array, y: Float32Array, shape: MatmulShape): void {
  const { batch, m, n, k, transposeA, transposeB, alpha, accumulate } = shape;
  const sums = new Float64Array(n);
  const aStep = transposeA ? m : 1;
  for (let product = 0; product < batch; product++) {
    const bBase = product * k * n;
    for (let i = 0; i < m; i++) {
      const aAt = product * m * k + (transposeA ? i : i * k);
      sums.fill(0);
      if (transposeB) {
        for (let j = 0; j < n; j++) {
          const bAt = bBase + j * k;
          let sum = 0;
          for (let p = 0; p < k; p++) sum += a[aAt + p * aStep] * b[bAt + p];
          sums[j] = sum;
        }
      } else {
        for (let p = 0; p < k; p++) {
          const value = a[aAt + p * aStep];
          const bAt = bBase + p * n;
          for (let j = 0; j < n; j++) sums[j] += value * b[bAt + j];
        }
      }
      const yAt = (product * m + i) * n;
      for (let j = 0; j < n; j++) y[yAt + j] = alpha * sums[j] + (accumulate ? y[yAt + j] : 0);
    }
  }
}
