// What this processor can do at most: the rates that kernels are measured against. Not of the Backend contract.
//
// The arithmetic peaks work in registers only: as many independent sums as registers allow, so that no instruction
// waits for an earlier one. A compiler would compute |x - y| once and add it over and over; `renew` tells it that x
// may have changed, without an instruction. Where an addition can also be written as a multiply-add by one, which
// runs on other units, there is one kind for each way and one for half and half; the best counts.
#pragma once
#include "parallel.h"
#include "vec.h"

namespace ISA::peaks {

// The order is known to src/backends/peaks.ts.
enum Kind {
  multiplyAdd,
  subtractAbsAdd,
  subtractAbsFused,
  subtractAbsHalf,
  maximumAdd,
  maximumFused,
  maximumHalf,
  clampMultiplyAdd,
  read,
  triad
};

#if VECTOR_BYTES == 64 || (VECTOR_BYTES == 16 && defined(__aarch64__))  // 32 registers
constexpr int sums = 24;
#else  // 16 registers
constexpr int sums = 10;
#endif

INLINE void renew(vf& v) {
#if defined(__x86_64__)
  __asm__ volatile("" : "+v"(v));
#elif defined(__aarch64__)
  __asm__ volatile("" : "+w"(v));
#elif defined(__wasm_simd128__)
  __asm__ volatile("" : "+r"(v));
#else
  __asm__ volatile("" : "+m"(v));
#endif
}

template <Kind kind> INLINE vf step(vf sum, vf& x, vf y, vf low, vf high, vf one, bool odd) {
  if (kind == multiplyAdd) return sum * x + y;
  renew(x);
  if (kind == clampMultiplyAdd) return sum + vmin(high, vmax(low, x)) * y;
  const vf term = kind <= subtractAbsHalf ? vabs(x - y) : vmax(x, y);
  const bool fused = kind == subtractAbsFused || kind == maximumFused || (odd && (kind == subtractAbsHalf || kind == maximumHalf));
  return fused ? sum + term * one : sum + term;
}

/** Arguments as values that no compiler can foresee: `seed` is 1. */
template <Kind kind> static __attribute__((noinline)) float arithmetic(int64_t iterations, float seed) {
  vf x = vset(0.99f * seed), y = vset(0.01f * seed), low = vset(-seed), high = vset(2 * seed), one = vset(seed);
  vf sum[sums];
#pragma GCC unroll 24
  for (int i = 0; i < sums; i++) sum[i] = vset((float)i);
  for (int64_t k = 0; k < iterations; k++)
#pragma GCC unroll 24
    for (int i = 0; i < sums; i++) sum[i] = step<kind>(sum[i], x, y, low, high, one, i % 2 != 0);
  vf total = sum[0];
  for (int i = 1; i < sums; i++) total += sum[i];
  return vsum(total);
}

/** Sum over x[0 .. length); length is a multiple of 8 vectors. */
static __attribute__((noinline)) float readAll(const float* x, int64_t length) {
  vf sum[8] = {};
  for (int64_t i = 0; i < length; i += 8 * L)
#pragma GCC unroll 8
    for (int j = 0; j < 8; j++) sum[j] += load(x + i + j * L);
  vf total = sum[0];
  for (int j = 1; j < 8; j++) total += sum[j];
  return vsum(total);
}

/** z = x + s * y. */
static __attribute__((noinline)) void triadAll(const float* x, const float* y, float* z, float s, int64_t length) {
  const vf scale = vset(s);
  for (int64_t i = 0; i < length; i += 4 * L)
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) store(z + i + j * L, load(x + i + j * L) + scale * load(y + i + j * L));
}

static float arithmeticOf(int kind, int64_t iterations, float seed) {
  switch (kind) {
    case multiplyAdd: return arithmetic<multiplyAdd>(iterations, seed);
    case subtractAbsAdd: return arithmetic<subtractAbsAdd>(iterations, seed);
    case subtractAbsFused: return arithmetic<subtractAbsFused>(iterations, seed);
    case subtractAbsHalf: return arithmetic<subtractAbsHalf>(iterations, seed);
    case maximumAdd: return arithmetic<maximumAdd>(iterations, seed);
    case maximumFused: return arithmetic<maximumFused>(iterations, seed);
    case maximumHalf: return arithmetic<maximumHalf>(iterations, seed);
    default: return arithmetic<clampMultiplyAdd>(iterations, seed);
  }
}

/**
 * a: kind, tasks, iterations of one task, seed (1), out [tasks + 1], x, y, z, floats of each of them (a multiple of
 * 8 * 16 * tasks). Arithmetic kinds use out alone, `read` x, `triad` all three; those go over memory `iterations`
 * times. out[0] is how many elements one iteration of an arithmetic task computes, the rest keeps the work alive.
 */
static void peak(const double* a) {
  const int kind = (int)a[0];
  const int64_t tasks = (int64_t)a[1], iterations = (int64_t)a[2];
  const float seed = (float)a[3];
  float* out = floats(a[4]);
  float *x = floats(a[5]), *y = floats(a[6]), *z = floats(a[7]);
  const int64_t each = (int64_t)a[8] / tasks;
  out[0] = (float)(sums * L);
  parallelFor(tasks, [&](int64_t task) {
    float result = 0;
    if (kind < read) {
      result = arithmeticOf(kind, iterations, seed);
    } else {
      const int64_t at = task * each;
      for (int64_t k = 0; k < iterations; k++) {
        if (kind == read)
          result += readAll(x + at, each);
        else
          triadAll(x + at, y + at, z + at, seed, each);
      }
    }
    out[1 + task] = result;
  });
}

}  // namespace ISA::peaks
