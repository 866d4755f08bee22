// unary and unaryGradient: one loop for each record of light_functions.h, in the order of the contract's UnaryOp.
#pragma once
#include "light_functions.h"

namespace ISA {

template <typename F>
struct UnaryForward {
  static void run(const float* x, float* y, int64_t length, const Parameters& k) {
    overElements(length, F::cost, [&](int64_t begin, int64_t end) {
      overVectors(begin, end, [&](int64_t i, auto at) { at.put(y + i, F::value(at.get(x + i), k)); });
    });
  }
};

template <typename F>
struct UnaryBackward {
  static void run(const float* x, const float* y, const float* dy, float* dx, int64_t length, const Parameters& k) {
    overElements(length, F::cost, [&](int64_t begin, int64_t end) {
      overVectors(begin, end, [&](int64_t i, auto at) {
        at.put(dx + i, F::gradient(at.get(x + i), at.get(y + i), at.get(dy + i), k));
      });
    });
  }
};

/** One function of each record, in the contract's order. */
#define EACH_UNARY(T)                                                                                               \
  {T<Copy>::run, T<Negate>::run, T<Relu>::run, T<Silu>::run, T<Gelu>::run, T<Sigmoid>::run, T<Tanh>::run,           \
   T<Exp>::run, T<Log>::run, T<Sqrt>::run, T<Square>::run, T<Abs>::run, T<Reciprocal>::run, T<Affine>::run,         \
   T<Clamp>::run, T<Round>::run, T<Floor>::run, T<Ternary>::run, T<Exp2>::run, T<PowerOfTwo>::run,                  \
   T<FixedPoint>::run}

static void unary(const double* a) {
  typedef void (*Run)(const float*, float*, int64_t, const Parameters&);
  static const Run each[] = EACH_UNARY(UnaryForward);
  each[(int)a[0]](floats(a[1]), floats(a[2]), (int64_t)a[3], parameters(a[4], a[5]));
}

static void unaryGradient(const double* a) {
  typedef void (*Run)(const float*, const float*, const float*, float*, int64_t, const Parameters&);
  static const Run each[] = EACH_UNARY(UnaryBackward);
  each[(int)a[0]](floats(a[1]), floats(a[2]), floats(a[3]), floats(a[4]), (int64_t)a[5], parameters(a[6], a[7]));
}
#undef EACH_UNARY

}  // namespace ISA
