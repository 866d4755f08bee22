// Products of few rows with a large matrix, as a step of decoding has them: the matrix is read once, where it lies.
// Packing it first would cost more than the product does.
//
//   b transposed, [n, k]   each result is a sum along two rows: lanes are k, L sums at a time are added up as a tree
//   b as it is, [k, n]     lanes are columns: bands of b that are a few rows high go by, and y collects what they add
#pragma once
#include "product.h"

namespace ISA::heavy {

/** y (+)= alpha * op(a) op(b), `batch` of them; see the contract's MatmulShape. */
struct Product {
  int64_t batch, m, n, k;
  bool transposeA, transposeB;
  float alpha;
  bool accumulate;
};

#if defined(__clang__)
#define PAIR(a, b, ...) (vf) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define PAIR(a, b, ...) (vf) __builtin_shuffle(a, b, (vi){__VA_ARGS__})
#endif

/** sums of L vectors: lane i of the result is the sum over the lanes of v[i]. */
INLINE vf sumsOf(vf (&v)[L]) {
#if VECTOR_BYTES == 64
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++)
    v[i] = PAIR(v[2 * i], v[2 * i + 1], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
           PAIR(v[2 * i], v[2 * i + 1], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++)
    v[i] = PAIR(v[2 * i], v[2 * i + 1], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
           PAIR(v[2 * i], v[2 * i + 1], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++)
    v[i] = PAIR(v[2 * i], v[2 * i + 1], 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29) +
           PAIR(v[2 * i], v[2 * i + 1], 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31);
  return PAIR(v[0], v[1], 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +
         PAIR(v[0], v[1], 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
#elif VECTOR_BYTES == 32
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++)
    v[i] = PAIR(v[2 * i], v[2 * i + 1], 0, 1, 2, 3, 8, 9, 10, 11) + PAIR(v[2 * i], v[2 * i + 1], 4, 5, 6, 7, 12, 13, 14, 15);
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++)
    v[i] = PAIR(v[2 * i], v[2 * i + 1], 0, 1, 4, 5, 8, 9, 12, 13) + PAIR(v[2 * i], v[2 * i + 1], 2, 3, 6, 7, 10, 11, 14, 15);
  return PAIR(v[0], v[1], 0, 2, 4, 6, 8, 10, 12, 14) + PAIR(v[0], v[1], 1, 3, 5, 7, 9, 11, 13, 15);
#else
  const vf low = PAIR(v[0], v[1], 0, 1, 4, 5) + PAIR(v[0], v[1], 2, 3, 6, 7);
  const vf high = PAIR(v[2], v[3], 0, 1, 4, 5) + PAIR(v[2], v[3], 2, 3, 6, 7);
  return PAIR(low, high, 0, 2, 4, 6) + PAIR(low, high, 1, 3, 5, 7);
#endif
}
#undef PAIR

// A tile of sums along rows: so many rows of a by so many of b, as many as a vector has lanes, or twice as many.
constexpr int dotColumns = 4;
constexpr int dotRows = VECTOR_BYTES == 64 ? 4 : 2;
constexpr int dotVectors = dotRows * dotColumns / L;

/** out[i * dotColumns + j] = sum over k of a[i][k] * b[j][k]; meanwhile dotColumns * k floats from `ahead` on are fetched. */
static __attribute__((noinline)) void dotTile(const float* const* a, const float* const* b, int64_t k, const float* ahead, float* out) {
  vf acc[dotVectors][L];
#pragma GCC unroll 2
  for (int v = 0; v < dotVectors; v++)
#pragma GCC unroll 16
    for (int i = 0; i < L; i++) acc[v][i] = (vf){};
  auto step = [&](auto&& from, int64_t at) __attribute__((always_inline)) {
    vf row[dotRows];
#pragma GCC unroll 4
    for (int i = 0; i < dotRows; i++) row[i] = from(a[i] + at);
#pragma GCC unroll 4
    for (int j = 0; j < dotColumns; j++) {
      const vf column = from(b[j] + at);
#pragma GCC unroll 4
      for (int i = 0; i < dotRows; i++) acc[(i * dotColumns + j) / L][(i * dotColumns + j) % L] += row[i] * column;
    }
  };
  int64_t at = 0;
  for (; at + L <= k; at += L) {
    for (int q = 0; q < dotColumns * L; q += 16) __builtin_prefetch(ahead + at * dotColumns + q);
    step([](const float* p) __attribute__((always_inline)) { return load(p); }, at);
  }
  const int left = (int)(k - at);
  if (left > 0) step([&](const float* p) __attribute__((always_inline)) { return loadPart(p, left); }, at);
#pragma GCC unroll 2
  for (int v = 0; v < dotVectors; v++) store(out + v * L, sumsOf(acc[v]));
}

/** Columns from .. to of y [m, n], of which column j is a sum along row j of b. */
static void dotPart(const float* a, const float* b, float* y, const Product& s, int64_t from, int64_t to) {
  const float *rows[dotRows], *columns[dotColumns];
  float out[dotRows * dotColumns];
  for (int64_t j = from; j < to; j += dotColumns) {
    for (int q = 0; q < dotColumns; q++) columns[q] = b + smaller(j + q, to - 1) * s.k;
    const int wide = (int)smaller<int64_t>(dotColumns, to - j);
    for (int64_t i = 0; i < s.m; i += dotRows) {
      for (int q = 0; q < dotRows; q++) rows[q] = a + smaller(i + q, s.m - 1) * s.k;
      // the next rows of b while the first of a pass, then those that are there anyway
      dotTile(rows, columns, s.k, i == 0 && j + 2 * dotColumns <= to ? columns[0] + dotColumns * s.k : columns[0], out);
      for (int64_t p = 0; p < smaller<int64_t>(dotRows, s.m - i); p++) {
        float* to = y + (i + p) * s.n + j;
        for (int q = 0; q < wide; q++) to[q] = s.alpha * out[p * dotColumns + q] + (s.accumulate ? to[q] : 0);
      }
    }
  }
}

/** As tile<multiply>, with b read in place, rows ldb apart. */
template <int M, int V, bool whole>
static __attribute__((noinline)) void bandTile(const float* const* a, int64_t length, const float* b, int64_t ldb, const Write& write) {
  vf acc[M][V];
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) acc[i][j] = (vf){};
  for (int64_t k = 0; k < length; k++, b += ldb) {
    vf column[V];
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) column[j] = whole ? load(b + j * L) : loadPart(b, write.columns);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
      vf value = vset(a[i][k]);
#pragma GCC unroll 4
      for (int j = 0; j < V; j++) acc[i][j] += value * column[j];
    }
  }
  writeTile(acc, write);
}

