// Gradient of batch normalisation in two passes: sums over the rows, then dx. Where the gradient of a residual is
// asked for, the first pass writes it, and the second reads it instead of masking dy again.
#pragma once
#include "light_folding.h"

namespace ISA {

/**
 * First pass of the gradient, one chunk: per column of the folded row the sums of g and of g * (x - mean), where
 * g is dy behind the activation; dresidual is g. totals: [2, width]; work: 2 * width floats.
 */
template <bool relu, bool residual>
INLINE void gradientSums(const Folding& f, int64_t chunk, const float* x, const float* mean, const float* y,
                         const float* dy, float* dresidual, double* totals, float* work) {
  int64_t width = f.width;
  float *sums = work, *products = work + width;
  for (int64_t c = 0; c < 2 * width; c++) totals[c] = work[c] = 0;
  auto g = [&](int64_t i, auto at) __attribute__((always_inline)) {
    vf v = at.get(dy + i);
    if (relu) v = vselect(at.get(y + i) > 0.0f, v, vset(0));
    if (residual) at.put(dresidual + i, v);
    return v;
  };
  auto flush = [&]() {
    for (int64_t c = 0; c < 2 * width; c++) {
      totals[c] += work[c];
      work[c] = 0;
    }
  };
  int64_t end = f.border(chunk + 1);
  for (int64_t row = f.border(chunk); row < end; flush()) {
    int64_t stop = smaller(row + blockRows, end);
    for (; row < stop; row++)
      for (int64_t j = 0; j < width; j += L) {
        int64_t i = row * width + j;
        vf g0 = g(i, Full{});
        store(sums + j, load(sums + j) + g0);
        store(products + j, load(products + j) + g0 * (load(x + i) - load(mean + j)));
      }
  }
  if (chunk == f.chunks - 1) {
    overVectors(0, f.tail, [&](int64_t j, auto at) {
      int64_t i = f.folded * width + j;
      vf g0 = g(i, at);
      at.put(sums + j, at.get(sums + j) + g0);
      at.put(products + j, at.get(products + j) + g0 * (at.get(x + i) - at.get(mean + j)));
    });
    flush();
  }
}

/** Both passes. Rows of the table: mean, then factors of g, of x - mean, and the constant. */
template <bool relu, bool residual>
INLINE void normaliseBackward(const Folding& f, const float* x, const double* inverse, const float* gamma,
                              const float* y, const float* dy, float* dx, float* dgamma, float* dbeta,
                              float* dresidual, bool through, float* table, double* partial) {
  int64_t width = f.width, channels = f.channels;
  parallelFor(f.chunks, [&](int64_t t) {
    float* work = parallel::scratch(parallel::taskA, 2 * width + 1);
    if (work) gradientSums<relu, residual>(f, t, x, table, y, dy, dresidual, partial + 2 * width * t, work);
  });
  for (int64_t t = 1; t < f.chunks; t++)
    for (int64_t c = 0; c < 2 * width; c++) partial[c] += partial[2 * width * t + c];
  for (int64_t c = 0; c < channels; c++) {
    double sum = 0, product = 0;
    for (int64_t k = c; k < width; k += channels) {
      sum += partial[k];
      product += partial[width + k];
    }
    product *= inverse[c];
    dbeta[c] = (float)sum;
    dgamma[c] = (float)product;
    double scale = gamma[c] * inverse[c];
    double share = through && f.rows > 0 ? scale / (double)f.rows : 0;
    for (int64_t k = c; k < width; k += channels) {
      table[width + k] = (float)scale;
      table[2 * width + k] = (float)(share * product * inverse[c]);
      table[3 * width + k] = (float)(share * sum);
    }
  }
  const float *mean = table, *scale = table + width, *slope = table + 2 * width, *constant = table + 3 * width;
  const float* upstream = residual ? dresidual : dy;  // already masked where the first pass wrote it down
  auto g = [&](int64_t i, auto at) __attribute__((always_inline)) {
    vf v = at.get(upstream + i);
    return relu && !residual ? vselect(at.get(y + i) > 0.0f, v, vset(0)) : v;
  };
  parallelFor(f.chunks, [&](int64_t t) {
    if (through)
      f.overChunk(t, [&](int64_t j, int64_t i, auto at) {
        vf centred = (at.get(x + i) - load(mean + j)) * load(slope + j) + load(constant + j);
        at.put(dx + i, g(i, at) * load(scale + j) - centred);
      });
    else
      f.overChunk(t, [&](int64_t j, int64_t i, auto at) { at.put(dx + i, g(i, at) * load(scale + j)); });
  });
}

static void batchNormBackward(const double* a) {
  const float *x = floats(a[0]), *mean = floats(a[1]), *variance = floats(a[2]), *gamma = floats(a[3]);
  const float *y = floats(a[4]), *dy = floats(a[5]);
  float *dx = floats(a[6]), *dgamma = floats(a[7]), *dbeta = floats(a[8]), *dresidual = floats(a[9]);
  Folding f((int64_t)a[10], (int64_t)a[11]);
  double epsilon = a[12];
  bool relu = a[13] != 0, through = a[14] != 0;
  double* partial = scratchDoubles(parallel::launchA, 2 * f.width * f.chunks + f.channels + 1);
  float* table = parallel::scratch(parallel::launchB, 4 * f.width + 1);
  if (!partial || !table) return;
  double* inverse = partial + 2 * f.width * f.chunks;
  for (int64_t c = 0; c < f.channels; c++) {
    inverse[c] = 1 / __builtin_sqrt((double)variance[c] + epsilon);
    for (int64_t k = c; k < f.width; k += f.channels) table[k] = mean[c];
  }
#define BACKWARD(relu, residual) \
  normaliseBackward<relu, residual>(f, x, inverse, gamma, y, dy, dx, dgamma, dbeta, dresidual, through, table, partial)
  if (relu && dresidual)
    BACKWARD(true, true);
  else if (relu)
    BACKWARD(true, false);
  else if (dresidual)
    BACKWARD(false, true);
  else
    BACKWARD(false, false);
#undef BACKWARD
}

}  // namespace ISA
