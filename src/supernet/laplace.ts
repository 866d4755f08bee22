/**
 * The distributions that alignment and the monotone transformation know, both of mean 0 and deviation 1, for tensors
 * are standardised first: Laplace(0, b), b = 1 / sqrt 2, and N(0, 1). Plain numbers in double precision.
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

/** The integral of P(X > t) over t from `from` >= 0 to infinity, of a distribution that is symmetric about 0. */
type Beyond = (from: number) => number;

/** E[clamp(X, low, high) - clamp(0, low, high)]; low < high, may be infinite. */
function clampedMean(beyond: Beyond, low: number, high: number): number {
  const right = beyond(Math.max(0, low)) - beyond(Math.max(0, high));
  const left = beyond(Math.max(0, -high)) - beyond(Math.max(0, -low));
  return right - left;
}

/** The clamped mean of X ~ Laplace(0, b), b of deviation 1. */
export function laplaceClampedMean(low: number, high: number): number {
  return clampedMean((from) => (LAPLACE_B / 2) * Math.exp(-from / LAPLACE_B), low, high);
}

/** The clamped mean of X ~ N(0, 1): the integral beyond t is density(t) - t P(X > t). */
export function gaussianClampedMean(low: number, high: number): number {
  const beyond = (from: number) =>
    from === Number.POSITIVE_INFINITY
      ? 0
      : Math.exp(-0.5 * from * from) / Math.sqrt(2 * Math.PI) - from * gaussianTail(from);
  return clampedMean(beyond, low, high);
}
