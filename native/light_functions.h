// Functions of one argument and their derivatives, each as one record, in the order of the contract's UnaryOp.
// A vector goes in, a vector comes out; NaN goes in and comes out. Outputs may be the inputs' memory.
#pragma once
#include "light_math.h"
#include "light_ranges.h"

namespace ISA {

/** The parameters: rounded, and as the nearest floats that do not pass them, for comparisons. */
struct Parameters {
  vf p, q;
  vf pBelow, pAbove, qBelow;
  vf low, high;  // 2^p and 2^q
  vf step;       // 2^-p
  vf limit;      // 2^(p + q - 1)
};

INLINE float below(double value) {
  float f = (float)value;
  if (!((double)f > value)) return f;
  int32_t bits;
  __builtin_memcpy(&bits, &f, 4);
  bits = f > 0 ? bits - 1 : f < 0 ? bits + 1 : (int32_t)0x80000001;
  __builtin_memcpy(&f, &bits, 4);
  return f;
}

INLINE Parameters parameters(double p, double q) {
  Parameters k;
  k.p = vset((float)p);
  k.q = vset((float)q);
  k.pBelow = vset(below(p));
  k.pAbove = vset(-below(-p));
  k.qBelow = vset(below(q));
  k.low = vset((float)powerOfTwo(p));
  k.high = vset((float)powerOfTwo(q));
  k.step = vset((float)powerOfTwo(-p));
  k.limit = vset((float)powerOfTwo(p + q - 1));
  return k;
}

/** The record of a quantiser: its gradient passes as if it were the identity (straight-through). */
struct StraightThrough {
  static constexpr int64_t cost = 1;
  INLINE vf gradient(vf, vf, vf dy, const Parameters&) { return dy; }
};

#define VALUE INLINE vf value(vf x, [[maybe_unused]] const Parameters& k)
#define GRADIENT                                                              \
  INLINE vf gradient([[maybe_unused]] vf x, [[maybe_unused]] vf y, vf dy, \
                     [[maybe_unused]] const Parameters& k)
#define RECORD(name, work) \
  struct name {            \
    static constexpr int64_t cost = work;

constexpr float geluSlope = 0.79788456080286536f;  // sqrt(2 / pi)
constexpr float geluCubic = 0.044715f;
/** (1 + tanh u) / 2, u = slope * (x + cubic * x^3), as the sigmoid of 2 u: no digits are lost left of zero. */
INLINE vf geluGate(vf x) { return vsigmoid((x + x * x * x * geluCubic) * (2 * geluSlope)); }

RECORD(Copy, 1)
  VALUE { return x; }
  GRADIENT { return dy; }
};
RECORD(Negate, 1)
  VALUE { return -x; }
  GRADIENT { return -dy; }
};
RECORD(Relu, 1)
  VALUE { return vselect(x <= 0.0f, vset(0), x); }
  GRADIENT { return vselect(x > 0.0f, vset(1), vset(0)) * dy; }
};
RECORD(Silu, 4)
  VALUE { return x * vsigmoid(x); }
  GRADIENT {
    vf s = vsigmoid(x);
    return s * (1.0f + x * (1.0f - s)) * dy;
  }
};
RECORD(Gelu, 4)
  VALUE { return x * geluGate(x); }
  GRADIENT {
    // beyond 32 the derivative is 0 or 1; x^3 must not overflow on the way
    vf bounded = vselect(x > 32.0f, vset(32), vselect(x < -32.0f, vset(-32), x));
    vf s = geluGate(bounded);
    vf inner = (1.0f + bounded * bounded * (3 * geluCubic)) * geluSlope;
    return (s + 2.0f * bounded * s * (1.0f - s) * inner) * dy;
  }
};
RECORD(Sigmoid, 4)
  VALUE { return vsigmoid(x); }
  GRADIENT { return y * (1.0f - y) * dy; }
};
RECORD(Tanh, 4)
  VALUE { return vtanh(x); }
  GRADIENT { return (1.0f - y * y) * dy; }
};
RECORD(Exp, 4)
  VALUE { return vexp(x); }
  GRADIENT { return y * dy; }
};
RECORD(Log, 4)
  VALUE { return vlog(x); }
  GRADIENT { return 1.0f / x * dy; }
};
RECORD(Sqrt, 2)
  VALUE { return vsqrt(x); }
  GRADIENT { return 0.5f / y * dy; }
};
RECORD(Square, 1)
  VALUE { return x * x; }
  GRADIENT { return x * 2.0f * dy; }
};
RECORD(Abs, 1)
  VALUE { return vabs(x); }
  GRADIENT { return vselect(x > 0.0f, vset(1), vselect(x < 0.0f, vset(-1), x)) * dy; }
};
RECORD(Reciprocal, 1)
  VALUE { return 1.0f / x; }
  GRADIENT { return -y * y * dy; }
};
RECORD(Affine, 1)
  VALUE { return k.p * x + k.q; }
  GRADIENT { return k.p * dy; }
};
RECORD(Clamp, 1)
  VALUE { return vselect(x < k.p, k.p, vselect(x > k.q, k.q, x)); }
  GRADIENT { return vselect((x >= k.pAbove) & (x <= k.qBelow), vset(1), vset(0)) * dy; }
};
struct Round : StraightThrough {
  VALUE { return vround(x); }
};
struct Floor : StraightThrough {
  VALUE { return vfloor(x); }
};
struct Ternary : StraightThrough {
  VALUE { return vselect(x > k.pBelow, vset(1), vselect(-x > k.pBelow, vset(-1), vset(0))); }
};
RECORD(Exp2, 4)
  VALUE { return vexp2(x); }
  GRADIENT { return y * 0.693147180559945309f * dy; }
};
/**
 * Adding what lacks from sqrt(2)'s mantissa to the next power carries into the exponent exactly where log2 |x|
 * rounds up; then only sign and exponent remain.
 */
struct PowerOfTwo : StraightThrough {
  VALUE {
    vf size = vabs(x);
    size = vselect(size < k.low, k.low, size);
    size = vselect(size > k.high, k.high, size);
    vu power = ((vu)size + (0x00800000u - 0x003504f4u)) & 0x7f800000u;
    vf result = (vf)(power | ((vu)x & 0x80000000u));
    return vselect((x != 0.0f) & (x == x), result, x);
  }
};
struct FixedPoint : StraightThrough {
  VALUE {
    vf steps = vfloor(x * k.low);
    vf most = k.limit - 1.0f;
    steps = vselect(steps < -k.limit, -k.limit, vselect(steps > most, most, steps));
    return steps * k.step;
  }
};
#undef VALUE
#undef GRADIENT
#undef RECORD

}  // namespace ISA
