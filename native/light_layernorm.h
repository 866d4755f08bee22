// Layer normalisation: each row of x [rows, columns] about its own mean. A row stays in the first cache between
// its passes. The mean is corrected by the sum of what is left after taking it away, and the variance by the
// square of that, so a large offset does no harm. Gradients of gamma and beta: float sums over 64 rows, then
// double, chunks of rows added in their order.
#pragma once
#include "light_ranges.h"

namespace ISA {

static void layerNormForward(const double* a) {
  const float *x = floats(a[0]), *gamma = floats(a[1]), *beta = floats(a[2]);
  float *y = floats(a[3]), *mean = floats(a[4]), *inverse = floats(a[5]);
  int64_t rows = (int64_t)a[6], columns = (int64_t)a[7];
  double epsilon = a[8], n = (double)columns;
  overItems(rows, columns, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const float* in = x + i * columns;
      float* out = y + i * columns;
      double rough = sumOver(columns, [&](int64_t j, auto at) { return at.get(in + j); }) / n;
      vf shift = vset((float)rough);
      double left = sumOver(columns, [&](int64_t j, auto at) { return at.get(in + j) - shift; });
      double squares = sumOver(columns, [&](int64_t j, auto at) {
        vf d = at.get(in + j) - shift;
        return d * d;
      });
      double variance = (squares - left * left / n) / n;
      double scale = 1 / __builtin_sqrt((variance < 0 ? 0 : variance) + epsilon);
      mean[i] = (float)((double)(float)rough + left / n);
      inverse[i] = (float)scale;
      vf centre = vset(mean[i]), factor = vset((float)scale);
      overVectors(0, columns, [&](int64_t j, auto at) {
        at.put(out + j, (at.get(in + j) - centre) * factor * at.get(gamma + j) + at.get(beta + j));
      });
    }
  });
}

static void layerNormBackward(const double* a) {
  const float *x = floats(a[0]), *gamma = floats(a[1]), *mean = floats(a[2]), *inverse = floats(a[3]);
  const float* dy = floats(a[4]);
  float *dx = floats(a[5]), *dgamma = floats(a[6]), *dbeta = floats(a[7]);
  int64_t rows = (int64_t)a[8], columns = (int64_t)a[9];
  int64_t chunks = smaller<int64_t>(tasksFor(rows, columns), 32);
  double* partial = scratchDoubles(parallel::launchA, 2 * columns * chunks + 1);
  if (!partial) return;
  parallelFor(chunks, [&](int64_t t) {
    float* work = parallel::scratch(parallel::taskA, 2 * columns + 1);
    if (!work) return;
    float *gammaSums = work, *betaSums = work + columns;
    double* totals = partial + 2 * columns * t;
    for (int64_t c = 0; c < 2 * columns; c++) totals[c] = work[c] = 0;
    int64_t begin = rows * t / chunks, end = rows * (t + 1) / chunks;
    for (int64_t i = begin; i < end; i++) {
      const float *in = x + i * columns, *up = dy + i * columns;
      float* out = dx + i * columns;
      vf centre = vset(mean[i]), scale = vset(inverse[i]);
      float sum = sumOver(columns, [&](int64_t j, auto at) { return at.get(up + j) * at.get(gamma + j); });
      float product = sumOver(columns, [&](int64_t j, auto at) {
        return at.get(up + j) * at.get(gamma + j) * ((at.get(in + j) - centre) * scale);
      });
      vf s = vset(sum / (float)columns), p = vset(product / (float)columns);
      overVectors(0, columns, [&](int64_t j, auto at) {
        vf g = at.get(up + j), xhat = (at.get(in + j) - centre) * scale;
        at.put(gammaSums + j, at.get(gammaSums + j) + g * xhat);
        at.put(betaSums + j, at.get(betaSums + j) + g);
        at.put(out + j, scale * (g * at.get(gamma + j) - (s + xhat * p)));
      });
      if ((i - begin) % 64 == 63 || i == end - 1) {
        // Two loops: as one, V8's optimising compiler (Node 20) loses the last two sums of the Wasm module.
        for (int64_t c = 0; c < 2 * columns; c++) totals[c] += work[c];
        __builtin_memset(work, 0, (size_t)(2 * columns) * sizeof(float));
      }
    }
  });
  for (int64_t c = 0; c < columns; c++) {
    double gammaSum = 0, betaSum = 0;
    for (int64_t t = 0; t < chunks; t++) {
      gammaSum += partial[2 * columns * t + c];
      betaSum += partial[2 * columns * t + columns + c];
    }
    dgamma[c] = (float)gammaSum;
    dbeta[c] = (float)betaSum;
  }
}

}  // namespace ISA
