// The end of most steps: accumulators of L neighbouring output channels, or positions, become stored numbers.
#pragma once
#include "lanes.h"

namespace ISA::whole {

/** Bounds of the value that is written, and how it lies in memory. */
struct Target {
  int32_t low, high;
  bool wide;
};

INLINE Target targetOf(const Value& v) { return {v.low, v.high, v.wide}; }

/**
 * floor(acc * factor + offset) within bounds. The sum has at most 48 bits and is exact. It is clamped first, which
 * commutes with floor for whole bounds, and moved above 0, where a conversion rounds down.
 */
INLINE viHalf scaled(viHalf acc, vd factor, vd offset, const Target& to) {
  vd v = __builtin_convertvector(acc, vd) * factor + offset;
  const vd low = (double)to.low - (vd){}, high = (double)to.high - (vd){};
#if defined(__AVX512F__) && VECTOR_BYTES == 64
  v = (vd)_mm512_min_pd((__m512d)_mm512_max_pd((__m512d)v, (__m512d)low), (__m512d)high);
#elif defined(__AVX2__) && VECTOR_BYTES == 32
  v = (vd)_mm256_min_pd(_mm256_max_pd((__m256d)v, (__m256d)low), (__m256d)high);
#else
  v = v > low ? v : low;
  v = v < high ? v : high;
#endif
  return __builtin_convertvector(v + 32768.0, viHalf) - 32768;
}

INLINE vi joined(viHalf low, viHalf high) {
#if defined(__AVX512F__) && VECTOR_BYTES == 64
  return (vi)_mm512_inserti64x4(_mm512_castsi256_si512((__m256i)low), (__m256i)high, 1);
#elif defined(__AVX2__) && VECTOR_BYTES == 32
  return (vi)_mm256_inserti128_si256(_mm256_castsi128_si256((__m128i)low), (__m128i)high, 1);
#else
  return (vi){low[0], low[1], high[0], high[1]};
#endif
}

/** L accumulators of the channels from `channel` on. */
INLINE vi requantised(const int32_t* acc, const Requantise& how, int64_t channel, const Target& to) {
  if (how.terms == 0) {
    constexpr int half = L / 2;
    const viHalf low = scaled(*(const viHalfAnywhere*)acc, *(const vdAnywhere*)(how.factor + channel),
                              *(const vdAnywhere*)(how.offset + channel), to);
    const viHalf high = scaled(*(const viHalfAnywhere*)(acc + half), *(const vdAnywhere*)(how.factor + channel + half),
                               *(const vdAnywhere*)(how.offset + channel + half), to);
    return joined(low, high);
  }
  const vi v = loadInt(acc);
  vi t = loadInt(how.addend + channel);
  for (int32_t k = 0; k < how.terms; k++) {
    const int64_t at = k * how.stride + channel;
    const vi sign = loadInt(how.sign + at);
    const vi term = (vi)((vu)v << (vu)loadInt(how.left + at)) >> loadInt(how.right + at);
    // sign is 1, -1 or 0: negate by the sign's own sign, and keep nothing where it is 0
    t += ((term ^ (sign >> 31)) - (sign >> 31)) & -(sign & 1);
  }
  return largest(smallest(t >> how.shift, vsetInt(to.high)), vsetInt(to.low));
}

/** Stores the first n lanes as numbers i, i + 1 ... of a value. */
INLINE void put(uint8_t* value, int64_t i, vi q, int n, bool wide) {
  if (wide) {
    const vsPart v = __builtin_convertvector(q, vsPart);
    int16_t* to = (int16_t*)value + i;
    if (n >= L)
      *(vsPartAnywhere*)to = v;
    else
      for (int k = 0; k < n; k++) to[k] = v[k];
    return;
  }
  const vbPart v = __builtin_convertvector(q + 128, vbPart);
  if (n >= L)
    *(vbPartAnywhere*)(value + i) = v;
  else
    for (int k = 0; k < n; k++) value[i + k] = v[k];
}

/** n accumulators of channels from `channel` on, whole vectors of them in memory, as numbers i ... of a value. */
INLINE void finish(const int32_t* acc, int64_t n, const Requantise& how, int64_t channel, const Target& to, uint8_t* value,
                   int64_t i) {
  for (int64_t k = 0; k < n; k += L) {
    put(value, i + k, requantised(acc + k, how, channel + k, to), (int)smaller<int64_t>(n - k, L), to.wide);
  }
}

/** acc shifted by place, and the sum of such terms, as in docs/integer.md. */
INLINE int32_t shifted(int32_t acc, int32_t place) {
  return place >= 0 ? (int32_t)((uint32_t)acc << place) : acc >> -place;
}

}  // namespace ISA::whole
