// The most probable columns of each row, with their log-softmax.
#pragma once
#include "light_softmax.h"

namespace ISA {

/** Keeps the k best so far, best first. */
INLINE void insertBest(const float* x, int32_t* best, int64_t kept, int32_t j) {
  int64_t at = kept;
  for (; at > 0 && (x[j] > x[best[at - 1]] || (x[best[at - 1]] != x[best[at - 1]] && x[j] > -__builtin_inff())); at--) best[at] = best[at - 1];
  best[at] = j;
}

/**
 * The k best columns of a row from column j on, of which those before are in `best` already, best first, of equal ones the
 * first. Few values pass the bar that the k best so far set.
 */
INLINE void goOnFinding(const float* x, int64_t j, int64_t columns, int32_t* best, int64_t k) {
  const auto anyAbove = [&](int64_t at, int vectors) {
    vi above = load(x + at) > vset(x[best[k - 1]]);
    for (int v = 1; v < vectors; v++) above |= load(x + at + v * L) > vset(x[best[k - 1]]);
    return anyLane(above);
  };
  while (j < columns) {
    // a NaN among the best gives way to all but -infinity: no bar says so
    const bool barred = x[best[k - 1]] == x[best[k - 1]];
    if (barred && j + 4 * L <= columns && !anyAbove(j, 4)) {
      j += 4 * L;
      continue;
    }
    for (const int64_t end = smaller(columns, j + 4 * L); j < end;) {
      const int64_t next = smaller(end, j + L);
      if (barred && next - j == L && !anyAbove(j, 1)) j = next;
      for (; j < next; j++) insertBest(x, best, k, (int32_t)j);
    }
  }
}

enum { groupVectors = 16 };

/** Largest values of every lane over whole groups of vectors; false where one of them is NaN. */
INLINE bool laneMaxima(const float* x, int64_t groups, float* maxima) {
  vi nan = vset(0.0f) != vset(0.0f);
  for (int64_t g = 0; g < groups; g++) {
    const float* from = x + g * groupVectors * L;
    vf most = load(from);
    nan |= most != most;
    for (int v = 1; v < groupVectors; v++) {
      const vf next = load(from + v * L);
      nan |= next != next;
      most = next > most ? next : most;
    }
    store(maxima + g * L, most);
  }
  return !anyLane(nan);
}

/**
 * The k best columns of a row, best first, of equal ones the first. Where there are many columns, a bar is known before any
 * of them is looked at alone: the k-th largest of the maxima of lanes, for k values are not below it.
 */
INLINE void findBest(const float* x, int64_t columns, int32_t* best, int64_t k, float* maxima) {
  const int64_t groups = columns / (groupVectors * L);
  int64_t kept = 0;
  if (groups * L < 2 * k || !laneMaxima(x, groups, maxima)) {
    for (; kept < smaller(k, columns); kept++) insertBest(x, best, kept, (int32_t)kept);
    goOnFinding(x, kept, columns, best, k);
    return;
  }
  for (; kept < k; kept++) insertBest(maxima, best, kept, (int32_t)kept);
  goOnFinding(maxima, k, groups * L, best, k);
  const float bar = maxima[best[k - 1]];
  kept = 0;
  const int64_t whole = groups * groupVectors * L;
  for (int64_t from = 0; from < whole; from += L) {
    if (!anyLane(load(x + from) >= vset(bar))) continue;
    for (int64_t j = from; j < from + L; j++) {
      if (x[j] < bar) continue;
      insertBest(x, best, kept, (int32_t)j);
      kept = smaller(kept + 1, k);
    }
  }
  goOnFinding(x, whole, columns, best, k);
}

static void topLogProbabilities(const double* a) {
  const float* logits = floats(a[0]);
  float* values = floats(a[1]);
  int32_t* indices = ints(a[2]);
  const int64_t rows = (int64_t)a[3], columns = (int64_t)a[4], k = (int64_t)a[5];
  if (k == 0) return;
  overItems(rows, columns * 2, [&](int64_t begin, int64_t end) {
    int32_t* best = (int32_t*)parallel::scratch(parallel::taskA, k + 1);
    float* maxima = parallel::scratch(parallel::taskB, columns / groupVectors + 1);
    if (!best || !maxima) return;
    for (int64_t i = begin; i < end; i++) {
      const float* x = logits + i * columns;
      findBest(x, columns, best, k, maxima);
      const float first = x[best[0]];
      const float most = first == first ? first : maximumOver(columns, [&](int64_t j, auto at) { return at.get(x + j); });
      const float total = sumOver(columns, [&](int64_t j, auto at) { return vexp(at.get(x + j) - most); });
      const float rest = vlog(vset(total))[0];
      const bool nothing = most == -__builtin_inff() && !anyNaN(x, columns);
      for (int64_t j = 0; j < k; j++) {
        values[i * k + j] = nothing ? most : (x[best[j]] - most) - rest;
        indices[i * k + j] = best[j];
      }
    }
  });
}

}  // namespace ISA
