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
  // what is below 32 bits becomes the lowest number, so the lower bound can wait for whole vectors
  return (viHalf)_mm512_cvt_roundpd_epi32(_mm512_min_pd((__m512d)v, (__m512d)high), _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
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

/** The bound that `scaled` leaves to whole vectors. */
INLINE vi withinScaled(vi q, const Target& to) {
#if defined(__AVX512F__) && VECTOR_BYTES == 64
  return largest(q, vsetInt(to.low));
#else
  return q;
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
    return withinScaled(joined(low, high), to);
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
    const vsPart v = wordsOf(q);
    int16_t* to = (int16_t*)value + i;
    if (n >= L)
      *(vsPartAnywhere*)to = v;
    else
      for (int k = 0; k < n; k++) to[k] = v[k];
    return;
  }
  const vbPart v = bytesOf(q + 128);
  if (n >= L)
    *(vbPartAnywhere*)(value + i) = v;
  else
    for (int k = 0; k < n; k++) value[i + k] = v[k];
}

#if defined(__SSE2__)
#define FOUR_AT_ONCE 1
/** Stores four vectors of numbers of 8 bits as numbers i, i + 1 ... of a value. */
INLINE void putFour(uint8_t* to, vi a, vi b, vi c, vi d) {
#if defined(__AVX512BW__) && VECTOR_BYTES == 64
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i ab = _mm512_packs_epi32((__m512i)a, (__m512i)b), cd = _mm512_packs_epi32((__m512i)c, (__m512i)d);
  const __m512i all = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(ab, cd));
  _mm512_storeu_si512(to, _mm512_xor_si512(all, _mm512_set1_epi8((char)0x80)));
#elif defined(__AVX2__) && VECTOR_BYTES == 32
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m256i ab = _mm256_packs_epi32((__m256i)a, (__m256i)b), cd = _mm256_packs_epi32((__m256i)c, (__m256i)d);
  const __m256i all = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(ab, cd), order);
  _mm256_storeu_si256((__m256i*)to, _mm256_xor_si256(all, _mm256_set1_epi8((char)0x80)));
#else
  const __m128i ab = _mm_packs_epi32((__m128i)a, (__m128i)b), cd = _mm_packs_epi32((__m128i)c, (__m128i)d);
  _mm_storeu_si128((__m128i*)to, _mm_xor_si128(_mm_packs_epi16(ab, cd), _mm_set1_epi8((char)0x80)));
#endif
}
#else
#define FOUR_AT_ONCE 0
#endif

/** n accumulators of channels from `channel` on, whole vectors of them in memory, as numbers i ... of a value. */
INLINE void finish(const int32_t* acc, int64_t n, const Requantise& how, int64_t channel, const Target& to, uint8_t* value,
                   int64_t i) {
  int64_t k = 0;
#if FOUR_AT_ONCE
  for (; k + 4 * L <= n && !to.wide; k += 4 * L)
    putFour(value + i + k, requantised(acc + k, how, channel + k, to), requantised(acc + k + L, how, channel + k + L, to),
            requantised(acc + k + 2 * L, how, channel + k + 2 * L, to), requantised(acc + k + 3 * L, how, channel + k + 3 * L, to));
#endif
  for (; k < n; k += L) {
    put(value, i + k, requantised(acc + k, how, channel + k, to), (int)smaller<int64_t>(n - k, L), to.wide);
  }
}

/** acc shifted by place, and the sum of such terms, as in docs/integer.md. */
INLINE int32_t shifted(int32_t acc, int32_t place) {
  return place >= 0 ? (int32_t)((uint32_t)acc << place) : acc >> -place;
}

}  // namespace ISA::whole
