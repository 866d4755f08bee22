// Gradient of batch normalisation in two passes: sums over the rows, then dx. Memory is the limit: the activation's
// mask is made again from x where nothing was added before it, so that y is not read, and where the gradient of a
// residual is asked for, the first pass writes it, and the second reads it instead of masking dy again.
#pragma once
#include "light_folding.h"

namespace ISA {

/** Where the activation's mask comes from. */
enum Mask { open, fromX, fromY };

/** dy behind the activation. */
template <Mask mask> struct Masked {
  const float *x, *y, *dy;
  const float *mean, *scale, *beta;  // as wide as a folded row
  template <typename At> inline __attribute__((always_inline)) vf operator()(int64_t j, int64_t i, At at) const {
    const vf v = at.get(dy + i);
    if (mask == open) return v;
    const vf out = mask == fromY ? at.get(y + i) : (at.get(x + i) - load(mean + j)) * load(scale + j) + load(beta + j);
    return vselect(out > 0.0f, v, vset(0));
  }
};

/**
 * First pass of the gradient, one chunk: per column of the folded row the sums of g and of g * (x - mean), where
 * g is dy behind the activation; dresidual is g. totals: [2, width]; work: 2 * width floats.
 */
template <Mask mask, bool residual>
INLINE void gradientSums(const Folding& f, int64_t chunk, const Masked<mask>& masked, float* dresidual, double* totals,
                         float* work) {
  const float *x = masked.x, *mean = masked.mean;
  int64_t width = f.width;
  float *sums = work, *products = work + width;
  for (int64_t c = 0; c < 2 * width; c++) totals[c] = work[c] = 0;
  auto g = [&](int64_t j, int64_t i, auto at) __attribute__((always_inline)) {
    const vf v = masked(j, i, at);
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
        vf g0 = g(j, i, Full{});
        store(sums + j, load(sums + j) + g0);
        store(products + j, load(products + j) + g0 * (load(x + i) - load(mean + j)));
      }
  }
  if (chunk == f.chunks - 1) {
    overVectors(0, f.tail, [&](int64_t j, auto at) {
      int64_t i = f.folded * width + j;
      vf g0 = g(j, i, at);
      at.put(sums + j, at.get(sums + j) + g0);
      at.put(products + j, at.get(products + j) + g0 * (at.get(x + i) - at.get(mean + j)));
    });
    flush();
  }
}

/** Both passes. Rows of the table: mean, factor of g, beta, then the factor of x - mean and the constant. */
template <Mask mask, bool residual>
INLINE void normaliseBackward(const Folding& f, const float* x, const double* inverse, const float* y, const float* dy,
                              float* dx, float* dgamma, float* dbeta, float* dresidual, bool through, float* table,
                              double* partial) {
  int64_t width = f.width, channels = f.channels;
  const float *mean = table, *scale = table + width, *beta = table + 2 * width;
  float *slope = table + 3 * width, *constant = table + 4 * width;
  const Masked<mask> masked = {x, y, dy, mean, scale, beta};
  parallelFor(f.chunks, [&](int64_t t) {
    float* work = parallel::scratch(parallel::taskA, 2 * width + 1);
    if (work) gradientSums<mask, residual>(f, t, masked, dresidual, partial + 2 * width * t, work);
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
    double share = through && f.rows > 0 ? (double)scale[c] / (double)f.rows : 0;
    for (int64_t k = c; k < width; k += channels) {
      slope[k] = (float)(share * product * inverse[c]);
      constant[k] = (float)(share * sum);
    }
  }
  auto g = [&](int64_t j, int64_t i, auto at) __attribute__((always_inline)) {
    return residual ? at.get(dresidual + i) : masked(j, i, at);  // the first pass has written it down
  };
  parallelFor(f.chunks, [&](int64_t t) {
    if (through)
      f.overChunk(f.back(t), [&](int64_t j, int64_t i, auto at) {
        vf centred = (at.get(x + i) - load(mean + j)) * load(slope + j) + load(constant + j);
        at.put(dx + i, g(j, i, at) * load(scale + j) - centred);
      });
    else
      f.overChunk(f.back(t), [&](int64_t j, int64_t i, auto at) { at.put(dx + i, g(j, i, at) * load(scale + j)); });
  });
}

static void batchNormBackward(const double* a) {
  const float *x = floats(a[0]), *mean = floats(a[1]), *variance = floats(a[2]), *gamma = floats(a[3]), *beta = floats(a[4]);
  const float *y = floats(a[5]), *dy = floats(a[6]);
  float *dx = floats(a[7]), *dgamma = floats(a[8]), *dbeta = floats(a[9]), *dresidual = floats(a[10]);
  Folding f((int64_t)a[11], (int64_t)a[12]);
  double epsilon = a[13];
  bool relu = a[14] != 0, through = a[15] != 0;
  double* partial = scratchDoubles(parallel::launchA, 2 * f.width * f.chunks + f.channels + 1);
  float* table = parallel::scratch(parallel::launchB, 5 * f.width + 1);
  if (!partial || !table) return;
  double* inverse = partial + 2 * f.width * f.chunks;
  for (int64_t c = 0; c < f.channels; c++) {
    const double deviation = __builtin_sqrt((double)variance[c] + epsilon);
    inverse[c] = 1 / deviation;
    for (int64_t k = c; k < f.width; k += f.channels) {
      table[k] = mean[c];
      table[f.width + k] = (float)((double)gamma[c] / deviation);  // as in the forward pass, for the same mask
      table[2 * f.width + k] = beta[c];
    }
  }
#define BACKWARD(mask, residual) \
  normaliseBackward<mask, residual>(f, x, inverse, y, dy, dx, dgamma, dbeta, dresidual, through, table, partial)
  if (relu && y && dresidual)
    BACKWARD(fromY, true);
  else if (relu && y)
    BACKWARD(fromY, false);
  else if (relu && dresidual)
    BACKWARD(fromX, true);
  else if (relu)
    BACKWARD(fromX, false);
  else if (dresidual)
    BACKWARD(open, true);
  else
    BACKWARD(open, false);
#undef BACKWARD
}

}  // namespace ISA
