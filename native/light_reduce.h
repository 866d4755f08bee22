// Reductions over the middle axis of x [outer, axis, inner] to y [outer, inner]. Short runs add in float
// vectors, runs add in double, and a long axis is cut into chunks that are added in their order. The maximum
// passes over NaN. An empty axis gives 0, or -infinity for the maximum.
#pragma once
#include "light_ranges.h"

namespace ISA {

struct SumOf {
  static constexpr float start = 0;
  INLINE vf lift(vf x) { return x; }
  INLINE vf join(vf a, vf b) { return a + b; }
  INLINE double join(double a, double b) { return a + b; }
};
struct SumOfSquares : SumOf {
  INLINE vf lift(vf x) { return x * x; }
};
struct CountNonFinite : SumOf {
  INLINE vf lift(vf x) { return vselect((x - x) == 0.0f, vset(0), vset(1)); }
};
struct MaximumOf {
  static constexpr float start = -__builtin_inff();
  INLINE vf lift(vf x) { return x; }
  INLINE vf join(vf a, vf b) { return b > a ? b : a; }
  INLINE double join(double a, double b) { return b > a ? b : a; }
};

template <typename F>
INLINE double joinLanes(vf v) {
  double total = F::start;
  for (int i = 0; i < L; i++) total = F::join(total, (double)v[i]);
  return total;
}

/** One contiguous run: four vectors over each piece of 1024 elements. */
template <typename F>
INLINE double reduceRun(const float* x, int64_t length) {
  double total = F::start;
  for (int64_t begin = 0; begin < length; begin += 1024) {
    int64_t end = smaller(begin + 1024, length), i = begin;
    vf v[4];
    for (int u = 0; u < 4; u++) v[u] = vset(F::start);
    for (; i + 4 * L <= end; i += 4 * L)
      for (int u = 0; u < 4; u++) v[u] = F::join(v[u], F::lift(load(x + i + u * L)));
    overVectors(i, end, [&](int64_t k, auto at) { v[0] = F::join(v[0], at.keep(F::lift(at.get(x + k)), F::start)); });
    total = F::join(total, joinLanes<F>(F::join(F::join(v[0], v[1]), F::join(v[2], v[3]))));
  }
  return total;
}

/** Rows of `inner` elements to totals [inner]: columns in strips of four vectors, pieces of 64 rows. */
template <typename F>
INLINE void reduceColumns(const float* x, int64_t rows, int64_t inner, double* totals) {
  for (int64_t j = 0; j < inner; j++) totals[j] = F::start;
  for (int64_t begin = 0; begin < rows; begin += 64) {
    int64_t end = smaller<int64_t>(begin + 64, rows), j = 0;
    for (; j + 4 * L <= inner; j += 4 * L) {
      vf v[4];
      for (int u = 0; u < 4; u++) v[u] = vset(F::start);
      for (int64_t i = begin; i < end; i++)
        for (int u = 0; u < 4; u++) v[u] = F::join(v[u], F::lift(load(x + i * inner + j + u * L)));
      for (int u = 0; u < 4; u++)
        for (int l = 0; l < L; l++) totals[j + u * L + l] = F::join(totals[j + u * L + l], (double)v[u][l]);
    }
    overVectors(j, inner, [&](int64_t k, auto at) {
      vf v = vset(F::start);
      for (int64_t i = begin; i < end; i++) v = F::join(v, F::lift(at.get(x + i * inner + k)));
      for (int64_t l = k; l < smaller(k + L, inner); l++) totals[l] = F::join(totals[l], (double)v[l - k]);
    });
  }
}

template <typename F>
struct Reduce {
  static void run(const float* x, float* y, int64_t outer, int64_t axis, int64_t inner) {
    int64_t chunks = larger<int64_t>(1, smaller<int64_t>(smaller<int64_t>(32, axis), axis * inner / inlineWork));
    double* totals = scratchDoubles(parallel::launchA, outer * chunks * inner + 1);
    if (!totals) return;
    overItems(outer * chunks, axis * inner / chunks, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        int64_t image = i / chunks, chunk = i % chunks;
        int64_t first = axis * chunk / chunks, rows = axis * (chunk + 1) / chunks - first;
        const float* from = x + (image * axis + first) * inner;
        if (inner == 1)
          totals[i] = reduceRun<F>(from, rows);
        else
          reduceColumns<F>(from, rows, inner, totals + i * inner);
      }
    });
    for (int64_t image = 0; image < outer; image++) {
      const double* from = totals + image * chunks * inner;
      for (int64_t j = 0; j < inner; j++) {
        double total = from[j];
        for (int64_t t = 1; t < chunks; t++) total = F::join(total, from[t * inner + j]);
        y[image * inner + j] = (float)total;
      }
    }
  }
};

static void reduce(const double* a) {
  typedef void (*Run)(const float*, float*, int64_t, int64_t, int64_t);
  static const Run each[] = {Reduce<SumOf>::run, Reduce<SumOfSquares>::run, Reduce<MaximumOf>::run,
                             Reduce<CountNonFinite>::run};
  each[(int)a[0]](floats(a[1]), floats(a[2]), (int64_t)a[3], (int64_t)a[4], (int64_t)a[5]);
}

}  // namespace ISA
