// Softmax over rows and the cross-entropy behind it. The row's maximum is taken out first, so nothing overflows.
// A row that holds nothing but -infinity (everything masked) becomes zeros; NaN anywhere in a row fills it.
#pragma once
#include "light_math.h"
#include "light_ranges.h"

namespace ISA {

/** Largest of what f gives; NaN is passed over. */
template <typename F>
INLINE float maximumOver(int64_t length, F&& f) {
  const float lowest = -__builtin_inff();
  vf most = vset(lowest);
  overVectors(0, length, [&](int64_t i, auto at) {
    vf v = at.keep(f(i, at), lowest);
    most = v > most ? v : most;
  });
  float lanes[L];
  store(lanes, most);
  for (int half = L / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] = lanes[i + half] > lanes[i] ? lanes[i + half] : lanes[i];
  return lanes[0];
}

INLINE bool anyNaN(const float* x, int64_t length) {
  for (int64_t i = 0; i < length; i++)
    if (x[i] != x[i]) return true;
  return false;
}

INLINE void softmaxRow(const float* x, const float* mask, float* y, int64_t columns, float scale) {
  float most = maximumOver(columns, [&](int64_t j, auto at) {
    vf v = at.get(x + j) * scale;
    if (mask) v = v + at.get(mask + j);
    at.put(y + j, v);
    return v;
  });
  if (most == -__builtin_inff() && !anyNaN(y, columns)) {
    __builtin_memset(y, 0, (size_t)columns * sizeof(float));
    return;
  }
  vf top = vset(most);
  float sum = sumOver(columns, [&](int64_t j, auto at) {
    vf e = vexp(at.get(y + j) - top);
    at.put(y + j, e);
    return e;
  });
  vf share = vset(1 / sum);
  overVectors(0, columns, [&](int64_t j, auto at) { at.put(y + j, at.get(y + j) * share); });
}

static void softmaxForward(const double* a) {
  const float *x = floats(a[0]), *mask = floats(a[1]);
  float* y = floats(a[2]);
  int64_t rows = (int64_t)a[3], columns = (int64_t)a[4], maskRows = (int64_t)a[5];
  float scale = (float)a[6];
  overItems(rows, columns * 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      softmaxRow(x + i * columns, mask ? mask + i % maskRows * columns : nullptr, y + i * columns, columns, scale);
  });
}

static void softmaxBackward(const double* a) {
  const float *y = floats(a[0]), *dy = floats(a[1]);
  float* dx = floats(a[2]);
  int64_t rows = (int64_t)a[3], columns = (int64_t)a[4];
  float scale = (float)a[5];
  overItems(rows, columns, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * columns; i < end * columns; i += columns) {
      vf sum = vset(sumOver(columns, [&](int64_t j, auto at) { return at.get(y + i + j) * at.get(dy + i + j); }));
      overVectors(i, i + columns,
                  [&](int64_t k, auto at) { at.put(dx + k, at.get(y + k) * scale * (at.get(dy + k) - sum)); });
    }
  });
}

static void crossEntropy(const double* a) {
  const float *logits = floats(a[0]), *targets = floats(a[1]);
  float *losses = floats(a[2]), *dlogits = floats(a[3]);
  int64_t rows = (int64_t)a[4], classes = (int64_t)a[5];
  overItems(rows, classes * 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const float *x = logits + i * classes, *target = targets + i * classes;
      float* dx = dlogits + i * classes;
      vf most = vset(maximumOver(classes, [&](int64_t j, auto at) { return at.get(x + j); }));
      float mass = sumOver(classes, [&](int64_t j, auto at) { return at.get(target + j); });
      float sum = sumOver(classes, [&](int64_t j, auto at) { return vexp(at.get(x + j) - most); });
      vf logSum = vlog(vset(sum)), factor = vset(mass / sum);
      // x - most is exact where it matters, so the logarithm of a probability near 1 keeps its digits
      losses[i] = -sumOver(classes, [&](int64_t j, auto at) {
        vf t = at.get(target + j), logarithm = (at.get(x + j) - most) - logSum;
        return vselect(t != 0.0f, t * logarithm, vset(0));
      });
      overVectors(0, classes, [&](int64_t j, auto at) {
        at.put(dx + j, vexp(at.get(x + j) - most) * factor - at.get(target + j));
      });
    }
  });
}

}  // namespace ISA
