// How light kernels walk over memory: whole vectors with one shorter piece at the end, and long ranges cut into
// tasks. The same code sees both kinds of piece through `at`:
//
//   overVectors(begin, end, [&](int64_t i, auto at) { at.put(y + i, f(at.get(x + i))); });
//
// The number of tasks and their borders follow from sizes alone, so results do not depend on threads. Below
// `inlineWork` elements everything runs in the calling thread: waking another one would cost more.
#pragma once
#include "parallel.h"
#include "vec.h"

namespace ISA {

/** A whole vector. */
struct Full {
  inline __attribute__((always_inline)) vf get(const float* p) const { return load(p); }
  inline __attribute__((always_inline)) void put(float* p, vf v) const { store(p, v); }
  inline __attribute__((always_inline)) vf keep(vf v, float) const { return v; }
};

/** The numbers of the lanes. */
INLINE vi laneNumbers() {
  vi v;
  for (int i = 0; i < L; i++) v[i] = i;
  return v;
}

/** The first n lanes: the others read as zero and are not written. */
struct Part {
  int n;
  inline __attribute__((always_inline)) vf get(const float* p) const { return loadPart(p, n); }
  inline __attribute__((always_inline)) void put(float* p, vf v) const { storePart(p, v, n); }
  /** v with `other` in the lanes that are not there. */
  inline __attribute__((always_inline)) vf keep(vf v, float other) const {
    return vselect(laneNumbers() < n, v, vset(other));
  }
};

template <typename F>
INLINE void overVectors(int64_t begin, int64_t end, F&& f) {
  int64_t i = begin;
  for (; i + L <= end; i += L) f(i, Full{});
  if (i < end) f(i, Part{(int)(end - i)});
}

/** Sum over [0, length) of what f gives for each piece: four running vectors, then their lanes, in that order. */
template <typename F>
INLINE float sumOver(int64_t length, F&& f) {
  vf s0 = {}, s1 = {}, s2 = {}, s3 = {};
  int64_t i = 0;
  for (; i + 4 * L <= length; i += 4 * L) {
    s0 += f(i, Full{});
    s1 += f(i + L, Full{});
    s2 += f(i + 2 * L, Full{});
    s3 += f(i + 3 * L, Full{});
  }
  for (; i + L <= length; i += L) s0 += f(i, Full{});
  if (i < length) {
    Part at{(int)(length - i)};
    s1 += at.keep(f(i, at), 0);
  }
  return vsum((s0 + s1) + (s2 + s3));
}

constexpr int64_t inlineWork = 16384;
constexpr int64_t mostTasks = 64;

/** Tasks for `count` items of `cost` elements each. */
INLINE int64_t tasksFor(int64_t count, int64_t cost) {
  int64_t work = count * larger<int64_t>(cost, 1);
  if (work < inlineWork) return 1;
  return larger<int64_t>(1, smaller(smaller(mostTasks, count), work / (inlineWork / 2)));
}

/** f(begin, end) over pieces of [0, count), items of `cost` elements each. */
template <typename F>
INLINE void overItems(int64_t count, int64_t cost, F&& f) {
  if (count <= 0) return;
  int64_t tasks = tasksFor(count, cost);
  parallelFor(tasks, [&](int64_t t) { f(count * t / tasks, count * (t + 1) / tasks); });
}

/** As overItems for elements; `cost` is 1 for what memory limits. Borders fall between cache lines. */
template <typename F>
INLINE void overElements(int64_t count, int64_t cost, F&& f) {
  overItems(ceilDiv(count, 16), 16 * cost,
            [&](int64_t begin, int64_t end) { f(begin * 16, smaller(end * 16, count)); });
}

/** Scratch memory for doubles. */
INLINE double* scratchDoubles(parallel::Slot slot, int64_t count) {
  return (double*)parallel::scratch(slot, 2 * count);
}

}  // namespace ISA
