// The innermost loops, shared by multiplication, addition and the adder's clipped gradient.
//
//              columns, V vectors wide                 a tile of M x V accumulators lives in registers;
//            b[k][0 .. V*L)   (packed panel)           every step k adds
//   a[0][k]  +--------------------------+                multiply:   a * b
//   a[1][k]  |   acc[M][V]              |                difference: |a - b|
//     ...    +--------------------------+                clipped:    clamp(b - x, -1, 1) * a
//
// `tile` runs along rows of a that lie contiguous in k; a row may be cut into segments at different places (the
// taps of a window), so that a convolution reads its image where it lies. `outerTile` takes a with k outermost:
// the weight gradient, and products with a transposed.
#pragma once
#include "vec.h"

namespace ISA::heavy {

enum Operation { multiply, difference, clipped };

// Widest tile in vectors, and rows for a tile of v vectors: as many accumulators as registers allow.
#if VECTOR_BYTES == 64 || (VECTOR_BYTES == 16 && defined(__aarch64__))  // 32 registers
constexpr int vectorsOf(Operation op) { return op == clipped ? 2 : 4; }
constexpr int rowsOf(Operation op, int v) {
  return op == clipped ? (v == 2 ? 6 : 8) : v == 4 ? 6 : v == 3 ? 8 : 12;
}
#else  // 16 registers
constexpr int vectorsOf(Operation op) { return op == clipped ? 1 : 2; }
constexpr int rowsOf(Operation op, int v) { return op == clipped ? 4 : op == difference ? (v == 2 ? 4 : 8) : v == 2 ? 6 : 8; }
#endif

/** Where a tile's result goes: y = alpha * acc (+ y), row by row. */
struct Write {
  float* const* y;  // rows
  int64_t offset;   // of the tile's first column
  int columns;      // of the tile that exist; the panel is padded to whole vectors
  float alpha;
  bool accumulate;
};

template <int M, int V> INLINE void writeTile(const vf (&acc)[M][V], const Write& w) {
  vf alpha = vset(w.alpha);
  if (w.columns == V * L) {
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
      float* y = w.y[i] + w.offset;
#pragma GCC unroll 4
      for (int j = 0; j < V; j++) {
        vf v = alpha * acc[i][j];
        if (w.accumulate) v += load(y + j * L);
        store(y + j * L, v);
      }
    }
    return;
  }
#pragma GCC unroll 16
  for (int i = 0; i < M; i++) {  // unrolled, or the accumulators would live in memory throughout
    float* y = w.y[i] + w.offset;
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) {
      const int left = w.columns - j * L;
      vf v = alpha * acc[i][j];
      if (left >= L)
        store(y + j * L, w.accumulate ? v + load(y + j * L) : v);
      else if (left > 0)
        storePart(y + j * L, w.accumulate ? v + loadPart(y + j * L, left) : v, left);
    }
  }
}

/**
 * A one that the compiler cannot see through. acc + |a - b| as |a - b| * 1 + acc gives the same bits, but puts one of
 * the two additions on the units for multiply-add, which processors with units of their own for additions leave idle.
 */
INLINE vf hiddenOne() {
  vf one = vset(1);
#if defined(__FMA__) && (VECTOR_BYTES == 32 || (VECTOR_BYTES == 64 && defined(__AVX512F__)))
  __asm__("" : "+v"(one));
#endif
  return one;
}

template <Operation op> INLINE vf step(vf acc, vf a, vf b, vf x, vf one) {
  if (op == multiply) return acc + a * b;
  if (op == difference) return acc + vabs(a - b) * one;
  return acc + vclamp(b - x, vset(-1), vset(1)) * a;
}

struct Rows {
  const float* const* a;  // [segments][stride]: where each row's segment begins
  int64_t stride;
  int64_t segments;
  int64_t length;         // of a segment; segments * length = k
  const float* const* x;  // clipped only: rows of x, at the columns of y
  const float* b;         // [k][V * L]
};

template <Operation op, int M, int V> static __attribute__((noinline)) void tile(const Rows& rows, const Write& write) {
  vf acc[M][V], x[M][V];
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) {
      acc[i][j] = (vf){};
      x[i][j] = (vf){};
      if (op == clipped) {
        int left = write.columns - j * L;
        const float* p = rows.x[i] + write.offset + j * L;
        x[i][j] = left >= L ? load(p) : loadPart(p, left);
      }
    }
  const float* b = rows.b;
  const vf one = hiddenOne();
  for (int64_t s = 0; s < rows.segments; s++) {
    const float* a[M];
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) a[i] = rows.a[s * rows.stride + i];
    for (int64_t k = 0; k < rows.length; k++, b += V * L) {
      vf column[V];
#pragma GCC unroll 4
      for (int j = 0; j < V; j++) column[j] = *(const vf*)(b + j * L);
#pragma GCC unroll 16
      for (int i = 0; i < M; i++) {
        vf value = vset(a[i][k]);
#pragma GCC unroll 4
        for (int j = 0; j < V; j++) acc[i][j] = step<op>(acc[i][j], value, column[j], x[i][j], one);
      }
    }
  }
  writeTile(acc, write);
}

/** As tile<multiply>, with a[k] pointing to row k of the transposed matrix and b read in place, rows ldb apart. */
template <int M, int V>
static __attribute__((noinline)) void outerTile(const float* const* a, int64_t first, int64_t length, const float* b, int64_t ldb, const Write& write) {
  vf acc[M][V];
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) acc[i][j] = (vf){};
  for (int64_t k = 0; k < length; k++, b += ldb) {
    const float* p = a[k] + first;
    vf column[V];
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) column[j] = load(b + j * L);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
      vf value = vset(p[i]);
