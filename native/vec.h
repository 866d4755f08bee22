// One vector type for every instruction set. The compiler flags choose the width: VECTOR_BYTES is 64 for
// AVX-512, 32 for AVX2, 16 for SSE2, NEON and Wasm SIMD. ISA is the name of the instruction set and of the
// namespace that holds everything compiled for it, so that one program can carry several and pick at run time.
//
// Everything in these headers is `static`: a function with external linkage that two instruction sets share
// would be merged by the linker, and a processor without AVX-512 could then meet its instructions. For the
// same reason nothing here includes the C++ library.
#pragma once
#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

#ifndef VECTOR_BYTES
#define VECTOR_BYTES 16
#endif
#ifndef ISA
#define ISA baseline
#endif

namespace ISA {

typedef float vf __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int32_t vi __attribute__((vector_size(VECTOR_BYTES)));
typedef uint32_t vu __attribute__((vector_size(VECTOR_BYTES)));
/** The same vectors at any address of a float. */
typedef float vfAnywhere __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));
typedef int32_t viAnywhere __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));

/** Floats in a vector. */
constexpr int L = VECTOR_BYTES / 4;

#define INLINE static inline __attribute__((always_inline, unused))

INLINE vf load(const float* p) { return *(const vfAnywhere*)p; }
INLINE void store(float* p, vf v) { *(vfAnywhere*)p = v; }
INLINE vi loadInt(const int32_t* p) { return *(const viAnywhere*)p; }
INLINE void storeInt(int32_t* p, vi v) { *(viAnywhere*)p = v; }

/** loadPart: the first n elements (0 <= n < L), the others zero; reads nothing beyond them. storePart writes no others. */
#if defined(__AVX512F__) && VECTOR_BYTES == 64
INLINE vf loadPart(const float* p, int n) { return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }
INLINE void storePart(float* p, vf v, int n) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v); }
#elif defined(__AVX2__) && VECTOR_BYTES == 32
INLINE __m256i firstLanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE vf loadPart(const float* p, int n) { return (vf)_mm256_maskload_ps(p, firstLanes(n)); }
INLINE void storePart(float* p, vf v, int n) { _mm256_maskstore_ps(p, firstLanes(n), (__m256)v); }
#else
static __attribute__((noinline, unused)) vf loadPart(const float* p, int n) {
  alignas(VECTOR_BYTES) float v[L] = {};
  for (int i = 0; i < L && i < n; i++) v[i] = p[i];
  return *(const vf*)v;
}
static __attribute__((noinline, unused)) void storePart(float* p, vf v, int n) {
  alignas(VECTOR_BYTES) float from[L];
  *(vf*)from = v;
  for (int i = 0; i < L && i < n; i++) p[i] = from[i];
}
#endif

INLINE vf vset(float a) { return a - (vf){}; }
INLINE vi vsetInt(int32_t a) { return a - (vi){}; }

// vmax and vmin return the SECOND argument when either is NaN (as maxps does): vmax(bound, x) keeps a NaN in x.
// GCC makes a comparison and a selection out of the plain form, hence the intrinsics.
#if defined(__AVX512F__) && VECTOR_BYTES == 64
INLINE vf vmax(vf a, vf b) { return (vf)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE vf vmin(vf a, vf b) { return (vf)_mm512_min_ps((__m512)a, (__m512)b); }
#elif defined(__AVX2__) && VECTOR_BYTES == 32
INLINE vf vmax(vf a, vf b) { return (vf)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE vf vmin(vf a, vf b) { return (vf)_mm256_min_ps((__m256)a, (__m256)b); }
#elif defined(__SSE2__) && VECTOR_BYTES == 16
INLINE vf vmax(vf a, vf b) { return (vf)_mm_max_ps((__m128)a, (__m128)b); }
INLINE vf vmin(vf a, vf b) { return (vf)_mm_min_ps((__m128)a, (__m128)b); }
#elif defined(__wasm_simd128__)
INLINE vf vmax(vf a, vf b) { return (vf)wasm_f32x4_pmax((v128_t)b, (v128_t)a); }
INLINE vf vmin(vf a, vf b) { return (vf)wasm_f32x4_pmin((v128_t)b, (v128_t)a); }
#else
INLINE vf vmax(vf a, vf b) { return a > b ? a : b; }
INLINE vf vmin(vf a, vf b) { return a < b ? a : b; }
#endif
INLINE vf vabs(vf a) { return (vf)((vi)a & 0x7fffffff); }
/** Keeps NaN. */
INLINE vf vclamp(vf x, vf low, vf high) { return vmin(high, vmax(low, x)); }
/** a where mask is all ones, b where it is zero; a mask is what a comparison of vectors gives. */
INLINE vf vselect(vi mask, vf a, vf b) { return mask ? a : b; }
/** Whether any lane of a mask is set. */
#if defined(__AVX512F__) && VECTOR_BYTES == 64
INLINE bool anyLane(vi mask) { return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0; }
#elif defined(__AVX2__) && VECTOR_BYTES == 32
INLINE bool anyLane(vi mask) { return _mm256_movemask_ps((__m256)mask) != 0; }
#elif defined(__SSE2__) && VECTOR_BYTES == 16
INLINE bool anyLane(vi mask) { return _mm_movemask_ps((__m128)mask) != 0; }
#elif defined(__wasm_simd128__)
INLINE bool anyLane(vi mask) { return wasm_v128_any_true((v128_t)mask); }
#else
INLINE bool anyLane(vi mask) {
  int32_t any = 0;
  for (int i = 0; i < L; i++) any |= mask[i];
  return any != 0;
}
#endif
INLINE vf vsqrt(vf a) {
  for (int i = 0; i < L; i++) a[i] = __builtin_sqrtf(a[i]);
  return a;
}

/** Sums over the lanes: the upper half is added to the lower one, until one is left. */
#if defined(__AVX512F__) || defined(__AVX2__)
INLINE float vsum4(__m128 v) {
  v = _mm_add_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_add_ss(v, _mm_movehdup_ps(v)));
}
INLINE float vsum8(__m256 v) { return vsum4(_mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1))); }
#endif
#if defined(__AVX512F__) && VECTOR_BYTES == 64
INLINE float vsum(vf v) {
  return vsum8(_mm256_add_ps(_mm512_castps512_ps256((__m512)v), _mm512_extractf32x8_ps((__m512)v, 1)));
}
#elif defined(__AVX2__) && VECTOR_BYTES == 32
INLINE float vsum(vf v) { return vsum8((__m256)v); }
#else
INLINE float vsum(vf v) {
  float s[L];
  store(s, v);
  for (int half = L / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) s[i] += s[i + half];
  return s[0];
}
#endif

template <typename T> INLINE constexpr T smaller(T a, T b) { return a < b ? a : b; }
template <typename T> INLINE constexpr T larger(T a, T b) { return a > b ? a : b; }
INLINE int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/** Arguments arrive as doubles; buffers are addresses, 0 for null. */
INLINE float* floats(double address) { return (float*)(uintptr_t)address; }
INLINE int32_t* ints(double address) { return (int32_t*)(uintptr_t)address; }

}  // namespace ISA
