// Dropout by draws that can be made again: the backward pass runs the same kernel on the gradient.
#pragma once
#include "light_random.h"

namespace ISA {

/** Draws have 24 bits, so one is above the rate where its bits are above this. */
INLINE int32_t keptAbove(double rate) { return (int32_t)(rate * 16777216.0); }

static void dropout(const double* a) {
  const float* x = floats(a[0]);
  float* y = floats(a[1]);
  const vi above = vsetInt(keptAbove(a[3]));
  const vf factor = vset((float)(1 / (1 - a[3])));
  const uint32_t k0 = (uint32_t)(int64_t)a[4], k1 = (uint32_t)(int64_t)a[5];
  const vu lanes = (vu)laneNumbers();
  overElements((int64_t)a[2], 4, [&](int64_t begin, int64_t end) {
    overVectors(begin, end, [&](int64_t i, auto at) {
      vu x0 = lanes + (uint32_t)i, x1 = {};
      threefry(k0, k1, x0, x1);
      at.put(y + i, at.get(x + i) * vselect((vi)(x0 >> 8) > above, factor, vset(0)));
    });
  });
}

}  // namespace ISA
