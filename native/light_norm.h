// Batch normalisation with given statistics: (x - mean) * scale + beta, then the residual and the activation. The
// mean is taken away first: folding it into beta would cancel digits where the offset is large.
#pragma once
#include "light_folding.h"

namespace ISA {

template <bool relu, bool add>
INLINE void normalise(const Folding& f, const float* x, const float* table, const float* residual, float* y) {
  const float *mean = table, *scale = table + f.width, *offset = table + 2 * f.width;
  parallelFor(f.chunks, [&](int64_t t) {
    f.overChunk(f.back(t), [&](int64_t j, int64_t i, auto at) {
      vf v = (at.get(x + i) - load(mean + j)) * load(scale + j) + load(offset + j);
      if (add) v = v + at.get(residual + i);
      if (relu) v = vselect(v < 0.0f, vset(0), v);
      at.put(y + i, v);
    });
  });
}

static void batchNormForward(const double* a) {
  const float *x = floats(a[0]), *mean = floats(a[1]), *variance = floats(a[2]);
  const float *gamma = floats(a[3]), *beta = floats(a[4]), *residual = floats(a[5]);
  float* y = floats(a[6]);
  Folding f((int64_t)a[7], (int64_t)a[8]);
  double epsilon = a[9];
  float* table = parallel::scratch(parallel::launchA, 3 * f.width + 1);
  if (!table || f.rows == 0) return;
  for (int64_t c = 0; c < f.channels; c++) {
    float scale = (float)((double)gamma[c] / __builtin_sqrt((double)variance[c] + epsilon));
    for (int64_t k = c; k < f.width; k += f.channels) {
      table[k] = mean[c];
      table[f.width + k] = scale;
      table[2 * f.width + k] = beta[c];
    }
  }
  bool relu = a[10] != 0;
  if (relu && residual)
    normalise<true, true>(f, x, table, residual, y);
  else if (relu)
    normalise<true, false>(f, x, table, residual, y);
  else if (residual)
    normalise<false, true>(f, x, table, residual, y);
  else
    normalise<false, false>(f, x, table, residual, y);
}

}  // namespace ISA