#pragma GCC unroll 4
      for (int j = 0; j < V; j++) acc[i][j] += value * column[j];
    }
  }
  writeTile(acc, write);
}

// A run of rows through one panel: whole tiles, then the rows that are left. A small tile waits for its own sums,
// so what is a little more than one tile is halved. Beside the whole tile there are tiles of 1 to `smallTile` rows.

constexpr int smallTile = 6;

INLINE int rowsNow(int64_t left, int most) {
  const int64_t half = (left + 1) / 2;
  if (left > most) return left < 2 * most && half <= smallTile ? (int)half : most;
  return (int)(left == most || left <= smallTile ? left : half);
}

template <Operation op, int V, int M> static void someRows(int m, const Rows& rows, const Write& write) {
  if (m == M) return tile<op, M, V>(rows, write);
  if constexpr (M > 1) someRows<op, V, M - 1>(m, rows, write);
}

template <Operation op, int V> static void panelOf(int64_t m, Rows rows, Write write) {
  constexpr int M = rowsOf(op, V);
  while (m > 0) {
    const int take = rowsNow(m, M);
    if (take == M)
      tile<op, M, V>(rows, write);
    else
      someRows<op, V, smaller(M, smallTile)>(take, rows, write);
    m -= take;
    rows.a += take;
    rows.x += take;
    write.y += take;
  }
}

/** All m rows through the panel of `vectors` vectors. */
template <Operation op> static void panel(int vectors, int64_t m, const Rows& rows, const Write& write) {
  if (vectors == 1) return panelOf<op, 1>(m, rows, write);
  if constexpr (vectorsOf(op) >= 2)
    if (vectors == 2) return panelOf<op, 2>(m, rows, write);
  if constexpr (vectorsOf(op) >= 4) {
    if (vectors == 3) return panelOf<op, 3>(m, rows, write);
    if (vectors == 4) return panelOf<op, 4>(m, rows, write);
  }
}

template <int V, int M>
static void someOuter(int m, const float* const* a, int64_t first, int64_t k, const float* b, int64_t ldb, const Write& write) {
  if (m == M) return outerTile<M, V>(a, first, k, b, ldb, write);
  if constexpr (M > 1) someOuter<V, M - 1>(m, a, first, k, b, ldb, write);
}

template <int V>
static void outerPanelOf(int64_t m, const float* const* a, int64_t first, int64_t k, const float* b, int64_t ldb, Write write) {
  constexpr int M = rowsOf(multiply, V);
  while (m > 0) {
    const int take = rowsNow(m, M);
    if (take == M)
      outerTile<M, V>(a, first, k, b, ldb, write);
    else
      someOuter<V, smaller(M, smallTile)>(take, a, first, k, b, ldb, write);
    m -= take;
    first += take;
    write.y += take;
  }
}

/** m rows, which are the columns first .. first + m of a. */
static void outerPanel(int vectors, int64_t m, const float* const* a, int64_t first, int64_t k, const float* b, int64_t ldb,
                       const Write& write) {
  if (vectors == 1) return outerPanelOf<1>(m, a, first, k, b, ldb, write);
  if (vectors == 2) return outerPanelOf<2>(m, a, first, k, b, ldb, write);
  if constexpr (vectorsOf(multiply) >= 4) {
    if (vectors == 3) return outerPanelOf<3>(m, a, first, k, b, ldb, write);
    if (vectors == 4) return outerPanelOf<4>(m, a, first, k, b, ldb, write);
  }
}

// ---- packed panels --------------------------------------------------------------------------------------

/**
 * How n columns are cut into panels: as wide as the registers allow, the last one narrower. A packed panel is
 * [k][vectors * L], padded with zeros, and begins at a multiple of 64 bytes.
 */
template <Operation op> struct Panels {
  static constexpr int width = vectorsOf(op) * L;
  int64_t n;
  int64_t count() const { return ceilDiv(n, width); }
  int columns(int64_t p) const { return (int)smaller<int64_t>(width, n - p * width); }
  int vectors(int64_t p) const { return (columns(p) + L - 1) / L; }
  /** Floats before panel p when k rows are packed. */
  static int64_t offset(int64_t p, int64_t k) { return p * (ceilDiv(width * k, 16) * 16); }
  int64_t size(int64_t k) const { return offset(count(), k); }
};

/** Rows of the panel: `columns` values of each of k rows `ld` apart, padded to `stride`. */
static void packRows(const float* source, int64_t ld, int64_t k, int columns, int stride, float* panel) {
  for (int64_t i = 0; i < k; i++, source += ld, panel += stride) {
    int j = 0;
    for (; j + L <= columns; j += L) store(panel + j, load(source + j));
    for (; j < columns; j++) panel[j] = source[j];
    for (; j < stride; j++) panel[j] = 0;
  }
}

/** The same from the transposed matrix: column j of the panel is contiguous at source + j * ld. */
static void packColumns(const float* source, int64_t ld, int64_t k, int columns, int stride, float* panel) {
  constexpr int64_t block = 16;
  for (int64_t i0 = 0; i0 < k; i0 += block) {
    int64_t i1 = smaller(k, i0 + block);
    for (int j = 0; j < columns; j++) {
      const float* s = source + j * ld;
      float* d = panel + j;
      for (int64_t i = i0; i < i1; i++) d[i * stride] = s[i];
    }
    for (int j = columns; j < stride; j++)
      for (int64_t i = i0; i < i1; i++) panel[i * stride + j] = 0;
  }
}

}  // namespace ISA::heavy
