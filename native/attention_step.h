// A step of decoding: one query a sentence, or very few, and keys and values that lie in a cache, rows of all heads.
// They are read once, in the order in which they lie; what there is to compute is little beside that.
#pragma once
#include "attention_shape.h"
#include "fewrows.h"

namespace ISA::heavy {

/** Whether lanes would stay empty if they were queries. */
INLINE bool stepsSuit(const Attention& s) { return s.queries * 4 <= larger(L, 4); }

/** Scores of `count` <= L keys of one head, not scaled. */
INLINE vf scoresOf(const float* q, const float* k, int64_t columns, int64_t width, int64_t count) {
  vf sums[L];
  const float* rows[L];
#pragma GCC unroll 16
  for (int i = 0; i < L; i++) {
    sums[i] = (vf){};
    rows[i] = k + smaller<int64_t>(i, count - 1) * columns;
  }
  int64_t d = 0;
  for (; d + L <= width; d += L) {
    const vf asked = load(q + d);
#pragma GCC unroll 16
    for (int i = 0; i < L; i++) sums[i] += asked * load(rows[i] + d);
  }
  if (d < width) {
    const int left = (int)(width - d);
    const vf asked = loadPart(q + d, left);
#pragma GCC unroll 16
    for (int i = 0; i < L; i++) sums[i] += asked * loadPart(rows[i] + d, left);
  }
  return sumsOf(sums);
}

/** y += sum over `count` rows of weights[j] * v[j], one head. */
INLINE void addValues(const float* weights, const float* v, int64_t columns, int64_t width, int64_t count, float* y) {
  overVectors(0, width, [&](int64_t d, auto at) {
    vf even = at.get(y + d), odd = {};
    int64_t j = 0;
    for (; j + 2 <= count; j += 2) {
      even += at.get(v + j * columns + d) * weights[j];
      odd += at.get(v + (j + 1) * columns + d) * weights[j + 1];
    }
    if (j < count) even += at.get(v + j * columns + d) * weights[j];
    at.put(y + d, even + odd);
  });
}

static void attentionSteps(const Attention& s, const float* q, const float* k, const float* v, float* y, float* statistics) {
  const int64_t columns = s.columns(), room = ceilDiv(s.keys, L) * L;
  const Kept kept(s);
  overItems(s.n, s.queries * s.keys * columns, [&](int64_t begin, int64_t end) {
    float* scores = parallel::scratch(parallel::taskA, s.heads * room);
    if (!scores) return;
    for (int64_t sentence = begin; sentence < end; sentence++)
      for (int64_t i = 0; i < s.queries; i++) {
        const int64_t seen = s.seen(sentence, i);
        const float *asked = q + (sentence * s.queries + i) * columns, *keys = k + sentence * s.keyRows * columns;
        const float* values = v + sentence * s.keyRows * columns;
        float* out = y + (sentence * s.queries + i) * columns;
        zero(out, columns);
        for (int64_t j = 0; j < seen; j += L)
          for (int64_t head = 0; head < s.heads; head++)
            store(scores + head * room + j, scoresOf(asked + head * s.width, keys + j * columns + head * s.width, columns, s.width,
                                                     smaller<int64_t>(L, seen - j)) * s.scale);
        for (int64_t head = 0; head < s.heads; head++) {
          float* own = scores + head * room;
          const int64_t row = (sentence * s.heads + head) * s.queries + i;
          const float most = maximumOver(seen, [&](int64_t j, auto at) { return at.get(own + j); });
          const float total = sumOver(seen, [&](int64_t j, auto at) {
            const vf weight = vexpBelow(at.get(own + j) - most);
            at.put(own + j, s.drop > 0 ? weight * Kept::along(kept, row, j) : weight);
            return weight;
          });
          overVectors(0, seen, [&](int64_t j, auto at) { at.put(own + j, at.get(own + j) * (1 / total)); });
          statistics[row] = seen == 0 ? -__builtin_inff() : most + vlog(vset(total))[0];
        }
        for (int64_t j = 0; j < seen; j += L)
          for (int64_t head = 0; head < s.heads; head++)
            addValues(scores + head * room + j, values + j * columns + head * s.width, columns, s.width, smaller<int64_t>(L, seen - j),
                      out + head * s.width);
      }
  });
}

}  // namespace ISA::heavy
