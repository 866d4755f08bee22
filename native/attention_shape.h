// What the kernels of attention share: sizes, which keys a query sees, dropped weights, the exponential.
#pragma once
#include "light_dropout.h"
#include "light_softmax.h"

namespace ISA {

/** The contract's AttentionShape, with the lengths and the key of the draws. */
struct Attention {
  int64_t n, heads, queries, keys, width, keyRows;
  bool causal;
  float scale;
  double drop;
  uint32_t key0, key1;
  const int32_t* lengths;

  int64_t columns() const { return heads * width; }
  int64_t items() const { return n * heads; }
  /** Keys of a sentence. */
  int64_t length(int64_t sentence) const { return lengths ? lengths[sentence] : keys; }
  /** Keys that query i of a sentence sees: the first so many. */
  int64_t seen(int64_t sentence, int64_t i) const {
    return causal ? larger<int64_t>(0, smaller(length(sentence), keys - queries + i + 1)) : length(sentence);
  }
  /** Where the head of an item begins in row i of q and its like, and in row j of k and its like. */
  int64_t queryAt(int64_t item, int64_t i) const { return (item / heads * queries + i) * columns() + item % heads * width; }
  int64_t keyAt(int64_t item, int64_t j) const { return (item / heads * keyRows + j) * columns() + item % heads * width; }
};

INLINE Attention attentionOf(const double* a, double lengths) {
  return {(int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3], (int64_t)a[4], (int64_t)a[5], a[6] != 0, (float)a[7], a[8],
          (uint32_t)(int64_t)a[9], (uint32_t)(int64_t)a[10], ints(lengths)};
}

/** Factors of the weights: 1 / (1 - drop) where they are kept, 0 where they are dropped. */
struct Kept {
  uint32_t key0, key1;
  vi above;
  vf factor;
  explicit Kept(const Attention& s)
      : key0(s.key0), key1(s.key1), above(vsetInt(keptAbove(s.drop))), factor(vset((float)(1 / (1 - s.drop)))) {}

  /** Of keys j and j + 1, j even, in the rows that the lanes of `row` name. */
  INLINE void draw(const Kept& s, vu row, int64_t j, vf& even, vf& odd) {
    vu second = (vu){} + (uint32_t)(j / 2);
    threefry(s.key0, s.key1, row, second);
    even = vselect((vi)(row >> 8) > s.above, s.factor, vset(0));
    odd = vselect((vi)(second >> 8) > s.above, s.factor, vset(0));
  }
  /** Of L keys from j on in one row. */
  INLINE vf along(const Kept& s, int64_t row, int64_t j) {
    const vu key = (vu)laneNumbers() + (uint32_t)j;
    vu first = (vu){} + (uint32_t)row, second = key >> 1;
    threefry(s.key0, s.key1, first, second);
    const vu word = (vu)vselect((vi)(key & 1u) != 0, (vf)second, (vf)first);
    return vselect((vi)(word >> 8) > s.above, s.factor, vset(0));
  }
};

/** e^x for x <= 0, 0 below -87, where results would no longer be normal. */
INLINE vf vexpBelow(vf x) {
  vu n;
  const vf bounded = vmax(vset(-87), x);
  const vf whole = nearestWhole(bounded * 1.44269504088896341f, n);
  vf r = bounded - whole * 0.693359375f;
  r = r - whole * -2.12194440e-4f;
  return vselect(x < -87.0f, vset(0), expNearZero(r) * (vf)((n + 127) << 23));
}

}  // namespace ISA
