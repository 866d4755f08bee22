// Counter-based draws: Threefry-2x32 with 20 rounds (Salmon et al., SC 2011), as src/core/random.ts has it, on as
// many counters at once as a vector holds. Element i is block (i, 0) under the key and depends on nothing else.
#pragma once
#include "light_math.h"
#include "light_ranges.h"

namespace ISA {

INLINE void threefry(uint32_t k0, uint32_t k1, vu& x0, vu& x1) {
  constexpr int rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  const uint32_t keys[3] = {k0, k1, k0 ^ k1 ^ 0x1bd11bdau};
  x0 = x0 + k0;
  x1 = x1 + k1;
#pragma GCC unroll 20
  for (int round = 0; round < 20; round++) {
    int turn = rotations[round & 7];
    x0 = x0 + x1;
    x1 = ((x1 << turn) | (x1 >> (32 - turn))) ^ x0;
    if ((round & 3) == 3) {
      uint32_t injection = (uint32_t)(round >> 2) + 1;
      x0 = x0 + keys[injection % 3];
      x1 = x1 + (keys[(injection + 1) % 3] + injection);
    }
  }
}

template <bool normal>
INLINE void draw(float* y, int64_t length, uint32_t k0, uint32_t k1) {
  constexpr float step = 1.0f / 16777216.0f;
  const vu lanes = (vu)laneNumbers();
  overElements(length, normal ? 8 : 4, [&](int64_t begin, int64_t end) {
    overVectors(begin, end, [&](int64_t i, auto at) {
      vu x0 = lanes + (uint32_t)i, x1 = {};
      threefry(k0, k1, x0, x1);
      vf first = __builtin_convertvector((vi)(x0 >> 8), vf);
      if (normal) {
        vf second = __builtin_convertvector((vi)(x1 >> 8), vf);
        vf radius = vsqrt(vlog((first + 1.0f) * step) * -2.0f);
        at.put(y + i, radius * cosineOfTurns(second * step));
      } else {
        at.put(y + i, first * step);
      }
    });
  });
}

static void random(const double* a) {
  float* y = floats(a[1]);
  int64_t length = (int64_t)a[2];
  uint32_t k0 = (uint32_t)(int64_t)a[3], k1 = (uint32_t)(int64_t)a[4];
  if (a[0] != 0)
    draw<true>(y, length, k0, k1);
  else
    draw<false>(y, length, k0, k1);
}

}  // namespace ISA
