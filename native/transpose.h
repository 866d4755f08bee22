// Transposition in tiles of 4 x 4 that pass through registers.
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
template <typename Row> INLINE void transposeTile(Row&& row, float* y, int64_t yStep) {
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

/** y[k * yStep + j] = row(j)[k] for j < m, k < n. */
template <typename Row> INLINE void transposeRows(Row&& row, float* y, int64_t yStep, int64_t m, int64_t n) {
  int64_t wholeM = m & ~(int64_t)3, wholeN = n & ~(int64_t)3;
  for (int64_t j = 0; j < wholeM; j += 4)
    for (int64_t k = 0; k < wholeN; k += 4) transposeTile([&](int64_t i) { return row(j + i) + k; }, y + k * yStep + j, yStep);
  for (int64_t j = 0; j < m; j++)
    for (int64_t k = j < wholeM ? wholeN : 0; k < n; k++) y[k * yStep + j] = row(j)[k];
}

/** y[k * yStep + j] = x[j * xStep + k] for j < m, k < n. */
INLINE void transposeBlock(const float* x, int64_t xStep, float* y, int64_t yStep, int64_t m, int64_t n) {
  transposeRows([&](int64_t j) { return x + j * xStep; }, y, yStep, m, n);
}

}  // namespace ISA
