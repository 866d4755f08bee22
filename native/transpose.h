// Transposition in tiles that pass through registers: as many rows as a vector has floats, four columns.
//
// Each lane of 128 bits transposes 4 x 4 on its own: lane g is filled from rows 4 g .. 4 g + 3, and what comes out is
// four whole vectors, one for each column.
#pragma once
#include "vec.h"

namespace ISA {

typedef float v4 __attribute__((vector_size(16)));
typedef float v4Anywhere __attribute__((vector_size(16), aligned(4), may_alias));
#if defined(__clang__)
#define SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef int32_t i4 __attribute__((vector_size(16)));
#define SHUFFLE(a, b, i, j, k, l) __builtin_shuffle(a, b, (i4){i, j, k, l})
#endif

/** y[k * yStep + j] = row(j)[k] for j, k < 4; row(j) is where row j begins. */
template <typename Row> INLINE void transposeSquare(Row&& row, float* y, int64_t yStep) {
  v4 r0 = *(const v4Anywhere*)row(0), r1 = *(const v4Anywhere*)row(1);
  v4 r2 = *(const v4Anywhere*)row(2), r3 = *(const v4Anywhere*)row(3);
  v4 a = SHUFFLE(r0, r1, 0, 4, 1, 5), b = SHUFFLE(r2, r3, 0, 4, 1, 5);
  v4 c = SHUFFLE(r0, r1, 2, 6, 3, 7), d = SHUFFLE(r2, r3, 2, 6, 3, 7);
  *(v4Anywhere*)y = SHUFFLE(a, b, 0, 1, 4, 5);
  *(v4Anywhere*)(y + yStep) = SHUFFLE(a, b, 2, 3, 6, 7);
  *(v4Anywhere*)(y + 2 * yStep) = SHUFFLE(c, d, 0, 1, 4, 5);
  *(v4Anywhere*)(y + 3 * yStep) = SHUFFLE(c, d, 2, 3, 6, 7);
}
#undef SHUFFLE

/** The same of L rows. */
#if defined(__AVX512F__) && VECTOR_BYTES == 64
template <typename Row> INLINE void transposeTile(Row&& row, float* y, int64_t yStep) {
  auto lanes = [&](int i) {
    const __m512 two = _mm512_insertf32x4(_mm512_castps128_ps512(_mm_loadu_ps(row(i))), _mm_loadu_ps(row(i + 4)), 1);
    return _mm512_insertf32x4(_mm512_insertf32x4(two, _mm_loadu_ps(row(i + 8)), 2), _mm_loadu_ps(row(i + 12)), 3);
  };
  const __m512 r0 = lanes(0), r1 = lanes(1), r2 = lanes(2), r3 = lanes(3);
  const __m512 a = _mm512_unpacklo_ps(r0, r1), b = _mm512_unpacklo_ps(r2, r3);
  const __m512 c = _mm512_unpackhi_ps(r0, r1), d = _mm512_unpackhi_ps(r2, r3);
  store(y, (vf)_mm512_shuffle_ps(a, b, 0x44));
  store(y + yStep, (vf)_mm512_shuffle_ps(a, b, 0xee));
  store(y + 2 * yStep, (vf)_mm512_shuffle_ps(c, d, 0x44));
  store(y + 3 * yStep, (vf)_mm512_shuffle_ps(c, d, 0xee));
}
#elif defined(__AVX2__) && VECTOR_BYTES == 32
template <typename Row> INLINE void transposeTile(Row&& row, float* y, int64_t yStep) {
  auto lanes = [&](int i) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(row(i))), _mm_loadu_ps(row(i + 4)), 1);
  };
  const __m256 r0 = lanes(0), r1 = lanes(1), r2 = lanes(2), r3 = lanes(3);
  const __m256 a = _mm256_unpacklo_ps(r0, r1), b = _mm256_unpacklo_ps(r2, r3);
  const __m256 c = _mm256_unpackhi_ps(r0, r1), d = _mm256_unpackhi_ps(r2, r3);
  store(y, (vf)_mm256_shuffle_ps(a, b, 0x44));
  store(y + yStep, (vf)_mm256_shuffle_ps(a, b, 0xee));
  store(y + 2 * yStep, (vf)_mm256_shuffle_ps(c, d, 0x44));
  store(y + 3 * yStep, (vf)_mm256_shuffle_ps(c, d, 0xee));
}
#else
template <typename Row> INLINE void transposeTile(Row&& row, float* y, int64_t yStep) { transposeSquare(row, y, yStep); }
#endif

/** y[k * yStep + j] = row(j)[k] for j < m, k < n. */
template <typename Row> INLINE void transposeRows(Row&& row, float* y, int64_t yStep, int64_t m, int64_t n) {
  const int64_t wholeN = n & ~(int64_t)3;
  int64_t j = 0;
  for (; j + L <= m; j += L)
    for (int64_t k = 0; k < wholeN; k += 4) transposeTile([&](int64_t i) { return row(j + i) + k; }, y + k * yStep + j, yStep);
  for (; j + 4 <= m; j += 4)
    for (int64_t k = 0; k < wholeN; k += 4) transposeSquare([&](int64_t i) { return row(j + i) + k; }, y + k * yStep + j, yStep);
  for (int64_t i = 0; i < m; i++)
    for (int64_t k = i < j ? wholeN : 0; k < n; k++) y[k * yStep + i] = row(i)[k];
}

/** y[k * yStep + j] = x[j * xStep + k] for j < m, k < n. */
INLINE void transposeBlock(const float* x, int64_t xStep, float* y, int64_t yStep, int64_t m, int64_t n) {
  transposeRows([&](int64_t j) { return x + j * xStep; }, y, yStep, m, n);
}

}  // namespace ISA
