// Vectors of whole numbers and the instructions this is about: dot products of bytes and words, sums of absolute
// differences. Everything is static and in the namespace of its instruction set, as in ../vec.h.
#pragma once
#include "../vec.h"
#include "program.h"

namespace ISA::whole {

using namespace integer;

typedef int16_t vs __attribute__((vector_size(VECTOR_BYTES)));
typedef double vd __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t viHalf __attribute__((vector_size(VECTOR_BYTES / 2)));
typedef int32_t viHalfAnywhere __attribute__((vector_size(VECTOR_BYTES / 2), aligned(4), may_alias));
typedef double vdAnywhere __attribute__((vector_size(VECTOR_BYTES), aligned(8), may_alias));
typedef int16_t vsPart __attribute__((vector_size(VECTOR_BYTES / 2)));
typedef int16_t vsPartAnywhere __attribute__((vector_size(VECTOR_BYTES / 2), aligned(2), may_alias));
typedef uint8_t vbPart __attribute__((vector_size(VECTOR_BYTES / 4)));
typedef uint8_t vbPartAnywhere __attribute__((vector_size(VECTOR_BYTES / 4), aligned(1), may_alias));

typedef int32_t int32Anywhere __attribute__((aligned(1), may_alias));
typedef int64_t int64Anywhere __attribute__((aligned(1), may_alias));

INLINE void copyBytes(void* to, const void* from, int64_t bytes) { __builtin_memcpy(to, from, (size_t)bytes); }

// L bytes or words as 32-bit lanes, and lanes that fit as bytes or words. GCC makes a conversion of a whole vector of bytes
// one lane at a time, hence the instructions.
#if defined(__AVX512BW__) && VECTOR_BYTES == 64
INLINE vi widen(const uint8_t* p) { return (vi)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)p)); }
INLINE vi widen(const int16_t* p) { return (vi)_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i*)p)); }
INLINE vbPart bytesOf(vi a) { return (vbPart)_mm512_cvtepi32_epi8((__m512i)a); }
INLINE vsPart wordsOf(vi a) { return (vsPart)_mm512_cvtepi32_epi16((__m512i)a); }
#elif defined(__AVX2__) && VECTOR_BYTES == 32
INLINE vi widen(const uint8_t* p) { return (vi)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)p)); }
INLINE vi widen(const int16_t* p) { return (vi)_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i*)p)); }
INLINE __m128i wordsInOrder(vi a) {
  return _mm256_castsi256_si128(_mm256_permute4x64_epi64(_mm256_packs_epi32((__m256i)a, (__m256i)a), 0x08));
}
INLINE vbPart bytesOf(vi a) {
  return (vbPart)_mm_cvtsi128_si64(_mm_packus_epi16(wordsInOrder(a), _mm_setzero_si128()));
}
INLINE vsPart wordsOf(vi a) { return (vsPart)wordsInOrder(a); }
#elif defined(__SSE2__) && VECTOR_BYTES == 16
INLINE vi widen(const uint8_t* p) {
  const __m128i none = _mm_setzero_si128();
  return (vi)_mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(*(const int32Anywhere*)p), none), none);
}
INLINE vi widen(const int16_t* p) {
  const __m128i v = _mm_loadl_epi64((const __m128i*)p);
  return (vi)_mm_srai_epi32(_mm_unpacklo_epi16(v, v), 16);
}
INLINE vbPart bytesOf(vi a) {
  const __m128i words = _mm_packs_epi32((__m128i)a, (__m128i)a);
  return (vbPart)_mm_cvtsi128_si32(_mm_packus_epi16(words, words));
}
INLINE vsPart wordsOf(vi a) { return (vsPart)_mm_cvtsi128_si64(_mm_packs_epi32((__m128i)a, (__m128i)a)); }
#else
INLINE vi widen(const uint8_t* p) { return __builtin_convertvector(*(const vbPartAnywhere*)p, vi); }
INLINE vi widen(const int16_t* p) { return __builtin_convertvector(*(const vsPartAnywhere*)p, vi); }
INLINE vbPart bytesOf(vi a) { return __builtin_convertvector(a, vbPart); }
INLINE vsPart wordsOf(vi a) { return __builtin_convertvector(a, vsPart); }
#endif

