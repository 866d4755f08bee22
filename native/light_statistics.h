// Mean and variance of each channel. Chunks of rows, in each of them blocks of 64 folded rows: a block sums
// d = x - shift and d^2 in float about the running mean; blocks, chunks and folds meet in double by Chan's formula.
// The error is then a few rounding errors of the total variance whatever the offset: where a block's mean is far
// from the running one, the distance itself is part of that variance.
#pragma once
#include "light_folding.h"

namespace ISA {

/** Joins (count, mean, m2) of more samples to those of `total` (Chan, Golub and LeVeque). */
INLINE void joinMoments(double* mean, double* m2, const double* mean2, const double* m22, double total, double count,
                        int64_t n) {
  double share = count / (total + count);
  double weight = total * share;
  for (int64_t c = 0; c < n; c++) {
    double distance = mean2[c] - mean[c];
    mean[c] += distance * share;
    m2[c] += m22[c] + distance * distance * weight;
  }
}

/** mean, m2 [width] of folded rows [begin, end); work holds 3 * width floats. */
INLINE void chunkMoments(const float* x, int64_t begin, int64_t end, int64_t width, double* mean, double* m2,
                         float* work) {
  float *shift = work, *sums = work + width, *squares = work + 2 * width;
  for (int64_t c = 0; c < width; c++) mean[c] = m2[c] = 0;
  int64_t first = smaller<int64_t>(end - begin, 8);  // enough: the block's distance from them is variance
  for (int64_t c = 0; c < width; c++) shift[c] = 0;
  for (int64_t i = begin; i < begin + first; i++)
    for (int64_t j = 0; j < width; j += L) store(shift + j, load(shift + j) + load(x + i * width + j));
  for (int64_t c = 0; c < width; c++) shift[c] /= (float)first;
  for (int64_t row = begin; row < end;) {
    int64_t stop = smaller(row + blockRows, end);
    double count = (double)(stop - row), total = (double)(row - begin);
    for (int64_t c = 0; c < width; c++) sums[c] = squares[c] = 0;
    for (; row < stop; row++)
      for (int64_t j = 0; j < width; j += L) {
        vf d = load(x + row * width + j) - load(shift + j);
        store(sums + j, load(sums + j) + d);
        store(squares + j, load(squares + j) + d * d);
      }
    double share = count / (total + count), weight = total * share, each = 1 / count;
    for (int64_t c = 0; c < width; c++) {
      double d = sums[c], inside = (double)squares[c] - d * d * each;
      double distance = (double)shift[c] + d * each - mean[c];
      mean[c] += distance * share;
      m2[c] += (inside < 0 ? 0 : inside) + distance * distance * weight;
      shift[c] = (float)mean[c];
    }
  }
}

static void batchStatistics(const double* a) {
  const float* x = floats(a[0]);
  float *mean = floats(a[1]), *variance = floats(a[2]);
  Folding f((int64_t)a[3], (int64_t)a[4]);
  int64_t channels = f.channels, width = f.width;
  double* moments = scratchDoubles(parallel::launchA, 2 * width * f.chunks + 2 * channels + 1);
  if (!moments) return;
  double *means = moments + 2 * width * f.chunks, *m2 = means + channels;
  if (f.folded > 0)
    parallelFor(f.chunks, [&](int64_t t) {
      float* work = parallel::scratch(parallel::taskA, 3 * width);
      double* mine = moments + 2 * width * t;
      if (work) chunkMoments(x, f.border(t), f.border(t + 1), width, mine, mine + width, work);
    });
  for (int64_t c = 0; c < channels; c++) means[c] = m2[c] = 0;
  double total = 0;
  if (f.folded > 0)
    for (int64_t t = 0; t < f.chunks; t++) {
      double count = (double)(f.border(t + 1) - f.border(t));
      const double* theirs = moments + 2 * width * t;
      for (int64_t k = 0; k < width; k += channels, total += count)
        joinMoments(means, m2, theirs + k, theirs + width + k, total, count, channels);
    }
  for (int64_t i = f.folded * f.fold; i < f.rows; i++, total++)
    for (int64_t c = 0; c < channels; c++) {
      double distance = (double)x[i * channels + c] - means[c];
      means[c] += distance / (total + 1);
      m2[c] += distance * distance * (total / (total + 1));
    }
  for (int64_t c = 0; c < channels; c++) {
    mean[c] = (float)means[c];
    variance[c] = (float)(m2[c] / (double)f.rows);
  }
}

}  // namespace ISA