template <int V, bool whole, int M>
static void bandRows(int m, const float* const* a, int64_t length, const float* b, int64_t ldb, const Write& write) {
  if (m == M) return bandTile<M, V, whole>(a, length, b, ldb, write);
  if constexpr (M > 1) bandRows<V, whole, M - 1>(m, a, length, b, ldb, write);
}

constexpr int64_t bandHeight = 32;

/** Columns from .. to of y [m, n], band by band. */
static void bandPart(const float* a, const float* b, float* y, const Product& s, int64_t from, int64_t to) {
  constexpr int V = vectorsOf(multiply), M = rowsOf(multiply, V);
  const float* in[M];
  float* out[M];
  for (int64_t k = 0; k < s.k; k += bandHeight) {
    const int64_t length = smaller(bandHeight, s.k - k);
    for (int64_t j = from; j < to;) {
      const int columns = (int)smaller<int64_t>(to - j >= V * L ? V * L : L, to - j);
      const float* corner = b + k * s.n + j;
      for (int64_t i = 0; i < s.m;) {
        const int take = rowsNow(s.m - i, M);
        for (int q = 0; q < take; q++) {
          in[q] = a + (i + q) * s.k + k;
          out[q] = y + (i + q) * s.n;
        }
        const Write write = {out, j, columns, s.alpha, s.accumulate || k > 0};
        if (columns == V * L)
          bandRows<V, true, M>(take, in, length, corner, s.n, write);
        else if (columns == L)
          bandRows<1, true, M>(take, in, length, corner, s.n, write);
        else
          bandRows<1, false, M>(take, in, length, corner, s.n, write);
        i += take;
      }
      j += columns;
    }
  }
}

/** With more rows, packing the matrix pays. */
constexpr int64_t fewRows = 32;

/** Whether the product was computed here. */
static bool fewRowsProduct(const float* a, const float* b, float* y, const Product& s) {
  if (s.batch != 1 || s.transposeA || s.m > fewRows || s.n < 2 * L || s.k < 2 * L) return false;
  const int64_t unit = vectorsOf(multiply) * L, all = ceilDiv(s.n, unit);
  const int64_t tasks = worthTasks(s.m * s.n * s.k, smaller(wantedTasks, all));
  parallelFor(tasks, [&](int64_t task) {
    const int64_t from = task * all / tasks * unit, to = smaller(s.n, (task + 1) * all / tasks * unit);
    if (s.transposeB)
      dotPart(a, b, y, s, from, to);
    else
      bandPart(a, b, y, s, from, to);
  });
  return true;
}

}  // namespace ISA::heavy
