// Attention of rows to rows, head by head, without a matrix of scores that leaves the cache.
//
// One head of one sentence is an item. Its scores stand transposed, a row for each key and a lane for each query: then
// softmax works on whole vectors, and all products are tiles of tile.h.
//
//   forward    S = K Q'     P = softmax of the columns             Y = P' V
//   backward   S = K Q'     P = exp(S - statistic)   G = V dY'     D = P (m G - d), d = dy . y
//              dV = (m P) dY     dK = D Q     dQ = D' K            m: 1 / (1 - drop) or 0 for each weight
//
// Queries are taken a panel at a time. A step of decoding, which has one, would leave lanes empty: attention_step.h.
//
// A key that a query does not see has the weight 0 in its panel, which leaves it out as long as it is finite: 0 times
// infinity is NaN. Where that may have happened the rows in question are summed again over what is seen alone (`sumRows`).
#pragma once
#include "attention_step.h"
#include "tile.h"

namespace ISA::heavy {

/** Pieces of one block of scratch memory; every piece begins at a multiple of 64 bytes. */
struct Pieces {
  float* at;
  float* take(int64_t floats) {
    float* piece = at;
    at += ceilDiv(floats, 16) * 16;
    return piece;
  }
};

/** A panel of queries of an item. */
struct QueryPanel {
  int64_t first, count, most;  // most: keys that its last query sees, which are those that any of it sees
  int vectors;
  QueryPanel(const Attention& s, const Panels<multiply>& across, int64_t item, int64_t p)
      : first(p * across.width), count(across.columns(p)), most(s.seen(item / s.heads, first + count - 1)), vectors(across.vectors(p)) {}
};

/** L queries of an item: how many keys each sees. */
struct Sight {
  vi seen;
  int64_t least, most;  // lanes beyond the last query see what it would
  Sight(const Attention& s, int64_t sentence, int64_t query) : least(s.seen(sentence, query)), most(s.seen(sentence, query + L - 1)) {
    for (int i = 0; i < L; i++) seen[i] = (int32_t)s.seen(sentence, query + i);
  }
  vi of(int64_t j) const { return seen > vsetInt((int32_t)j); }
};

/** Whether no lane is set. */
INLINE bool none(vi mask) { return all(~mask); }
INLINE vi isNan(vf x) { return (vi)(x != x); }
/** Lanes that are infinite or NaN. */
INLINE vi strange(vf x) { return ~(vi)(x - x == 0); }

/**
 * y = alpha * sum of `count` rows that lie `apart`, each times its weight (+ y), in the order of a tile: the same bits. A
 * weight stands every `step`.
 */
static void sumRows(const float* weights, int64_t step, const float* rows, int64_t apart, int64_t count, int64_t width, float* y, float alpha,
                    bool accumulate) {
  overVectors(0, width, [&](int64_t d, auto at) {
    vf sum = {};
    for (int64_t i = 0; i < count; i++) sum += vset(weights[i * step]) * at.get(rows + i * apart + d);
    sum = vset(alpha) * sum;
    at.put(y + d, accumulate ? sum + at.get(y + d) : sum);
  });
}

/** Softmax down the columns of scores: rows of `lanes`, `keys` of them. What a query does not see becomes 0. */
static void softmaxLanes(const Attention& s, const Kept& kept, const Sight& sight, float* scores, int64_t lanes, int64_t keys, int64_t row,
                         vf& inverse, vf& statistic) {
  const vf never = vset(-__builtin_inff());
  vf most = never;
  const int64_t plain = smaller(sight.least, keys);
  for (int64_t j = 0; j < plain; j++) most = vmax(most, load(scores + j * lanes));
  for (int64_t j = plain; j < keys; j++) {
    const vf score = vselect(sight.of(j), load(scores + j * lanes), never);
    store(scores + j * lanes, score);
    most = vmax(most, score);
  }
  const vi nothing = sight.seen == 0;
  const vf top = vselect(nothing, vset(0), most);
  const vu rows = (vu)laneNumbers() + (uint32_t)row;
  vf even = {}, odd = {};
  for (int64_t j = 0; j < keys; j += 2) {
    float *one = scores + j * lanes, *two = one + lanes;
    const bool both = j + 1 < keys;
    vf first = vexpBelow(load(one) - top), second = both ? vexpBelow(load(two) - top) : vset(0);
    even += first;
    odd += second;
    if (s.drop > 0) {
      vf keptFirst, keptSecond;
      Kept::draw(kept, rows, j, keptFirst, keptSecond);
      first = first * keptFirst;
      second = second * keptSecond;
    }
    store(one, first);
    if (both) store(two, second);
  }
  const vf total = even + odd;
  inverse = vselect(nothing, vset(0), 1.0f / total);
  statistic = vselect(nothing, never, most + vlog(total));
}

static void attentionForward(const double* a) {
  const float *q = floats(a[0]), *k = floats(a[1]), *v = floats(a[2]);
  float *y = floats(a[4]), *statistics = floats(a[5]);
  const Attention s = attentionOf(a + 6, a[3]);
  if (stepsSuit(s)) return attentionSteps(s, q, k, v, y, statistics);
  const Panels<multiply> across(s.queries), along(s.width);
  const int64_t columns = s.columns(), lanes = across.width;
  const Kept kept(s);
  overItems(s.items(), s.queries * s.keys * s.width / 8, [&](int64_t begin, int64_t end) {
    const float** keyRows = (const float**)parallel::scratch(parallel::taskA, 2 * (2 * s.keys + lanes));
    float* block = parallel::scratch(parallel::taskB, s.keys * lanes + s.width * lanes + along.size(s.keys) + lanes + 64);
    if (!keyRows || !block) return;
    float **scoreRows = (float**)(keyRows + s.keys), **yRows = scoreRows + s.keys;
    Pieces pieces = {block};
    float *scores = pieces.take(s.keys * lanes), *asked = pieces.take(s.width * lanes), *inverses = pieces.take(lanes);
    float* values = pieces.take(along.size(s.keys));
    for (int64_t item = begin; item < end; item++) {
      const int64_t sentence = item / s.heads, length = s.length(sentence);
      for (int64_t j = 0; j < length; j++) keyRows[j] = k + s.keyAt(item, j);
      for (int64_t d = 0; d < along.count(); d++)
        packRows(v + s.keyAt(item, 0) + d * along.width, columns, length, along.columns(d), along.vectors(d) * L, values + along.offset(d, length));
      for (int64_t p = 0; p < across.count(); p++) {
        const QueryPanel part(s, across, item, p);
        const int stride = part.vectors * L;
        for (int64_t j = 0; j < part.most; j++) scoreRows[j] = scores + j * stride;
        for (int64_t i = 0; i < part.count; i++) yRows[i] = y + s.queryAt(item, part.first + i);
        packColumns(q + s.queryAt(item, part.first), columns, s.width, (int)part.count, stride, asked);
        panel<multiply>(part.vectors, part.most, Rows{keyRows, 0, 1, s.width, nullptr, asked}, Write{scoreRows, 0, stride, s.scale, false});
        for (int i = 0; i < part.vectors; i++) {
          const int64_t row = item * s.queries + part.first + i * L;
          vf inverse, statistic;
          softmaxLanes(s, kept, Sight(s, sentence, part.first + i * L), scores + i * L, stride, part.most, row, inverse, statistic);
          store(inverses + i * L, inverse);
          const int64_t left = part.count - i * L;
          if (left >= L)
            store(statistics + row, statistic);
          else
            storePart(statistics + row, statistic, (int)left);
        }
        for (int64_t d = 0; d < along.count(); d++)
          outerPanel(along.vectors(d), part.count, scoreRows, 0, part.most, values + along.offset(d, length), along.vectors(d) * L,
                     Write{yRows, d * along.width, along.columns(d), 1, false});
        for (int64_t i = 0; i < part.count; i++) {
          float* out = yRows[i];
          vi lost = {};
          overVectors(0, s.width, [&](int64_t d, auto at) {
            const vf sum = at.get(out + d) * inverses[i];
            lost |= isNan(sum);
            at.put(out + d, sum);
          });
          const int64_t seen = s.seen(sentence, part.first + i);
          if (seen < part.most && !none(lost))
            sumRows(scores + i, stride, v + s.keyAt(item, 0), columns, seen, s.width, out, inverses[i], false);
        }
      }
    }
  });
}

/**
 * Of L queries: scores become the weights that values were multiplied with, and slopes, which come as dy . v, the
 * gradients of scores, without their scale. Gives the lanes where a key that is not seen, or the query that does not see
 * it, may be infinite or NaN in any of q, k, v and dy: else the products of both were finite.
 */
static vi slopesOf(const Attention& s, const Kept& kept, const Sight& sight, float* scores, float* slopes, int64_t lanes, int64_t keys,
                   int64_t row, vf statistic, vf mean) {
  const vu rows = (vu)laneNumbers() + (uint32_t)row;
  vi lost = {};
  auto one = [&](int64_t j, vf factor) __attribute__((always_inline)) {
    float *score = scores + j * lanes, *slope = slopes + j * lanes;
    const vf asked = load(score), sent = load(slope);
    vf weight = vexpBelow(asked - statistic), gradient = weight * (factor * sent - mean);
    if (j >= sight.least) {
      const vi seen = sight.of(j);
      lost |= ~seen & (strange(asked) | strange(sent));
      weight = vselect(seen, weight, vset(0));
      gradient = vselect(seen, gradient, vset(0));
    }
    store(slope, gradient);
    store(score, weight * factor);
  };
  for (int64_t j = 0; j < keys; j += 2) {
    vf even = vset(1), odd = vset(1);
    if (s.drop > 0) Kept::draw(kept, rows, j, even, odd);
    one(j, even);
    if (j + 1 < keys) one(j + 1, odd);
  }
  return lost;
}

static void attentionBackward(const double* a) {
  const float *q = floats(a[0]), *k = floats(a[1]), *v = floats(a[2]), *y = floats(a[4]), *statistics = floats(a[5]);
  const float* dy = floats(a[6]);
  float *dq = floats(a[7]), *dk = floats(a[8]), *dv = floats(a[9]);
  const Attention s = attentionOf(a + 10, a[3]);
  const Panels<multiply> across(s.queries), along(s.width);
  const int64_t columns = s.columns(), lanes = across.width;
  const Kept kept(s);
  overItems(s.items(), s.queries * s.keys * s.width / 4, [&](int64_t begin, int64_t end) {
    const float** keyRows = (const float**)parallel::scratch(parallel::taskA, 2 * (6 * s.keys + lanes));
    float* block = parallel::scratch(parallel::taskB, 2 * s.keys * lanes + 2 * s.width * lanes + along.size(s.keys) + 2 * along.size(lanes) + lanes + 128);
    if (!keyRows || !block) return;
    const float** valueRows = keyRows + s.keys;
    float **scoreRows = (float**)(valueRows + s.keys), **slopeRows = scoreRows + s.keys;
    float **dkRows = slopeRows + s.keys, **dvRows = dkRows + s.keys, **dqRows = dvRows + s.keys;
    Pieces pieces = {block};
    float *scores = pieces.take(s.keys * lanes), *slopes = pieces.take(s.keys * lanes);
    float *asked = pieces.take(s.width * lanes), *sent = pieces.take(s.width * lanes), *means = pieces.take(lanes);
    float *keyPanels = pieces.take(along.size(s.keys)), *queryPanels = pieces.take(along.size(lanes)), *dyPanels = pieces.take(along.size(lanes));
    auto pack = [&](const float* from, int64_t rows, float* to) {
      for (int64_t d = 0; d < along.count(); d++)
        packRows(from + d * along.width, columns, rows, along.columns(d), along.vectors(d) * L, to + along.offset(d, rows));
    };
    for (int64_t item = begin; item < end; item++) {
      const int64_t sentence = item / s.heads, length = s.queries > 0 ? s.length(sentence) : 0;
      for (int64_t j = 0; j < length; j++) {
        keyRows[j] = k + s.keyAt(item, j);
        valueRows[j] = v + s.keyAt(item, j);
        dkRows[j] = dk + s.keyAt(item, j);
        dvRows[j] = dv + s.keyAt(item, j);
      }
      for (int64_t j = length; j < s.keyRows; j++) {
        zero(dk + s.keyAt(item, j), s.width);
        zero(dv + s.keyAt(item, j), s.width);
      }
      pack(k + s.keyAt(item, 0), length, keyPanels);
      // from the last panel, whose queries see all keys that are seen: it writes what the others add to
      for (int64_t p = across.count(); p-- > 0;) {
        const QueryPanel part(s, across, item, p);
        const int stride = part.vectors * L;
        const bool later = p + 1 < across.count();
        const int64_t from = s.queryAt(item, part.first);
        for (int64_t j = 0; j < part.most; j++) {
          scoreRows[j] = scores + j * stride;
          slopeRows[j] = slopes + j * stride;
        }
        for (int64_t i = 0; i < part.count; i++) {
          const int64_t at = s.queryAt(item, part.first + i);
          dqRows[i] = dq + at;
          means[i] = sumOver(s.width, [&](int64_t d, auto piece) { return piece.get(dy + at + d) * piece.get(y + at + d); });
        }
        packColumns(q + from, columns, s.width, (int)part.count, stride, asked);
        packColumns(dy + from, columns, s.width, (int)part.count, stride, sent);
        pack(q + from, part.count, queryPanels);
        pack(dy + from, part.count, dyPanels);
        panel<multiply>(part.vectors, part.most, Rows{keyRows, 0, 1, s.width, nullptr, asked}, Write{scoreRows, 0, stride, s.scale, false});
        panel<multiply>(part.vectors, part.most, Rows{valueRows, 0, 1, s.width, nullptr, sent}, Write{slopeRows, 0, stride, 1, false});
        vi lost = {};
        for (int i = 0; i < part.vectors; i++) {
          const int64_t row = item * s.queries + part.first + i * L, left = part.count - i * L;
          const Sight sight(s, sentence, part.first + i * L);
          const vf statistic = left >= L ? load(statistics + row) : loadPart(statistics + row, (int)left);
          const vf mean = left >= L ? load(means + i * L) : loadPart(means + i * L, (int)left);
          lost |= slopesOf(s, kept, sight, scores + i * L, slopes + i * L, stride, part.most, row, statistic, mean);
        }
        const bool whole = none(lost);
        // keys that every query of the panel sees, or all where the others need no care
        const int64_t plain = whole ? part.most : s.seen(sentence, part.first);
        for (int64_t d = 0; d < along.count(); d++) {
          const int vectors = along.vectors(d);
          const int64_t column = d * along.width;
          const int wide = along.columns(d);
          panel<multiply>(vectors, plain, Rows{scoreRows, 0, 1, part.count, nullptr, dyPanels + along.offset(d, part.count)},
                          Write{dvRows, column, wide, 1, later});
          panel<multiply>(vectors, plain, Rows{slopeRows, 0, 1, part.count, nullptr, queryPanels + along.offset(d, part.count)},
                          Write{dkRows, column, wide, s.scale, later});
          outerPanel(vectors, part.count, slopeRows, 0, part.most, keyPanels + along.offset(d, length), vectors * L,
                     Write{dqRows, column, wide, s.scale, false});
        }
        if (whole) continue;
        for (int64_t j = plain; j < part.most; j++) {
          int64_t i = 0;
          while (s.seen(sentence, part.first + i) <= j) i++;
          const int64_t seeing = part.count - i, at = from + i * columns;
          sumRows(scoreRows[j] + i, 1, dy + at, columns, seeing, s.width, dvRows[j], 1, later);
          sumRows(slopeRows[j] + i, 1, q + at, columns, seeing, s.width, dkRows[j], s.scale, later);
        }
        for (int64_t i = 0; i < part.count; i++)
          sumRows(slopes + i, stride, k + s.keyAt(item, 0), columns, s.seen(sentence, part.first + i), s.width, dqRows[i], s.scale, false);
      }
    }
  });
}

}  // namespace ISA::heavy
