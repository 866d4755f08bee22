/**
 * Functions that programs may call. WGSL's own exponential, logarithm, division and cosine may be off by thousands
 * of the last digit's units and differ between devices; these are polynomials over exact range reductions, as good as
 * a C library's. NaN and infinity are looked at as bits, for compilers may take for granted that there are none.
 */

interface Maths {
  readonly name: string;
  readonly code: string;
}

/** Later ones may call earlier ones. */
const FUNCTIONS: readonly Maths[] = [
  {
    name: 'INFINITY',
    // A variable, for WGSL has no constant that is infinite.
    code: `
var<private> INFINITY_BITS: u32 = 0x7f800000u;
fn INFINITY() -> f32 { return bitcast<f32>(INFINITY_BITS); }`,
  },
  {
    name: 'isNaN',
    code: 'fn isNaN(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }',
  },
  {
    name: 'isFinite',
    code: 'fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }',
  },
  {
    name: 'clipped',
    // To [-1, 1]; a NaN stays one, as it does in the adder's gradient (spec 4.1).
    code: 'fn clipped(x: f32) -> f32 { return select(clamp(x, -1.0, 1.0), x, isNaN(x)); }',
  },
  {
    name: 'exponential',
    // x = n ln 2 + r; e^r by a polynomial (Cephes expf), 2^n in two steps so that the ends of the range are met.
    code: `
fn exponential(x: f32) -> f32 {
  if (isNaN(x)) { return x; }
  let c = clamp(x, -104.0, 89.0);
  let n = floor(c * 1.44269504 + 0.5);
  let r = (c - n * 0.693359375) + n * 2.12194440e-4;
  var y = 1.9875691500e-4;
  y = y * r + 1.3981999507e-3;
  y = y * r + 8.3334519073e-3;
  y = y * r + 4.1665795894e-2;
  y = y * r + 1.6666665459e-1;
  y = y * r + 5.0000001201e-1;
  y = y * r * r + r + 1.0;
  let half = i32(n) / 2;
  return y * powerOf2(half) * powerOf2(i32(n) - half);
}`,
  },
  {
    name: 'powerOf2',
    code: 'fn powerOf2(n: i32) -> f32 { return bitcast<f32>(u32(clamp(n, -126, 127) + 127) << 23u); }',
  },
  {
    name: 'logarithm',
    // x = m 2^n with m around 1; log m by a polynomial (Cephes logf).
    code: `
fn logarithm(x: f32) -> f32 {
  if (x <= 0.0) { return select(bitcast<f32>(NOTHING_BITS), -INFINITY(), x == 0.0); }
  if (!isFinite(x)) { return x; }
  let bits = bitcast<u32>(x);
  var n = f32(i32(bits >> 23u) - 126);
  var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f000000u);
  if (m < 0.707106781) { m = m + m; n = n - 1.0; }
  let r = m - 1.0;
  let z = r * r;
  var y = 7.0376836292e-2;
  y = y * r - 1.1514610310e-1;
  y = y * r + 1.1676998740e-1;
  y = y * r - 1.2420140846e-1;
  y = y * r + 1.4249322787e-1;
  y = y * r - 1.6668057665e-1;
  y = y * r + 2.0000714765e-1;
  y = y * r - 2.4999993993e-1;
  y = y * r + 3.3333331174e-1;
  y = y * r * z - n * 2.12194440e-4 - 0.5 * z;
  return r + y + n * 0.693359375;
}
var<private> NOTHING_BITS: u32 = 0x7fc00000u;`,
  },
  { name: 'sigmoid', code: 'fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exponential(-x)); }' },
  {
    name: 'tangent',
    // The hyperbolic one. Near zero the difference cancels: there its series.
    code: `
fn tangent(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.35) {
    let z = x * x;
    return x + x * z * (-0.333333333 + z * (0.133333333 + z * (-5.39682540e-2 + z * (2.18694885e-2 - z * 8.86323552e-3))));
  }
  let t = exponential(-2.0 * a);
  let y = (1.0 - t) / (1.0 + t);
  return select(y, -y, x < 0.0);
}`,
  },
  {
    name: 'cosineOfTurn',
    // cos(2 pi v / 2^24): the turn is cut into eighths exactly, the rest by polynomials (Cephes sinf, cosf).
    code: `
fn cosineOfTurn(v: u32) -> f32 {
  let quarter = (v + 0x200000u) >> 22u;
  let rest = f32(i32(v) - i32(quarter << 22u)) * 3.74507046e-7;
  let z = rest * rest;
  let c = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
  let s = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * rest + rest;
  let y = select(c, s, (quarter & 1u) == 1u);
  return select(y, -y, ((quarter + 1u) & 2u) == 2u);
}`,
  },
  {
    name: 'quotient',
    // a / b correctly rounded, as float32 of other backends is: long division of the significands. For normal numbers.
    code: `
fn quotient(a: f32, b: f32) -> f32 {
  let x = bitcast<u32>(a);
  let y = bitcast<u32>(b);
  let plain = a / b;
  if ((x & 0x7f800000u) == 0u || (y & 0x7f800000u) == 0u || !isFinite(a) || !isFinite(b)) { return plain; }
  var rest = (x & 0x007fffffu) | 0x00800000u;
  let divisor = (y & 0x007fffffu) | 0x00800000u;
  var exponent = i32((x >> 23u) & 255u) - i32((y >> 23u) & 255u) + 127;
  if (rest < divisor) { rest = rest << 1u; exponent = exponent - 1; }
  var digits = 0u;
  for (var i = 0; i < 25; i++) {
    digits = digits << 1u;
    if (rest >= divisor) { rest = rest - divisor; digits = digits | 1u; }
    rest = rest << 1u;
  }
  if (exponent < 1 || exponent > 253) { return plain; }
  let up = (digits & 1u) == 1u && (rest != 0u || (digits & 2u) == 2u);
  let rounded = (digits >> 1u) + select(0u, 1u, up);
  return bitcast<f32>(((x ^ y) & 0x80000000u) | ((u32(exponent) << 23u) + (rounded - 0x00800000u)));
}`,
  },
  {
    name: 'halfOf',
    // IEEE binary16 in 16 bits, to the nearest, ties to even; WGSL's own conversion may round either way.
    code: `
fn halfOf(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) { return sign | 0x7e00u; }
  if (size >= 0x477ff000u) { return sign | 0x7c00u; }
  if (size < 0x38800000u) { return sign | u32(round(bitcast<f32>(size) * 16777216.0)); }
  return sign | ((size + 0xfffu + ((size >> 13u) & 1u) - 0x38000000u) >> 13u);
}`,
  },
  {
    name: 'halves',
    code: `
fn halves(v: vec4f) -> vec2u {
  return vec2u(halfOf(v.x) | (halfOf(v.y) << 16u), halfOf(v.z) | (halfOf(v.w) << 16u));
}`,
  },
  {
    name: 'whole',
    code: 'fn whole(v: vec2u) -> vec4f { return vec4f(unpack2x16float(v.x), unpack2x16float(v.y)); }',
  },
  {
    name: 'threefry',
    // Threefry-2x32 with 20 rounds, as src/core/random.ts.
    code: `
fn threefry(key: vec2u, counter: vec2u) -> vec2u {
  let k = array<u32, 3>(key.x, key.y, key.x ^ key.y ^ 0x1bd11bdau);
  var x = counter.x + key.x;
  var y = counter.y + key.y;
  for (var injection = 1u; injection <= 5u; injection++) {
    let r = select(vec4u(17u, 29u, 16u, 24u), vec4u(13u, 15u, 26u, 6u), (injection & 1u) == 1u);
    x += y; y = ((y << r.x) | (y >> (32u - r.x))) ^ x;
    x += y; y = ((y << r.y) | (y >> (32u - r.y))) ^ x;
    x += y; y = ((y << r.z) | (y >> (32u - r.z))) ^ x;
    x += y; y = ((y << r.w) | (y >> (32u - r.w))) ^ x;
    x += k[injection % 3u];
    y += k[(injection + 1u) % 3u] + injection;
  }
  return vec2u(x, y);
}`,
  },
];

const CALLED = new Map(FUNCTIONS.map(({ name, code }) => [new RegExp(`\\b${name}\\(`), code]));

/** The text of the functions that the code calls, and of those that they call. */
export function mathsFor(code: string): string {
  const wanted = new Set<string>();
  const look = (text: string): void => {
    for (const [call, body] of CALLED) {
      if (wanted.has(body) || !call.test(text)) continue;
      wanted.add(body);
      look(body);
    }
  };
  look(code);
  return [...wanted].join('\n');
}
