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

static void topLogProbabilities(const double* a) {
  const float* logits = floats(a[0]);
  float* values = floats(a[1]);
  int32_t* indices = ints(a[2]);
  const int64_t rows = (int64_t)a[3], columns = (int64_t)a[4], k = (int64_t)a[5];
  if (k == 0) return;
  overItems(rows, columns * 2, [&](int64_t begin, int64_t end) {
    int32_t* best = (int32_t*)parallel::scratch(parallel::taskA, k + 1);
    if (!best) return;
    for (int64_t i = begin; i < end; i++) {
      const float* x = logits + i * columns;
      for (int64_t j = 0; j < columns; j++) insertBest(x, best, smaller(j, k), (int32_t)j);
      const float most = maximumOver(columns, [&](int64_t j, auto at) { return at.get(x + j); });
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
