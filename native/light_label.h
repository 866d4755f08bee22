// Cross-entropy with one label a row, smoothed. A row of logits is read twice while it lies in the cache: for its
// largest value, then for its exponentials, which stand where the gradient goes until their sum is known.
#pragma once
#include "light_softmax.h"

namespace ISA {

static void labelCrossEntropy(const double* a) {
  const float* logits = floats(a[0]);
  const int32_t* labels = ints(a[1]);
  float *losses = floats(a[2]), *likelihoods = floats(a[3]), *dlogits = floats(a[4]);
  const int64_t rows = (int64_t)a[5], classes = (int64_t)a[6];
  const double smoothing = a[7], factor = a[8];
  overItems(rows, classes * 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const float* x = logits + i * classes;
      float* dx = dlogits ? dlogits + i * classes : nullptr;
      if (labels[i] < 0) {
        losses[i] = likelihoods[i] = 0;
        if (dx) __builtin_memset(dx, 0, (size_t)classes * sizeof(float));
        continue;
      }
      const float label = x[labels[i]];  // before dx, which may be x, is written
      const float most = maximumOver(classes, [&](int64_t j, auto at) { return at.get(x + j); });
      const float sum = smoothing > 0 ? sumOver(classes, [&](int64_t j, auto at) { return at.get(x + j) - most; }) : 0;
      const float total = sumOver(classes, [&](int64_t j, auto at) {
        const vf e = vexp(at.get(x + j) - most);
        if (dx) at.put(dx + j, e);
        return e;
      });
      const double rest = vlog(vset(total))[0], likelihood = rest - ((double)label - most);
      likelihoods[i] = (float)likelihood;
      losses[i] = (float)(smoothing > 0 ? (1 - smoothing) * likelihood + smoothing * (rest - (double)sum / (double)classes) : likelihood);
      if (!dx) continue;
      const vf share = vset((float)(factor / total)), spread = vset((float)(factor * smoothing / (double)classes));
      overVectors(0, classes, [&](int64_t j, auto at) { at.put(dx + j, at.get(dx + j) * share - spread); });
      dx[labels[i]] -= (float)(factor * (1 - smoothing));
    }
  });
}

}  // namespace ISA
