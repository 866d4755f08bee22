/**
 * From a picture to what the network reads, as `shiftaddnas predict` does it with sharp: resized to cover the network's
 * size, cut at the centre, grey by ITU-R BT.601 for one channel. The arithmetic is that of libvips 8.18, so the bytes are
 * the same, but for a rare tie.
 *
 *   smaller   rows, then columns: means of blocks of lines, then Lanczos windows of three lobes
 *   larger    Catmull-Rom, along rows and then down columns
 *
 * Weights are 4096ths, rounded towards 0, and there are 64 places between two lines.
 */

const UNIT = 4096;
const PLACES = 64;

/** RGBA without transparency, width x height, to bytes [h, w, c], c 1 or 3. */
export function scaledToFit({ data, width, height }, [h, w, c]) {
  const colours = new Uint8Array(width * height * 3);
  for (let i = 0, from = 0; i < colours.length; i += 3, from += 4) {
    for (let k = 0; k < 3; k++) colours[i + k] = data[from + k];
  }
  const factor = Math.min(width / w, height / h);
  const [high, wide] = [Math.round(height / factor), Math.round(width / factor)];
  // [wide, high, 3], columns first
  const covering =
    factor < 1
      ? enlarged(colours, { width, height, wide, high, factor })
      : reduced(transposed(reduced(colours, height, high, factor), high, width), width, wide, factor);
  const [top, left] = [(high - h + 1) >> 1, (wide - w + 1) >> 1];
  const out = new Uint8Array(h * w * c);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const at = ((left + x) * high + top + y) * 3;
      const to = (y * w + x) * c;
      const [red, green, blue] = covering.subarray(at, at + 3);
      if (c === 1) out[to] = (299 * red + 587 * green + 114 * blue + 500) / 1000;
      else out.set([red, green, blue], to);
    }
  }
  return out;
}

function transposed(pixels, rows, columns) {
  const out = new pixels.constructor(pixels.length);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const [from, to] = [(y * columns + x) * 3, (x * rows + y) * 3];
      for (let k = 0; k < 3; k++) out[to + k] = pixels[from + k];
    }
  }
  return out;
}

/** Lines, one behind the other, to `target` lines; `factor`: how many become one. */
function reduced(pixels, count, target, factor) {
  if (factor === 1) return pixels;
  const stride = pixels.length / count;
  const block = Math.max(1, Math.floor(count / target / 2));
  const lines = Math.ceil(count / block);
  const less = block === 1 ? pixels : means(pixels, count, stride, block);
  const rest = factor / block;
  if (rest === 1) return less;
  // where the size is rounded, both ends give up the same
  const offset = (target * factor - count) / block / 2;
  const out = new Uint8ClampedArray(target * stride);
  for (let line = 0; line < target; line++) {
    const taps = lanczos((line + 0.5) * rest - 0.5 - offset, rest, lines);
    weightedSum(less, taps, stride, out, line);
  }
  return out;
}

/** Means of `block` lines; a last block that is not whole repeats its last line. */
function means(pixels, count, stride, block) {
  const lines = Math.ceil(count / block);
  const out = new Uint8Array(lines * stride);
  const share = Math.floor(2 ** 24 / block);
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < stride; i++) {
      let sum = block >> 1;
      for (let k = 0; k < block; k++) sum += pixels[Math.min(count - 1, line * block + k) * stride + i];
      out[line * stride + i] = (sum * share) / 2 ** 24;
    }
  }
  return out;
}

/** [height, width, 3] to [wide, high, 3]; what is between both passes may lie beyond a byte. */
function enlarged(pixels, { width, height, wide, high, factor }) {
  const columns = transposed(pixels, height, width);
  const between = new Int32Array(wide * height * 3);
  for (let x = 0; x < wide; x++) {
    weightedSum(columns, catmullRom(x * factor - 0.5, width), height * 3, between, x);
  }
  const rows = transposed(between, wide, height);
  const out = new Uint8ClampedArray(high * wide * 3);
  for (let y = 0; y < high; y++) {
    weightedSum(rows, catmullRom(y * factor - 0.5, height), wide * 3, out, y);
  }
  return transposed(out, high, wide);
}

/** Line `to` of `out`: the sum of other lines, `taps` are [line, weight in units]. */
function weightedSum(pixels, taps, stride, out, to) {
  for (let i = 0; i < stride; i++) {
    let sum = UNIT / 2;
    for (const [line, weight] of taps) sum += weight * pixels[line * stride + i];
    out[to * stride + i] = Math.floor(sum / UNIT);
  }
}

const within = (line, count) => Math.min(count - 1, Math.max(0, line));
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Around position `centre` of `count` lines, three lobes of `factor` lines each. */
function lanczos(centre, factor, count) {
  const place = Math.round(centre * PLACES) / PLACES;
  const points = 2 * Math.round(3 * factor) + 1;
  const first = Math.floor(place + 0.5) - (points >> 1);
  const weights = Array.from({ length: points }, (_, i) => {
    const x = (first + i - place) / factor;
    return Math.abs(x) >= 3 ? 0 : sinc(x) * sinc(x / 3);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight, i) => [within(first + i, count), Math.trunc((UNIT * weight) / sum)]);
}

function catmullRom(centre, count) {
  const place = Math.round(centre * PLACES) / PLACES;
  const first = Math.floor(centre);
  const t = place - first;
  const weights = [
    -0.5 * t + t * t - 0.5 * t ** 3,
    1 - 2.5 * t * t + 1.5 * t ** 3,
    0.5 * t + 2 * t * t - 1.5 * t ** 3,
    -0.5 * t * t + 0.5 * t ** 3,
  ];
  return weights.map((weight, i) => [within(first - 1 + i, count), Math.trunc(UNIT * weight)]);
}
