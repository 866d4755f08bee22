// Batch normalisation over x [rows, channels]. Memory is the limit, so every pass reads its inputs once, and all
// of it works on folded rows: `fold` rows seen as one of `width` = fold * channels elements, a multiple of the
// vector's length, so that odd numbers of channels cost nothing. What remains of the rows is one shorter piece.
// Memory is read strictly forwards: several rows at once would save loads of coefficients, but rows a power of
// two apart fall into the same sets of the first cache and push each other out (measured: a third of the speed).
//
// Statistics: chunks of rows, in each of them blocks of 64 folded rows. A block sums d = x - shift and d^2 in
// float about the running mean; blocks, chunks and folds meet in double by Chan's formula. The error is then a
// few rounding errors of the total variance whatever the offset: where a block's mean is far from the running
// one, the distance itself is part of that variance.
#pragma once
#include "light_ranges.h"

namespace ISA {

constexpr int64_t blockRows = 64;
constexpr int64_t mostChunks = 32;

struct Folding {
  int64_t rows, channels;
  int64_t fold, width;   // rows in a folded row, its elements
  int64_t folded, tail;  // whole folded rows, elements after them
  int64_t chunks;

  Folding(int64_t rows_, int64_t channels_) : rows(rows_), channels(channels_) {
    fold = 1;
    if (channels > 0) {
      while (fold * channels % L != 0) fold *= 2;
      while (fold * channels < 64) fold *= 2;
    }
    width = fold * channels;
    folded = rows / fold;
    tail = (rows - folded * fold) * channels;
    chunks = smaller(larger<int64_t>(folded, 1), larger<int64_t>(1, smaller(mostChunks, rows * channels / inlineWork)));
  }
  int64_t border(int64_t chunk) const { return folded * chunk / chunks; }

  /** one(j, i, at) for every piece of a chunk: column j of the folded row, place i; the last chunk has the tail. */
  template <typename F>
  inline __attribute__((always_inline)) void overChunk(int64_t chunk, F&& one) const {
    for (int64_t row = border(chunk); row < border(chunk + 1); row++)
      for (int64_t j = 0; j < width; j += L) one(j, row * width + j, Full{});
    if (chunk == chunks - 1) overVectors(0, tail, [&](int64_t j, auto at) { one(j, folded * width + j, at); });
  }
};

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

template <bool relu, bool add>
INLINE void normalise(const Folding& f, const float* x, const float* table, const float* residual, float* y) {
  const float *mean = table, *scale = table + f.width, *offset = table + 2 * f.width;
  parallelFor(f.chunks, [&](int64_t t) {
    f.overChunk(t, [&](int64_t j, int64_t i, auto at) {
      vf v = (at.get(x + i) - load(mean + j)) * load(scale + j) + load(offset + j);
      if (add) v = v + at.get(residual + i);
      if (relu) v = vmax(vset(0), v);
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
