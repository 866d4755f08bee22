// One step of the optimisers, in place; the formulas are those of src/backends/reference/optimisers.ts. Factors
// of the whole step are made in double precision.
#pragma once
#include "light_math.h"
#include "light_ranges.h"

namespace ISA {

static void sgdStep(const double* a) {
  float *w = floats(a[0]), *velocity = floats(a[2]);
  const float* g = floats(a[1]);
  vf rate = vset((float)a[4]), momentum = vset((float)a[5]), decay = vset((float)a[7]);
  bool nesterov = a[6] != 0;
  overElements((int64_t)a[3], 1, [&](int64_t begin, int64_t end) {
    overVectors(begin, end, [&](int64_t i, auto at) {
      vf weight = at.get(w + i);
      vf slope = at.get(g + i);
      vf gradient = slope + decay * weight;
      vf moved = (momentum * at.get(velocity + i) + slope) + decay * weight;  // what may cancel meets first
      at.put(velocity + i, moved);
      at.put(w + i, weight - rate * (nesterov ? gradient + momentum * moved : moved));
    });
  });
}

static void adamStep(const double* a) {
  float *w = floats(a[0]), *first = floats(a[2]), *second = floats(a[3]);
  const float* g = floats(a[1]);
  double rate = a[5], beta1 = a[6], beta2 = a[7], decay = a[9];
  bool normalised = a[12] != 0;
  vf b1 = vset((float)beta1), rest1 = vset((float)(1 - beta1));
  vf b2 = vset((float)beta2), rest2 = vset((float)(1 - beta2));
  vf epsilon = vset((float)a[8]), kept = vset((float)(1 - rate * decay));
  vf step = vset((float)(rate / (1 - wholePower(beta1, a[10]))));
  vf correction = vset((float)(1 / (1 - wholePower(beta2, a[11]))));
  overElements((int64_t)a[4], 2, [&](int64_t begin, int64_t end) {
    overVectors(begin, end, [&](int64_t i, auto at) {
      vf gradient = at.get(g + i);
      vf v = b2 * at.get(second + i) + rest2 * gradient * gradient;
      vf deviation = vsqrt(v * correction) + epsilon;
      vf m = b1 * at.get(first + i) + rest1 * (normalised ? gradient / deviation : gradient);
      at.put(second + i, v);
      at.put(first + i, m);
      at.put(w + i, at.get(w + i) * kept - step * (normalised ? m : m / deviation));
    });
  });
}

}  // namespace ISA
