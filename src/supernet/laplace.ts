/**
 * The Laplacian that alignment and the monotone transformation aim at: Laplace(0, b) of deviation 1, b = 1 / sqrt 2,
 * for tensors are standardised first. Plain numbers in double precision.
 */

export const LAPLACE_B = Math.SQRT1_2;

/** P(Z > z) of a standard normal, z >= 0; relative error about 1e-13. */
export function gaussianTail(z: number): number {
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    // 1/2 - density * (z + z^3 / 3 + z^5 / (3 5) + ...)
    let [term, sum] = [z, 0];
    for (let odd = 3; Math.abs(term) > 1e-18; odd += 2) {
      sum += term;
      term *= (z * z) / odd;
    }
    return 0.5 - density * sum;
  }
  // density / (z + 1 / (z + 2 / (z + 3 / ...)))
  let fraction = z;
  for (let i = 120; i > 0; i--) fraction = z + i / fraction;
  return density / fraction;
}

/**
 * The monotone transport from a standard normal to the Laplacian of deviation 1, F_Laplace^-1(F_Gauss(z)): the optimal
 * map between them in one dimension (spec 5.3).
 */
export function gaussianToLaplace(z: number): number {
  return -Math.sign(z) * LAPLACE_B * Math.log(2 * gaussianTail(Math.abs(z)));
}

/** E[clamp(X, low, high) - clamp(0, low, high)] of X ~ Laplace(0, b), b of deviation 1; low < high, may be infinite. */
export function laplaceClampedMean(low: number, high: number): number {
  /** The integral of P(X > t) over t from `from`, at least 0, to infinity. */
  const beyond = (from: number) => (LAPLACE_B / 2) * Math.exp(-Math.max(0, from) / LAPLACE_B);
  const right = beyond(low) - beyond(high);
  const left = beyond(-high) - beyond(-low);
  return right - left;
}
