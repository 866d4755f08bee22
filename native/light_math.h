// Elementary functions on vectors, relative errors about 1e-7. Arguments are reduced exactly, then a short
// polynomial follows; the coefficients are the classic minimax ones of the Cephes library (Moshier). NaN stays
// NaN, infinities and what under- or overflows end where the real function does.
#pragma once
#include "vec.h"

namespace ISA {

/** Nearest whole number for |x| < 2^22, as float and as integer: adding 1.5 * 2^23 leaves it in the low bits. */
INLINE vf nearestWhole(vf x, vu& whole) {
  const vf shifter = vset(12582912.0f);
  vf t = x + shifter;
  whole = (vu)t - (vu)shifter;
  return t - shifter;
}

/** p * 2^n; by two factors, so that results below the normal range are right, too. */
INLINE vf timesPowerOfTwo(vf p, vu n) {
  vu half = (vu)((vi)n >> 1);
  vu rest = n - half;
  return p * (vf)((half + 127) << 23) * (vf)((rest + 127) << 23);
}

/** e^r for |r| <= ln(2) / 2. */
INLINE vf expNearZero(vf r) {
  vf p = vset(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * (r * r) + r + 1.0f;
}

INLINE vf vexp(vf x) {
  x = vselect(x < -104.0f, vset(-104), vselect(x > 89.0f, vset(89), x));
  vu n;
  vf whole = nearestWhole(x * 1.44269504088896341f, n);
  vf r = x - whole * 0.693359375f;  // ln 2 in two parts, the first with few bits: the product is exact
  r = r - whole * -2.12194440e-4f;
  return timesPowerOfTwo(expNearZero(r), n);
}

/** 2^x, exact for whole x. */
INLINE vf vexp2(vf x) {
  x = vselect(x < -151.0f, vset(-151), vselect(x > 129.0f, vset(129), x));
  vu n;
  vf whole = nearestWhole(x, n);
  return timesPowerOfTwo(expNearZero((x - whole) * 0.693147180559945309f), n);
}

INLINE vf vlog(vf x) {
  const vf infinity = vset(__builtin_inff());
  vi tiny = x < 1.17549435e-38f;
  vf scaled = vselect(tiny, x * 8388608.0f, x);
  // x = 2^e * m with m in [sqrt(1/2), sqrt(2)): the offset moves the border of the exponent to sqrt(2)
  vu bits = (vu)scaled + (0x3f800000u - 0x3f3504f3u);
  vf e = __builtin_convertvector((vi)(bits >> 23) - 127, vf);
  e = e - vselect(tiny, vset(23.0f), vset(0));
  vf f = (vf)((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  vf z = f * f;
  vf p = vset(7.0376836292e-2f);
  p = p * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  vf y = f * z * p + e * -2.12194440e-4f - z * 0.5f;
  y = (f + y) + e * 0.693359375f;
  y = vselect(x < infinity, y, x);  // +infinity and NaN
  y = vselect(x == 0.0f, -infinity, y);
  return vselect(x < 0.0f, vset(__builtin_nanf("")), y);
}

INLINE vf vsigmoid(vf x) { return 1.0f / (1.0f + vexp(-x)); }

INLINE vf vtanh(vf x) {
  vf z = x * x;
  vf p = vset(-5.70498872745e-3f);
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  vf near = p * z * x + x;
  vf far = 1.0f - 2.0f / (vexp(vabs(x) * 2.0f) + 1.0f);
  vf signedFar = (vf)((vi)far | ((vi)x & (int32_t)0x80000000));
  return vselect(vabs(x) < 0.625f, near, vselect(x == x, signedFar, x));
}

/** cos(2 pi t) for 0 <= t < 1: to the nearest quarter turn, exactly, then sine or cosine of the rest. */
INLINE vf cosineOfTurns(vf t) {
  vu quarter;
  vf whole = nearestWhole(t * 4.0f, quarter);
  vf a = (t - whole * 0.25f) * 6.283185307179586f;
  vf z = a * a;
  vf sine = ((z * -1.9515295891e-4f + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * a + a;
  vf cosine = ((z * 2.443315711809948e-5f - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * (z * z) -
              z * 0.5f + 1.0f;
  vf value = vselect((vi)(quarter & 1u) != 0, sine, cosine);
  // turns 1 and 2 of 0..3 lie left of the axis
  return (vf)((vu)value ^ (((quarter + 1u) & 2u) << 30));
}

/** Towards zero. Beyond 2^23 every float is whole. */
INLINE vf vtruncate(vf x) {
  vi small = vabs(x) < 8388608.0f;
  vf inside = vselect(small, x, vset(0));
  return vselect(small, __builtin_convertvector(__builtin_convertvector(inside, vi), vf), x);
}

INLINE vf vfloor(vf x) {
  vf t = vtruncate(x);
  return t - vselect(t > x, vset(1), vset(0));
}

/** Halves away from zero. */
INLINE vf vround(vf x) {
  vf size = vabs(x);
  vf t = vtruncate(size);
  t = t + vselect(size - t >= 0.5f, vset(1), vset(0));
  return (vf)((vi)t | ((vi)x & (int32_t)0x80000000));
}

/** 2^p in double precision. */
INLINE double powerOfTwo(double p) {
  if (!(p > -1074)) return p == p ? 0 : p;
  if (p > 1023) return __builtin_inf();
  int64_t whole = (int64_t)p;
  double r = (p - (double)whole) * 0.69314718055994530942;
  double value = 1;
  if (r != 0)
    for (int i = 20; i > 0; i--) value = 1 + value * r / i;  // Taylor's series, |r| < ln 2
  for (; whole > 0; whole--) value *= 2;
  for (; whole < 0; whole++) value /= 2;
  return value;
}

/** base^steps for a whole number of steps. */
INLINE double wholePower(double base, double steps) {
  double value = 1;
  for (uint64_t n = (uint64_t)steps; n > 0; n >>= 1, base *= base)
    if (n & 1) value *= base;
  return value;
}

}  // namespace ISA
