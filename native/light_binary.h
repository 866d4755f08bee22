// Functions of two arguments under the four broadcasts, y += alpha x, and filling. Outputs may be the inputs'
// memory.
#pragma once
#include "light_ranges.h"

namespace ISA {

struct Add {
  INLINE vf of(vf a, vf b) { return a + b; }
};
struct Subtract {
  INLINE vf of(vf a, vf b) { return a - b; }
};
struct Multiply {
  INLINE vf of(vf a, vf b) { return a * b; }
};
struct Divide {
  INLINE vf of(vf a, vf b) { return a / b; }
};
/** NaN on either side stays. */
struct Maximum {
  INLINE vf of(vf a, vf b) { return vselect((a > b) | (a != a), a, b); }
};
struct Minimum {
  INLINE vf of(vf a, vf b) { return vselect((a < b) | (a != a), a, b); }
};

/** The contract's Broadcast, in its order. */
enum Broadcast { same, alongRow, alongColumn, scalar };

template <typename F>
struct Binary {
  static void run(const float* a, const float* b, float* y, int64_t outer, int64_t inner, int broadcast) {
    if (broadcast == same || broadcast == scalar || (broadcast == alongColumn && inner == 1)) {
      vf one = vset(broadcast == scalar ? b[0] : 0);
      overElements(outer * inner, 1, [&](int64_t begin, int64_t end) {
        if (broadcast == scalar)
          overVectors(begin, end, [&](int64_t i, auto at) { at.put(y + i, F::of(at.get(a + i), one)); });
        else
          overVectors(begin, end, [&](int64_t i, auto at) { at.put(y + i, F::of(at.get(a + i), at.get(b + i))); });
      });
      return;
    }
    overItems(outer, inner, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        const float* from = a + row * inner;
        float* to = y + row * inner;
        if (broadcast == alongRow) {
          overVectors(0, inner, [&](int64_t j, auto at) { at.put(to + j, F::of(at.get(from + j), at.get(b + j))); });
        } else {
          vf one = vset(b[row]);
          overVectors(0, inner, [&](int64_t j, auto at) { at.put(to + j, F::of(at.get(from + j), one)); });
        }
      }
    });
  }
};

static void binary(const double* a) {
  typedef void (*Run)(const float*, const float*, float*, int64_t, int64_t, int);
  static const Run each[] = {Binary<Add>::run,    Binary<Subtract>::run, Binary<Multiply>::run,
                             Binary<Divide>::run, Binary<Maximum>::run,  Binary<Minimum>::run};
  int64_t outer = (int64_t)a[4], inner = (int64_t)a[5];
  if (outer * inner == 0) return;
  each[(int)a[0]](floats(a[1]), floats(a[2]), floats(a[3]), outer, inner, (int)a[6]);
}

static void axpy(const double* a) {
  const float* x = floats(a[0]);
  float* y = floats(a[1]);
  vf alpha = vset((float)a[3]);
  overElements((int64_t)a[2], 1, [&](int64_t begin, int64_t end) {
    overVectors(begin, end, [&](int64_t i, auto at) { at.put(y + i, at.get(y + i) + alpha * at.get(x + i)); });
  });
}

static void fill(const double* a) {
  float* y = floats(a[0]);
  vf value = vset((float)a[2]);
  overElements((int64_t)a[1], 1, [&](int64_t begin, int64_t end) {
    overVectors(begin, end, [&](int64_t i, auto at) { at.put(y + i, value); });
  });
}

}  // namespace ISA
