// The released transformation T (spec 5.3): the range of x in `pieces` bins of equal width, a slope for each.
// The bin is (x - min) / width with every step rounded to float, as the reference does it, so that the borders
// are the same everywhere. NaN stays and does not count for the range; an open range leaves its maximum out.
#pragma once
#include "light_ranges.h"

namespace ISA {

struct Bins {
  float low, high, width;
  int pieces;
  bool closed;

  /** The bins of L values; -1 where there is none. */
  inline __attribute__((always_inline)) vi of(vf x) const {
    vf q = (x - low) / width;
    vi inside = q < (float)pieces;
    vi bin = __builtin_convertvector(vselect(inside & (q >= 0.0f), q, vset(0)), vi);
    bin = inside ? bin : vsetInt(pieces - 1);
    bin = bin < pieces ? bin : vsetInt(pieces - 1);
    bin = q >= 0.0f ? bin : vsetInt(-1);
    return x == high ? vsetInt(closed ? pieces - 1 : -1) : bin;
  }
};

INLINE bool binsOf(const float* x, int64_t length, int pieces, bool closed, Bins& bins) {
  int64_t tasks = tasksFor(length, 1);
  float* ends = parallel::scratch(parallel::launchB, 2 * tasks);
  if (!ends) return false;
  const float infinity = __builtin_inff();
  parallelFor(tasks, [&](int64_t t) {
    vf low = vset(infinity), high = vset(-infinity);
    overVectors(length * t / tasks, length * (t + 1) / tasks, [&](int64_t i, auto at) {
      vf v = at.get(x + i), least = at.keep(v, infinity), most = at.keep(v, -infinity);
      low = least < low ? least : low;
      high = most > high ? most : high;
    });
    float first = infinity, last = -infinity;
    for (int i = 0; i < L; i++) {
      first = low[i] < first ? low[i] : first;
      last = high[i] > last ? high[i] : last;
    }
    ends[2 * t] = first;
    ends[2 * t + 1] = last;
  });
  float low = infinity, high = -infinity;
  for (int64_t t = 0; t < tasks; t++) {
    low = ends[2 * t] < low ? ends[2 * t] : low;
    high = ends[2 * t + 1] > high ? ends[2 * t + 1] : high;
  }
  bins = {low, high, (high - low) / (float)pieces, pieces, closed};
  return true;
}

static void piecewiseForward(const double* a) {
  const float *x = floats(a[0]), *slopes = floats(a[1]);
  float* y = floats(a[2]);
  int64_t length = (int64_t)a[3];
  Bins bins;
  if (length == 0 || !binsOf(x, length, (int)a[4], a[5] != 0, bins)) return;
  overElements(length, 4, [&](int64_t begin, int64_t end) {
    overVectors(begin, end, [&](int64_t i, auto at) {
      vf v = at.get(x + i), slope;
      vi bin = bins.of(v);
      for (int l = 0; l < L; l++) slope[l] = slopes[bin[l] < 0 ? 0 : bin[l]];
      vf result = vselect(bin >= 0, slope * v, vset(0));
      at.put(y + i, vselect(v == v, result, v));
    });
  });
}

static void piecewiseBackward(const double* a) {
  const float *x = floats(a[0]), *slopes = floats(a[1]), *dy = floats(a[2]);
  float *dx = floats(a[3]), *dslopes = floats(a[4]);
  int64_t length = (int64_t)a[5];
  int pieces = (int)a[6];
  Bins bins;
  if (!binsOf(x, length, pieces, a[7] != 0, bins)) return;
  int64_t chunks = smaller<int64_t>(tasksFor(length, 4), 32);
  double* partial = scratchDoubles(parallel::launchA, chunks * pieces + 1);
  if (!partial) return;
  parallelFor(chunks, [&](int64_t t) {
    double* sums = partial + t * pieces;
    for (int k = 0; k < pieces; k++) sums[k] = 0;
    overVectors(length * t / chunks, length * (t + 1) / chunks, [&](int64_t i, auto at) {
      vf v = at.get(x + i), g = at.get(dy + i), slope;
      vi bin = bins.of(v);
      for (int l = 0; l < L; l++) slope[l] = slopes[bin[l] < 0 ? 0 : bin[l]];
      int lanes = (int)smaller<int64_t>(L, length * (t + 1) / chunks - i);
      for (int l = 0; l < lanes; l++)
        if (bin[l] >= 0) sums[bin[l]] += (double)v[l] * (double)g[l];
      at.put(dx + i, vselect(bin >= 0, slope * g, vset(0)));
    });
  });
  for (int k = 0; k < pieces; k++) {
    double total = 0;
    for (int64_t t = 0; t < chunks; t++) total += partial[t * pieces + k];
    dslopes[k] = (float)total;
  }
}

}  // namespace ISA