INLINE vi magnitude(vi a) { return a < 0 ? -a : a; }
INLINE vi smallest(vi a, vi b) { return a < b ? a : b; }
INLINE vi largest(vi a, vi b) { return a > b ? a : b; }

/**
 * A way to meet inputs and weights: X is an input, G of them are met at a time, and a vector of weights holds G for each
 * of L output channels.
 */
struct BytesDot {
  typedef uint8_t X;
  static constexpr int G = 4;
#if defined(__AVX512VNNI__) && VECTOR_BYTES == 64
  static constexpr bool present = true;
  static constexpr int most = 127;
  INLINE vi meet(vi acc, vi x, vi w) { return (vi)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)x, (__m512i)w); }
#elif defined(__AVX2__) && VECTOR_BYTES == 32
  // two products are added in 16 bits, which saturate: 2 * 255 * 64 is the most that fits
  static constexpr bool present = true;
  static constexpr int most = 64;
  INLINE vi meet(vi acc, vi x, vi w) {
    const __m256i pairs = _mm256_maddubs_epi16((__m256i)x, (__m256i)w);
    return acc + (vi)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  }
#else
  static constexpr bool present = false;
  static constexpr int most = 0;
  INLINE vi meet(vi acc, vi, vi) { return acc; }
#endif
  INLINE vi all(const X* x) { return vsetInt(*(const int32Anywhere*)x); }
};

struct WordsDot {
  typedef int16_t X;
  static constexpr int G = 2;
  INLINE vi all(const X* x) { return vsetInt(*(const int32Anywhere*)x); }
#if defined(__AVX512VNNI__) && VECTOR_BYTES == 64
  INLINE vi meet(vi acc, vi x, vi w) { return (vi)_mm512_dpwssd_epi32((__m512i)acc, (__m512i)x, (__m512i)w); }
#elif defined(__AVX2__) && VECTOR_BYTES == 32
  INLINE vi meet(vi acc, vi x, vi w) { return acc + (vi)_mm256_madd_epi16((__m256i)x, (__m256i)w); }
#elif defined(__SSE2__) && VECTOR_BYTES == 16
  INLINE vi meet(vi acc, vi x, vi w) { return acc + (vi)_mm_madd_epi16((__m128i)x, (__m128i)w); }
#elif defined(__wasm_simd128__)
  INLINE vi meet(vi acc, vi x, vi w) { return acc + (vi)wasm_i32x4_dot_i16x8((v128_t)x, (v128_t)w); }
#else
  // the low and the high half of every lane
  INLINE vi meet(vi acc, vi x, vi w) { return acc + ((x << 16) >> 16) * ((w << 16) >> 16) + (x >> 16) * (w >> 16); }
#endif
};

/** -|x - w|, one at a time, in 32 bits. */
template <typename Input>
struct PlainSad {
  typedef Input X;
  static constexpr int G = 1;
  INLINE vi all(const X* x) { return vsetInt(*x); }
  INLINE vi meet(vi acc, vi x, vi w) { return acc - magnitude(x - w); }
};

