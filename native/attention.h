// Attention without a matrix of scores: one row of them at a time, for each head of each sentence.
#pragma once
#include "light_dropout.h"
#include "light_softmax.h"

namespace ISA {

struct Attention {
  int64_t n, heads, queries, keys, width, keyRows;
  bool causal;
  float scale, drop;
  uint32_t key0, key1;
  const int32_t* lengths;
  int64_t columns() const { return heads * width; }
  int64_t seen(int64_t sentence, int64_t i) const {
    int64_t length = lengths ? lengths[sentence] : keys;
    return causal ? larger<int64_t>(0, smaller(length, keys - queries + i + 1)) : length;
  }
};

INLINE Attention attentionOf(const double* a, double lengths) {
  return {(int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3], (int64_t)a[4], (int64_t)a[5], a[6] != 0, (float)a[7],
          (float)a[8], (uint32_t)(int64_t)a[9], (uint32_t)(int64_t)a[10], ints(lengths)};
}

/** 1 / (1 - drop) for a kept weight of the row, 0 for a dropped one. */
INLINE vf keptFactors(const Attention& s, double drop, int64_t row, int64_t j) {
  vu first = (vu)laneNumbers() + (uint32_t)j, second = (vu){} + (uint32_t)(row / 2);
  threefry(s.key0, s.key1, first, second);
  const vu word = row % 2 ? second : first;
  return vselect((vi)(word >> 8) > keptAbove(drop), vset((float)(1 / (1 - drop))), vset(0));
}

INLINE float dotRow(const float* a, const float* b, int64_t width) {
  return sumOver(width, [&](int64_t d, auto at) { return at.get(a + d) * at.get(b + d); });
}

INLINE void addRow(float* to, const float* from, float factor, int64_t width) {
  overVectors(0, width, [&](int64_t d, auto at) { at.put(to + d, at.get(to + d) + at.get(from + d) * factor); });
}

static void attentionForward(const double* a) {
  const float *q = floats(a[0]), *k = floats(a[1]), *v = floats(a[2]);
  float *y = floats(a[4]), *statistics = floats(a[5]);
  const Attention s = attentionOf(a + 6, a[3]);
  const double drop = a[14];
  const int64_t columns = s.columns();
  overItems(s.n * s.heads, s.queries * s.keys * s.width, [&](int64_t begin, int64_t end) {
    float* scores = parallel::scratch(parallel::taskA, 2 * (s.keys + L));
    if (!scores) return;
    float* kept = scores + s.keys + L;
    for (int64_t item = begin; item < end; item++) {
      const int64_t sentence = item / s.heads, head = item % s.heads, from = sentence * s.keyRows * columns + head * s.width;
      for (int64_t i = 0; i < s.queries; i++) {
        const int64_t row = item * s.queries + i, at = (sentence * s.queries + i) * columns + head * s.width;
        const int64_t seen = s.seen(sentence, i);
        __builtin_memset(y + at, 0, (size_t)s.width * sizeof(float));
        statistics[row] = -__builtin_inff();
        if (seen == 0) continue;
        for (int64_t j = 0; j < seen; j++) scores[j] = s.scale * dotRow(q + at, k + from + j * columns, s.width);
        const float most = maximumOver(seen, [&](int64_t j, auto part) { return part.get(scores + j); });
        const float total = sumOver(seen, [&](int64_t j, auto part) {
          const vf weight = vexp(part.get(scores + j) - most);
          part.put(kept + j, drop > 0 ? weight * keptFactors(s, drop, row, j) : weight);
          return weight;
        });
        for (int64_t j = 0; j < seen; j++) addRow(y + at, v + from + j * columns, kept[j] / total, s.width);
        statistics[row] = most + vlog(vset(total))[0];
      }
    }
  });
}

static void attentionBackward(const double* a) {
  const float *q = floats(a[0]), *k = floats(a[1]), *v = floats(a[2]), *y = floats(a[4]), *statistics = floats(a[5]);
  const float* dy = floats(a[6]);
  float *dq = floats(a[7]), *dk = floats(a[8]), *dv = floats(a[9]);
  const Attention s = attentionOf(a + 10, a[3]);
  const double drop = a[18];
  const int64_t columns = s.columns();
  overItems(s.n * s.heads, 2 * s.queries * s.keys * s.width, [&](int64_t begin, int64_t end) {
    float* weights = parallel::scratch(parallel::taskA, 2 * (s.keys + L));
    if (!weights) return;
    float* slopes = weights + s.keys + L;
    for (int64_t item = begin; item < end; item++) {
      const int64_t sentence = item / s.heads, head = item % s.heads, from = sentence * s.keyRows * columns + head * s.width;
      for (int64_t j = 0; j < s.keyRows; j++) {
        __builtin_memset(dk + from + j * columns, 0, (size_t)s.width * sizeof(float));
        __builtin_memset(dv + from + j * columns, 0, (size_t)s.width * sizeof(float));
      }
      for (int64_t i = 0; i < s.queries; i++) {
        const int64_t row = item * s.queries + i, at = (sentence * s.queries + i) * columns + head * s.width;
        const int64_t seen = s.seen(sentence, i);
        const float mean = dotRow(dy + at, y + at, s.width), statistic = statistics[row];
        __builtin_memset(dq + at, 0, (size_t)s.width * sizeof(float));
        for (int64_t j = 0; j < seen; j++) {
          weights[j] = s.scale * dotRow(q + at, k + from + j * columns, s.width);
          slopes[j] = dotRow(dy + at, v + from + j * columns, s.width);
        }
        overVectors(0, seen, [&](int64_t j, auto part) {
          const vf weight = vexp(part.get(weights + j) - statistic);
          const vf kept = drop > 0 ? keptFactors(s, drop, row, j) : vset(1);
          part.put(slopes + j, weight * (kept * part.get(slopes + j) - mean) * s.scale);
          part.put(weights + j, weight * kept);
        });
        for (int64_t j = 0; j < seen; j++) {
          const int64_t to = from + j * columns;
          addRow(dq + at, k + to, slopes[j], s.width);
          addRow(dk + to, q + at, slopes[j], s.width);
          addRow(dv + to, dy + at, weights[j], s.width);
        }
      }
    }
  });
}

}  // namespace ISA
