// A filter along sentences, the same for all channels of a head: lightweight convolution and its adder form.
#pragma once
#include "light_ranges.h"

namespace ISA {

struct Filter {
  int64_t n, t, e, c, k, heads, left;
  int64_t channels() const { return c / heads; }
};

INLINE Filter filterOf(const double* a) {
  return {(int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3], (int64_t)a[4], (int64_t)a[5], (int64_t)a[6]};
}

static void filterForward(const double* a) {
  const bool add = a[0] != 0;
  const float *x = floats(a[1]), *w = floats(a[2]);
  float* y = floats(a[3]);
  const Filter s = filterOf(a + 4);
  overItems(s.n * s.e, s.k * s.c, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; item++) {
      const int64_t sentence = item / s.e, first = item % s.e - s.left;
      for (int64_t h = 0; h < s.heads; h++) {
        const int64_t start = h * s.channels();
        overVectors(0, s.channels(), [&](int64_t j, auto at) {
          vf sum = {};
          for (int64_t r = 0; r < s.k; r++) {
            const bool inside = first + r >= 0 && first + r < s.t;
            const vf value = inside ? at.get(x + (sentence * s.t + first + r) * s.c + start + j) : vset(0);
            const vf weight = vset(w[h * s.k + r]);
            sum = add ? sum - vabs(value - weight) : sum + value * weight;
          }
          at.put(y + item * s.c + start + j, sum);
        });
      }
    }
  });
}

static void filterInputGradient(const double* a) {
  const bool add = a[0] != 0;
  const float *x = floats(a[1]), *w = floats(a[2]), *dy = floats(a[3]);
  float* dx = floats(a[4]);
  const Filter s = filterOf(a + 5);
  overItems(s.n * s.t, s.k * s.c, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; item++) {
      const int64_t sentence = item / s.t, last = item % s.t + s.left;  // tap r was read by output row last - r
      for (int64_t h = 0; h < s.heads; h++) {
        const int64_t start = h * s.channels();
        overVectors(0, s.channels(), [&](int64_t j, auto at) {
          vf sum = {}, value = at.get(x + item * s.c + start + j);
          for (int64_t r = 0; r < s.k; r++) {
            if (last - r < 0 || last - r >= s.e) continue;
            const vf weight = vset(w[h * s.k + r]), up = at.get(dy + (sentence * s.e + last - r) * s.c + start + j);
            sum = sum + (add ? vclamp(weight - value, vset(-1), vset(1)) : weight) * up;
          }
          at.put(dx + item * s.c + start + j, sum);
        });
      }
    }
  });
}

static void filterWeightGradient(const double* a) {
  const bool add = a[0] != 0;
  const float *x = floats(a[1]), *w = floats(a[2]), *dy = floats(a[3]);
  float* dw = floats(a[4]);
  const Filter s = filterOf(a + 5);
  overItems(s.heads * s.k, s.n * s.e * s.channels(), [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; item++) {
      const int64_t h = item / s.k, r = item % s.k, start = h * s.channels();
      const vf weight = vset(w[item]);
      double sum = 0;
      for (int64_t sentence = 0; sentence < s.n; sentence++)
        for (int64_t i = 0; i < s.e; i++) {
          const int64_t row = i - s.left + r;
          const bool inside = row >= 0 && row < s.t;
          if (!inside && !add) continue;
          const float *from = x + (sentence * s.t + row) * s.c + start, *up = dy + (sentence * s.e + i) * s.c + start;
          sum += sumOver(s.channels(), [&](int64_t j, auto at) {
            const vf value = inside ? at.get(from + j) : vset(0);
            return (add ? value - weight : value) * at.get(up + j);
          });
        }
      dw[item] = (float)sum;
    }
  });
}

}  // namespace ISA