/** Sums of absolute differences of eight bytes, into the lowest 16 bits of a 64-bit lane for each output channel. */
#if defined(__AVX512BW__) && VECTOR_BYTES == 64
#define BYTES_SAD 1
typedef __m512i Sums;
INLINE Sums sadOf(Sums acc, const uint8_t* x, Sums w) {
  return _mm512_adds_epu16(acc, _mm512_sad_epu8(_mm512_set1_epi64(*(const int64Anywhere*)x), w));
}
INLINE Sums noSums() { return _mm512_setzero_si512(); }
INLINE Sums addSums(Sums a, Sums b) { return _mm512_add_epi64(a, b); }
INLINE void storeNegative(int32_t* to, Sums a) {
  _mm256_storeu_si256((__m256i*)to, _mm256_sub_epi32(_mm256_setzero_si256(), _mm512_cvtepi64_epi32(a)));
}
#elif defined(__AVX2__) && VECTOR_BYTES == 32
#define BYTES_SAD 1
typedef __m256i Sums;
INLINE Sums sadOf(Sums acc, const uint8_t* x, Sums w) {
  return _mm256_add_epi64(acc, _mm256_sad_epu8(_mm256_set1_epi64x(*(const int64Anywhere*)x), w));
}
INLINE Sums noSums() { return _mm256_setzero_si256(); }
INLINE Sums addSums(Sums a, Sums b) { return _mm256_add_epi64(a, b); }
INLINE void storeNegative(int32_t* to, Sums a) {
  const __m256i low = _mm256_permutevar8x32_epi32(a, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));
  _mm_storeu_si128((__m128i*)to, _mm_sub_epi32(_mm_setzero_si128(), _mm256_castsi256_si128(low)));
}
#elif defined(__SSE2__) && VECTOR_BYTES == 16
#define BYTES_SAD 1
typedef __m128i Sums;
INLINE Sums sadOf(Sums acc, const uint8_t* x, Sums w) {
  return _mm_add_epi64(acc, _mm_sad_epu8(_mm_set1_epi64x(*(const int64Anywhere*)x), w));
}
INLINE Sums noSums() { return _mm_setzero_si128(); }
INLINE Sums addSums(Sums a, Sums b) { return _mm_add_epi64(a, b); }
INLINE void storeNegative(int32_t* to, Sums a) {
  to[0] = -_mm_cvtsi128_si32(a);
  to[1] = -_mm_cvtsi128_si32(_mm_srli_si128(a, 8));
}
#elif defined(__aarch64__)
#include <arm_neon.h>
#define BYTES_SAD 1
typedef uint64x2_t Sums;
INLINE Sums sadOf(Sums acc, const uint8_t* x, Sums w) {
  const uint8x16_t apart = vabdq_u8(vreinterpretq_u8_u64(vdupq_n_u64(*(const uint64_t __attribute__((aligned(1), may_alias))*)x)), vreinterpretq_u8_u64(w));
  return vpadalq_u32(acc, vpaddlq_u16(vpaddlq_u8(apart)));
}
INLINE Sums noSums() { return vdupq_n_u64(0); }
INLINE Sums addSums(Sums a, Sums b) { return vaddq_u64(a, b); }
INLINE void storeNegative(int32_t* to, Sums a) {
  to[0] = -(int32_t)vgetq_lane_u64(a, 0);
  to[1] = -(int32_t)vgetq_lane_u64(a, 1);
}
#elif defined(__wasm_simd128__)
#define BYTES_SAD 1
// no such instruction here: the difference is the larger less the smaller, and neighbours are added twice
typedef v128_t Sums;
INLINE Sums sadOf(Sums acc, const uint8_t* x, Sums w) {
  const v128_t a = wasm_v128_load64_splat(x);
  const v128_t apart = wasm_i8x16_sub(wasm_u8x16_max(a, w), wasm_u8x16_min(a, w));
  return wasm_i32x4_add(acc, wasm_u32x4_extadd_pairwise_u16x8(wasm_u16x8_extadd_pairwise_u8x16(apart)));
}
INLINE Sums noSums() { return wasm_i32x4_const_splat(0); }
INLINE Sums addSums(Sums a, Sums b) { return wasm_i32x4_add(a, b); }
INLINE void storeNegative(int32_t* to, Sums a) {
  to[0] = -(wasm_i32x4_extract_lane(a, 0) + wasm_i32x4_extract_lane(a, 1));
  to[1] = -(wasm_i32x4_extract_lane(a, 2) + wasm_i32x4_extract_lane(a, 3));
}
#else
#define BYTES_SAD 0
#endif
/** Whether rowssad.h has the instructions it is about. */
#if defined(__AVX512BW__) && VECTOR_BYTES == 64
#define ROWS_SAD 1
#else
#define ROWS_SAD 0
#endif
#if BYTES_SAD
/** Output channels of a vector. */
constexpr int sadLanes = VECTOR_BYTES / 8;
/** Sums of eight bytes that 16 bits hold: 32 * 8 * 255 < 2^16. Wider sums do no harm where they are not saturated. */
constexpr int sadRun = 32;
#endif

}  // namespace ISA::whole
