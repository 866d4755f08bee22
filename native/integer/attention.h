// Attention, one row of one head at a time; the softmax is that of docs/integer.md to the bit. Keys are brought to
// [d][positions] once for each head, so that a row of scores is a sum of vectors.
#pragma once
#include "pointwise.h"

namespace ISA::whole {

constexpr int octave = 256;

/** round(2^(15 - i / 256)) for i = 0 ... 255. */
static const uint16_t exponentials[octave] = {
#include "exponentials.inc"
};

struct AttentionRoom {
  int64_t positions;  // rounded up to whole vectors
  int32_t* keys;      // [d][positions]
  int32_t* values;    // [positions][d rounded up]
  int32_t* scores;    // [tasks][positions]
};

INLINE int64_t wholeVectors(int64_t n) { return ceilDiv(n, L) * L; }

/** Shares of 2^15 of a row, in place of its scores. */
static void softmaxRow(int32_t* row, int64_t n, int64_t multiplier, int32_t shift) {
  int32_t most = row[0];
  for (int64_t j = 1; j < n; j++) most = larger(most, row[j]);
  const int64_t half = (int64_t)1 << (shift - 1);
  uint32_t sum = 0;
  for (int64_t j = 0; j < n; j++) {
    const int64_t u = (((int64_t)most - row[j]) * multiplier + half) >> shift;
    const int32_t e = u >= 16 * octave ? 0 : exponentials[u % octave] >> (u / octave);
    row[j] = e;
    sum += (uint32_t)e;
  }
  int32_t down = 0;
  while (sum >> down >= 1u << 16) down++;
  const uint32_t reciprocal = (1u << 30) / (sum >> down);
  const uint32_t round = 1u << (14 + down);
  for (int64_t j = 0; j < n; j++) {
    const uint64_t p = ((uint64_t)((uint32_t)row[j] * reciprocal) + round) >> (15 + down);
    row[j] = (int32_t)smaller<uint64_t>(32767, p);
  }
}

static void attentionStep(const Step& s, const Value* const v[4], const uint8_t* const from[3], uint8_t* to, uint8_t* scratch) {
  const Value& y = *v[3];
  const int64_t n = y.positions(), d = y.c / s.heads, wide = wholeVectors(n), deep = wholeVectors(d);
  const Target target = targetOf(y);
  int32_t* keys = (int32_t*)scratch;
  int32_t* values = keys + d * wide;
  int32_t* room = values + n * deep;
  for (int64_t head = 0; head < s.heads; head++) {
    const int64_t first = head * d;
    for (int64_t j = 0; j < n; j++)
      for (int64_t k = 0; k < d; k++) {
        keys[k * wide + j] = storedAt(from[1], v[1]->wide, j * y.c + first + k);
        values[j * deep + k] = storedAt(from[2], v[2]->wide, j * y.c + first + k);
      }
    const int64_t tasks = larger<int64_t>(1, smaller(smaller(n, mostTasks), 4 * n * n * d / worthATask));
    parallelFor(tasks, [&](int64_t task) {
      int32_t* scores = room + task * (wide + deep);
      int32_t* mixed = scores + wide;
      for (int64_t i = n * task / tasks; i < n * (task + 1) / tasks; i++) {
        for (int64_t j = 0; j < n; j += L) {
          vi acc = {};
          for (int64_t k = 0; k < d; k++)
            acc += vsetInt(storedAt(from[0], v[0]->wide, i * y.c + first + k)) * loadInt(keys + k * wide + j);
          storeInt(scores + j, acc);
        }
        softmaxRow(scores, n, s.multiplier, s.shift);
        for (int64_t k = 0; k < d; k += L) {
          vi acc = {};
          for (int64_t j = 0; j < n; j++) acc += vsetInt(scores[j]) * loadInt(values + j * deep + k);
          storeInt(mixed + k, acc);
        }
        finish(mixed, d, s.requantise, first, target, to, i * y.c + first);
      }
    });
  }
}

}  // namespace ISA::whole
