// A filter along sentences, the same for all channels of a head: lightweight convolution and its adder form.
//
// Lanes are channels; a tile of results, some rows by some vectors, lives in registers while the taps go by. Rows are
// met through a list of pointers, in which what lies outside of the sentence is a row of zeros. The gradient of the
// input is the same walk over dy, with the taps in reverse:
//
//   forward          y[i]  = sum over r of  x[i - left + r]  op  w[r]
//   input gradient   dx[p] = sum over r of dy[p - (k - 1 - left) + r] op w[k - 1 - r]
#pragma once
#include "light_ranges.h"
#include "tile.h"
#include "window.h"

namespace ISA::heavy {

/** The contract's FilterShape. */
struct Filter {
  int64_t n, t, e, c, k, heads, left;
  int64_t channels() const { return c / heads; }
  /** As the input gradient sees it: rows of dy go in, rows of dx come out. */
  Filter backward() const { return {n, e, t, c, k, heads, k - 1 - left}; }
};

INLINE Filter filterOf(const double* a) {
  return {(int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3], (int64_t)a[4], (int64_t)a[5], (int64_t)a[6]};
}

/** rows[i + r] is what tap r of output row i reads; zeros outside. */
static void listRows(const Filter& s, const float* x, const float* zeros, const float** rows) {
  for (int64_t i = 0; i < s.e + s.k - 1; i++) {
    const int64_t row = i - s.left;
    rows[i] = row >= 0 && row < s.t ? x + row * s.c : zeros;
  }
}

// Rows and vectors of a tile: all its sums, and the values of x where the clipped gradient meets them, are registers.
constexpr int filterVectors = vectorsOf(multiply);
constexpr int filterRows(Operation op) { return meetsX(op) ? 2 : filterVectors == 4 ? 4 : 3; }

/** Where a tile begins: rows of the list, of the result, and of x, all at the tile's first channel. */
struct FilterTile {
  const float* const* rows;
  int64_t offset;
  const float* taps;
  int64_t k;
  float* y;
  const float* x;
  int64_t c;
};

template <Operation op, int R, int V, typename At> INLINE void filterTile(const FilterTile& tile, At at) {
  vf acc[R][V], x[R][V];
#pragma GCC unroll 4
  for (int i = 0; i < R; i++)
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) {
      acc[i][j] = (vf){};
      x[i][j] = meetsX(op) ? at.get(tile.x + i * tile.c + j * L) : (vf){};
    }
  const vf one = hiddenOne();
  for (int64_t r = 0; r < tile.k; r++) {
    const vf tap = vset(tile.taps[r]);
#pragma GCC unroll 4
    for (int i = 0; i < R; i++) {
      const float* row = tile.rows[i + r] + tile.offset;
#pragma GCC unroll 4
      for (int j = 0; j < V; j++) acc[i][j] = step<op>(acc[i][j], at.get(row + j * L), tap, one, x[i][j], (vf){});
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < R; i++)
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) at.put(tile.y + i * tile.c + j * L, op == difference ? -acc[i][j] : acc[i][j]);
}

/** R rows of one head: whole tiles, then vectors, then what is left of one. */
template <Operation op, int R> static __attribute__((noinline)) void filterStrip(FilterTile tile, int64_t channels) {
  int64_t j = 0;
  auto on = [&](int64_t columns) __attribute__((always_inline)) {
    tile.offset += columns;
    tile.y += columns;
    if (meetsX(op)) tile.x += columns;
    j += columns;
  };
  for (; j + filterVectors * L <= channels; on(filterVectors * L)) filterTile<op, R, filterVectors>(tile, Full{});
  for (; j + L <= channels; on(L)) filterTile<op, R, 1>(tile, Full{});
  if (j < channels) filterTile<op, R, 1>(tile, Part{(int)(channels - j)});
}

/** R rows of a sentence from row i on, all heads. */
template <Operation op, int R>
static void filterHeads(const Filter& s, const float* const* rows, const float* taps, float* y, const float* x, int64_t i) {
  for (int64_t h = 0; h < s.heads; h++) {
    const int64_t start = h * s.channels(), at = i * s.c + start;
    filterStrip<op, R>({rows + i, start, taps + h * s.k, s.k, y + at, meetsX(op) ? x + at : nullptr, s.c}, s.channels());
  }
}

/** All sentences. x: of the clipped gradient, [n, e, c]. */
template <Operation op> static void filterAll(const Filter& s, const float* from, const float* taps, float* y, const float* x) {
  constexpr int R = filterRows(op);
  float* zeros = parallel::scratch(parallel::launchA, s.c + 1);
  if (!zeros) return;
  zero(zeros, s.c);
  overItems(s.n, s.e * s.c * larger<int64_t>(1, s.k / 4), [&](int64_t begin, int64_t end) {
    const float** rows = (const float**)parallel::scratch(parallel::taskA, 2 * (s.e + s.k));
    if (!rows) return;
    for (int64_t sentence = begin; sentence < end; sentence++) {
      const int64_t at = sentence * s.e * s.c;
      listRows(s, from + sentence * s.t * s.c, zeros, rows);
      const float* met = meetsX(op) ? x + at : nullptr;
      int64_t i = 0;
      for (; i + R <= s.e; i += R) filterHeads<op, R>(s, rows, taps, y + at, met, i);
      for (; i < s.e; i++) filterHeads<op, 1>(s, rows, taps, y + at, met, i);
    }
  });
}

