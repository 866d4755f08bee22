// The innermost loops, shared by multiplication, addition and the adder's clipped gradient.
//
//              columns, V vectors wide                 a tile of M x V accumulators lives in registers;
//            b[k][0 .. V*L)   (packed panel)           every step k adds
//   a[0][k]  +--------------------------+                multiply:   a * b
//   a[1][k]  |   acc[M][V]              |                difference: |a - b|
//     ...    +--------------------------+                clipped:    clamp(b - x, -1, 1) * a
//
// Two of them have a form with fewer instructions, whose result is taken where its error stays bounded (see `holds`
// and `within`); tiles where it does not are computed again in the plain form, which is the definition.
//
//   maximum   sum |a - b|              = 2 sum max(a, b) - sum a - sum b
//   between   sum clamp(b - x, +-1) a  = sum clamp(b, x - 1, x + 1) a - x sum a
//
// `tile` runs along rows of a that lie contiguous in k; a row may be cut into segments at different places (the
// taps of a window), so that a convolution reads its image where it lies. `outerTile` takes a with k outermost:
// the weight gradient, and products with a transposed.
#pragma once
#include "transpose.h"

namespace ISA::heavy {

enum Operation { multiply, difference, clipped, maximum, between };

/** The plain form of an operation. */
constexpr Operation exactOf(Operation op) { return op == maximum ? difference : op == between ? clipped : op; }
constexpr bool meetsX(Operation op) { return exactOf(op) == clipped; }
/** Whether an operation needs the sums of its rows. */
constexpr bool needsSums(Operation op) { return op != exactOf(op); }


// Widest tile in vectors, and rows for a tile of v vectors: as many accumulators as registers allow, and pointers to
// rows as the other registers do.
#if VECTOR_BYTES == 64 || (VECTOR_BYTES == 16 && defined(__aarch64__))  // 32 registers
constexpr int vectorsOf(Operation op) { return meetsX(op) ? 2 : 4; }
constexpr int rowsOf(Operation op, int v) {
  if (op == between) return v == 2 ? 4 : 8;
  if (op == clipped) return v == 2 ? 6 : 8;
  return v == 4 ? 6 : v == 2 ? 10 : 8;
}
#else  // 16 registers
constexpr int vectorsOf(Operation op) { return meetsX(op) ? 1 : 2; }
constexpr int rowsOf(Operation op, int v) {
  if (meetsX(op)) return 4;
  if (op == multiply) return v == 2 ? 6 : 8;
  return v == 2 ? (op == maximum ? 5 : 4) : 8;
}
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

/** Vector j of a row of which `columns` floats exist. */
INLINE vf columnsOf(const float* row, int j, int columns) {
  const int left = columns - j * L;
  return left >= L ? load(row + j * L) : left > 0 ? loadPart(row + j * L, left) : (vf){};
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

template <Operation op> INLINE vf step(vf acc, vf a, vf b, vf one, vf x, vf high) {
  if (op == multiply) return acc + a * b;
  if (op == difference) return acc + vabs(a - b) * one;
  if (op == maximum) return acc + vmax(a, b) * one;
  if (op == clipped) return acc + vclamp(b - x, vset(-1), vset(1)) * a;
  return acc + vclamp(b, x, high) * a;
}

struct Rows {
  const float* const* a;  // [segments][stride]: where each row's segment begins
  int64_t stride;
  int64_t segments;
  int64_t length;         // of a segment; segments * length = k
  const float* const* x;  // clipped only: rows of x, at the columns of y
  const float* b;         // [k][V * L]
  // Where the operation needs sums over k: of each row and of its absolute values, and the same of each column.
  const float* rowSum;
  const float* rowSize;
  const float* columnSum;
  const float* columnSize;
};

/** Whether sums of this size are far from overflow, and not NaN. */
INLINE vi moderate(vf size) { return (vi)(size <= vset(1e37f)); }

/**
 * Whether the result `y` of the maximum form may stand. Its error is at most 3 k u (sum |a| + sum |b|) with u = 2^-24,
 * that of the plain form (k + 1) u y; so where y is no smaller than a quarter of the sizes, the relative error is at
 * most 12 k u. A large common offset, where the sums cancel, fails this, and so does anything infinite or NaN.
 */
INLINE vi holds(vf y, vf size) { return (vi)(y * vset(4) >= size) & moderate(size); }

/** Largest |x| for which the between form may be used: its error is at most 3 k u (|x| + 1) sum |a|. */
constexpr float farthest = 8;
INLINE vi within(vf x) { return (vi)(vabs(x) <= vset(farthest)); }

/** Whether all lanes of a mask are set. */
INLINE bool all(vi mask) {
  int32_t every = -1;
  for (int i = 0; i < L; i++) every &= mask[i];
  return every != 0;
}

/** False, with nothing written, where the form does not hold. */
template <Operation op, int M, int V> static __attribute__((noinline)) bool tile(const Rows& rows, const Write& write) {
  vf acc[M][V], x[M][V], high[M][V];
  vi good = vsetInt(-1);
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) {
      acc[i][j] = x[i][j] = high[i][j] = (vf){};
      if (meetsX(op)) x[i][j] = columnsOf(rows.x[i] + write.offset, j, write.columns);
      if (op == between) {
        good &= within(x[i][j]) & moderate(vset(rows.rowSize[i]));
        high[i][j] = x[i][j] + vset(1);
        x[i][j] -= vset(1);
      }
    }
  if (op == between && !all(good)) return false;
  const float* b = rows.b;
  const vf one = hiddenOne();
  for (int64_t s = 0; s < rows.segments; s++) {
    const float* a[M];
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) a[i] = rows.a[s * rows.stride + i];
#pragma GCC unroll 4  // the additions of maxima are bound by instructions a cycle, the loop's own among them
    for (int64_t k = 0; k < rows.length; k++, b += V * L) {
      vf column[V];
#pragma GCC unroll 4
      for (int j = 0; j < V; j++) column[j] = *(const vf*)(b + j * L);
#pragma GCC unroll 16
      for (int i = 0; i < M; i++) {
        vf value = vset(a[i][k]);
#pragma GCC unroll 4
        for (int j = 0; j < V; j++) acc[i][j] = step<op>(acc[i][j], value, column[j], one, x[i][j], high[i][j]);
      }
    }
  }
  if (needsSums(op)) {
#pragma GCC unroll 16
    for (int i = 0; i < M; i++)
#pragma GCC unroll 4
      for (int j = 0; j < V; j++) {
        const vf sum = vset(rows.rowSum[i]);
        if (op == maximum) {
          acc[i][j] = acc[i][j] + acc[i][j] - sum - load(rows.columnSum + j * L);
          good &= holds(acc[i][j], vset(rows.rowSize[i]) + load(rows.columnSize + j * L));
        } else {
          acc[i][j] -= columnsOf(rows.x[i] + write.offset, j, write.columns) * sum;
        }
      }
    if (op == maximum && !all(good)) return false;
  }
  writeTile(acc, write);
  return true;
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

template <Operation op, int V, int M> static bool someRows(int m, const Rows& rows, const Write& write) {
  if (m == M) return tile<op, M, V>(rows, write);
  if constexpr (M > 1) return someRows<op, V, M - 1>(m, rows, write);
  return true;
}

template <Operation op, int V> static void panelOf(int64_t m, Rows rows, Write write) {
  constexpr int M = rowsOf(op, V);
  while (m > 0) {
    const int take = rowsNow(m, M);
    const bool held = take == M ? tile<op, M, V>(rows, write) : someRows<op, V, smaller(M, smallTile)>(take, rows, write);
    if constexpr (needsSums(op))
      if (!held) panelOf<exactOf(op), V>(take, rows, write);
    m -= take;
    rows.a += take;
    if constexpr (meetsX(op)) rows.x += take;
    if constexpr (needsSums(op)) {
      rows.rowSum += take;
      rows.rowSize += take;
    }
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
 * How n columns are cut into panels: as few as the registers allow, of about one width. A packed panel is
 * [k][vectors * L], padded with zeros, and begins at a multiple of 64 bytes.
 */
template <Operation op> struct Panels {
  int64_t n, width;
  explicit Panels(int64_t n_) : n(n_) {
    const int64_t all = larger<int64_t>(1, ceilDiv(n, L));
    width = ceilDiv(all, ceilDiv(all, vectorsOf(op))) * L;
  }
  int64_t count() const { return ceilDiv(n, width); }
  int columns(int64_t p) const { return (int)smaller<int64_t>(width, n - p * width); }
  int vectors(int64_t p) const { return (columns(p) + L - 1) / L; }
  /** Floats before panel p when k rows are packed. */
  int64_t offset(int64_t p, int64_t k) const { return p * (ceilDiv(width * k, 16) * 16); }
  int64_t size(int64_t k) const { return offset(count(), k); }
  /** Columns with the padding of the last panel. */
  int64_t padded() const { return count() * width; }
};

/** Sums of a packed panel's columns, and of their absolute values. */
static void columnSumsOf(const float* panel, int64_t k, int stride, float* sum, float* size) {
  for (int j = 0; j < stride; j += L) {
    vf s = {}, t = {};
    for (int64_t i = 0; i < k; i++) {
      const vf v = load(panel + i * stride + j);
      s += v;
      t += vabs(v);
    }
    store(sum + j, s);
    store(size + j, t);
  }
}

/** The same of `count` rows cut into segments: row q is in[segment * stride + q], `length` floats each. */
static void rowSumsOf(const float* const* in, int64_t stride, int64_t segments, int64_t length, int64_t count, float* sum,
                      float* size) {
  for (int64_t q = 0; q < count; q++) {
    vf s = {}, t = {};
    float lastSum = 0, lastSize = 0;
    for (int64_t segment = 0; segment < segments; segment++) {
      const float* p = in[segment * stride + q];
      int64_t i = 0;
      for (; i + L <= length; i += L) {
        const vf v = load(p + i);
        s += v;
        t += vabs(v);
      }
      for (; i < length; i++) {
        lastSum += p[i];
        lastSize += __builtin_fabsf(p[i]);
      }
    }
    sum[q] = vsum(s) + lastSum;
    size[q] = vsum(t) + lastSize;
  }
}

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
  transposeBlock(source, ld, panel, stride, columns, k);
  if (columns == stride) return;
  for (int64_t i = 0; i < k; i++)
    for (int j = columns; j < stride; j++) panel[i * stride + j] = 0;
}

}  // namespace ISA::heavy
