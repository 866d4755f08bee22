/**
 * The released transformation T (spec 5.3): the range of x is cut into `pieces` bins of equal width, and each
 * bin multiplies by a slope of its own.
 *
 *   y = slopes[bin(x)] * x,   bin(x) = floor((x - min) / width),   width = (max - min) / pieces
 *
 * The bin is computed in float32, every step rounded, so that all backends draw the borders at the same place. The
 * maximum belongs to the last bin (`closed`), or to none and becomes 0 (as released). NaN stays NaN and does not
 * count for the range. Bins are constants to the gradient: dx = slope * dy, dslopes[bin] = sum of x * dy.
 */
export function piecewiseForward(
  x: Float32Array,
  slopes: Float32Array,
  y: Float32Array,
  length: number,
  pieces: number,
  closed: boolean,
): void {
  const range = rangeOf(x, length);
  for (let i = 0; i < length; i++) {
    const bin = binOf(x[i], range, pieces, closed);
    y[i] = Number.isNaN(x[i]) ? x[i] : bin < 0 ? 0 : slopes[bin] * x[i];
  }
}

/** dslopes: [pieces], overwritten. */
export function piecewiseBackward(
  x: Float32Array,
  slopes: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  dslopes: Float32Array,
  length: number,
  pieces: number,
  closed: boolean,
): void {
  const range = rangeOf(x, length);
  const sums = new Float64Array(pieces);
  for (let i = 0; i < length; i++) {
    const bin = binOf(x[i], range, pieces, closed);
    const gradient = dy[i];
    if (bin >= 0) sums[bin] += x[i] * gradient;
    dx[i] = bin < 0 ? 0 : slopes[bin] * gradient;
  }
  dslopes.set(sums);
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function rangeOf(x: Float32Array, length: number): Range {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    if (x[i] < low) low = x[i];
    if (x[i] > high) high = x[i];
  }
  return { low, high };
}

/** -1 where no bin holds the value: NaN, and the maximum of an open range. */
function binOf(value: number, { low, high }: Range, pieces: number, closed: boolean): number {
  if (value === high) return closed ? pieces - 1 : -1;
  const width = Math.fround(Math.fround(high - low) / pieces);
  const bin = Math.floor(Math.fround(Math.fround(value - low) / width));
  return bin >= 0 ? Math.min(bin, pieces - 1) : -1;
}