static void filterForward(const double* a) {
  const Filter s = filterOf(a + 4);
  if (a[0] != 0)
    filterAll<difference>(s, floats(a[1]), floats(a[2]), floats(a[3]), nullptr);
  else
    filterAll<multiply>(s, floats(a[1]), floats(a[2]), floats(a[3]), nullptr);
}

static void filterInputGradient(const double* a) {
  const float *x = floats(a[1]), *w = floats(a[2]), *dy = floats(a[3]);
  const Filter s = filterOf(a + 5);
  float* taps = parallel::scratch(parallel::launchB, s.heads * s.k + 1);
  if (!taps) return;
  for (int64_t h = 0; h < s.heads; h++)
    for (int64_t r = 0; r < s.k; r++) taps[h * s.k + r] = w[h * s.k + s.k - 1 - r];
  if (a[0] != 0)
    filterAll<clipped>(s.backward(), dy, taps, floats(a[4]), x);
  else
    filterAll<multiply>(s.backward(), dy, taps, floats(a[4]), nullptr);
}

constexpr int tapsTogether = 8;

/** sums[q] += sum over rows and channels of one head of rows[i + q] * dy[i], for T taps q. */
template <int T> static __attribute__((noinline)) void tapSums(const Filter& s, const float* const* rows, int64_t start, const float* dy, double* sums) {
  vf acc[T];
#pragma GCC unroll 8
  for (int q = 0; q < T; q++) acc[q] = (vf){};
  for (int64_t i = 0; i < s.e; i++) {
    const float* row[T];
#pragma GCC unroll 8
    for (int q = 0; q < T; q++) row[q] = rows[i + q] + start;
    const float* up = dy + i * s.c + start;
    overVectors(0, s.channels(), [&](int64_t j, auto at) __attribute__((always_inline)) {
      const vf value = at.get(up + j);
#pragma GCC unroll 8
      for (int q = 0; q < T; q++) acc[q] += at.get(row[q] + j) * value;
    });
  }
#pragma GCC unroll 8
  for (int q = 0; q < T; q++) sums[q] += vsum(acc[q]);
}

template <int T> static void someTaps(int64_t taps, const Filter& s, const float* const* rows, int64_t start, const float* dy, double* sums) {
  if (taps == T) return tapSums<T>(s, rows, start, dy, sums);
  if constexpr (T > 1) someTaps<T - 1>(taps, s, rows, start, dy, sums);
}

/** Sums of parts of the sentences in doubles, added in their order; of an adder, sum (x - w) dy = sum x dy - w sum dy. */
static void filterWeightGradient(const double* a) {
  const bool add = a[0] != 0;
  const float *x = floats(a[1]), *w = floats(a[2]), *dy = floats(a[3]);
  float* dw = floats(a[4]);
  const Filter s = filterOf(a + 5);
  const int64_t parts = smaller<int64_t>(16, tasksFor(s.n, s.e * s.c * larger<int64_t>(1, s.k / 4)));
  const int64_t stride = s.heads * (s.k + 1);  // sums of taps, then of dy
  float* zeros = parallel::scratch(parallel::launchA, s.c + 1);
  double* sums = scratchDoubles(parallel::launchB, parts * stride + 1);
  if (!zeros || !sums) return;
  zero(zeros, s.c);
  parallelFor(parts, [&](int64_t part) {
    const float** rows = (const float**)parallel::scratch(parallel::taskA, 2 * (s.e + s.k));
    if (!rows) return;
    double *own = sums + part * stride, *ofDy = own + s.heads * s.k;
    for (int64_t q = 0; q < stride; q++) own[q] = 0;
    for (int64_t sentence = part * s.n / parts, end = (part + 1) * s.n / parts; sentence < end; sentence++) {
      const float* up = dy + sentence * s.e * s.c;
      listRows(s, x + sentence * s.t * s.c, zeros, rows);
      for (int64_t h = 0; h < s.heads; h++) {
        const int64_t start = h * s.channels();
        for (int64_t r = 0; r < s.k; r += tapsTogether)
          someTaps<tapsTogether>(smaller<int64_t>(tapsTogether, s.k - r), s, rows + r, start, up, own + h * s.k + r);
        if (!add) continue;
        for (int64_t i = 0; i < s.e; i++)
          ofDy[h] += sumOver(s.channels(), [&](int64_t j, auto at) { return at.get(up + i * s.c + start + j); });
      }
    }
  });
  for (int64_t q = 0; q < s.heads * s.k; q++) {
    double sum = 0, all = 0;
    for (int64_t part = 0; part < parts; part++) {
      sum += sums[part * stride + q];
      all += sums[part * stride + s.heads * s.k + q / s.k];
    }
    dw[q] = (float)(add ? sum - w[q] * all : sum);
  }
}

}  // namespace ISA::heavy
