// The end of rowssad.h: accumulators of one channel at many positions become numbers, and those of 16 channels are stored
// together, position by position.
//
//   halves    the 32 positions of a vector as 32-bit lanes: those with an even number, then those with an odd one
#pragma once
#include "requantise.h"
#include "rowsexpand.h"

#if ROWS_SAD

namespace ISA::whole {

/** Output channels of a tile. */
constexpr int rowsSadOutputs = 4;
/** Segments of the largest tile, and its positions. */
constexpr int rowsSadSegments = 16, rowsSadPositions = 8 * rowsSadSegments;
/** Channels that are stored together. */
constexpr int rowsSadTogether = 16;

/** n accumulators of one channel become numbers in their place; n is a multiple of a vector. */
static void requantiseAlong(int32_t* acc, int64_t n, const Requantise& how, int64_t channel, const Target& to) {
  const vi low = vsetInt(to.low), high = vsetInt(to.high);
  if (how.terms == 0) {
    const vd factor = how.factor[channel] - (vd){}, offset = how.offset[channel] - (vd){};
    for (int64_t i = 0; i < n; i += L) {
      const viHalf first = scaled(*(const viHalfAnywhere*)(acc + i), factor, offset, to);
      const viHalf second = scaled(*(const viHalfAnywhere*)(acc + i + L / 2), factor, offset, to);
      storeInt(acc + i, withinScaled(joined(first, second), to));
    }
    return;
  }
  // a term is negated by its sign's bits, ~t = -t - 1; the ones are taken from the addend
  vi right[4], sign[4];
  int32_t left[4], anyLeft = 0;
  uint32_t addend = (uint32_t)how.addend[channel];
  int terms = 0;
  for (int32_t k = 0; k < how.terms; k++) {
    const int64_t at = k * how.stride + channel;
    if (how.sign[at] == 0) continue;
    const int32_t negative = how.sign[at] >> 31;
    left[terms] = how.left[at], right[terms] = vsetInt(how.right[at]), sign[terms++] = vsetInt(negative);
    anyLeft |= how.left[at];
    addend -= (uint32_t)negative;
  }
  const vi start = vsetInt((int32_t)addend), shift = vsetInt(how.shift);
  for (int64_t i = 0; i < n; i += L) {
    const vi v = loadInt(acc + i);
    vi t = start;
    if (anyLeft == 0)
      for (int k = 0; k < terms; k++) t += (v >> right[k]) ^ sign[k];
    else
      for (int k = 0; k < terms; k++) t += ((vi)((vu)v << (vu)vsetInt(left[k])) >> right[k]) ^ sign[k];
    storeInt(acc + i, largest(smallest(t >> shift, high), low));
  }
}

/** A vector of each of four channels as bytes within bounds: 32-bit lanes of the four. */
INLINE __m512i fourAsBytes(const __m512i* v, __m512i low, __m512i high) {
  const __m512i together =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const __m512i ab = _mm512_packs_epi32(v[0], v[1]), cd = _mm512_packs_epi32(v[2], v[3]);
  const __m512i bytes = _mm512_shuffle_epi8(_mm512_packs_epi16(ab, cd), together);
  return _mm512_xor_si512(_mm512_max_epi8(_mm512_min_epi8(bytes, high), low), _mm512_set1_epi8((char)0x80));
}

/** Accumulators of four channels of R vectors become bytes: 32-bit lanes [R][halves] of four channels each. */
template <int R, typename F>
INLINE void packChannels(const int32_t* tile, const Target& target, int32_t* to, F&& number) {
  const __m512i low = _mm512_set1_epi8((char)target.low), high = _mm512_set1_epi8((char)target.high);
  for (int i = 0; i < R * 2; i++) {
    __m512i v[rowsSadOutputs];
    for (int q = 0; q < rowsSadOutputs; q++) v[q] = number(_mm512_load_si512(tile + (q * R * 2 + i) * L), q);
    _mm512_store_si512(to + i * L, fourAsBytes(v, low, high));
  }
}

/** Signed digits of four channels, as the vectors that compute them: a term is (acc >> right ^ sign) & keep. */
template <int terms>
struct Digits {
  int32_t right[terms][rowsSadOutputs], sign[terms][rowsSadOutputs], keep[terms][rowsSadOutputs], start[rowsSadOutputs];

  /** False: a term is shifted to the left, which this has no place for. */
  bool read(const Requantise& how, int64_t channel) {
    int32_t left = 0;
    for (int q = 0; q < rowsSadOutputs; q++) {
      uint32_t addend = (uint32_t)how.addend[channel + q];
      for (int k = 0; k < terms; k++) {
        const int64_t at = k * how.stride + channel + q;
        left |= how.left[at];
        right[k][q] = how.right[at];
        // negated by its sign's bits, ~t = -t - 1; the ones are taken from the addend
        sign[k][q] = how.sign[at] >> 31;
        keep[k][q] = -(how.sign[at] & 1);
        addend -= (uint32_t)sign[k][q];
      }
      start[q] = (int32_t)addend;
    }
    return left == 0;
  }

  __m512i number(__m512i acc, int q, __m128i shift) const {
    __m512i sum = _mm512_set1_epi32(start[q]);
    for (int k = 0; k < terms; k++) {
      const __m512i term = _mm512_srav_epi32(acc, _mm512_set1_epi32(right[k][q]));
      constexpr int xorAnd = 0x28;
      sum = _mm512_add_epi32(sum, _mm512_ternarylogic_epi32(term, _mm512_set1_epi32(sign[k][q]), _mm512_set1_epi32(keep[k][q]), xorAnd));
    }
    return _mm512_sra_epi32(sum, shift);
  }
};

/** Four channels from `channel` on in one go; false, and nothing done: requantiseAlong must come first. */
template <int R, int terms>
static bool packDigits(const int32_t* tile, const Requantise& how, int64_t channel, const Target& target, int32_t* to) {
  Digits<terms> digits;
  if (!digits.read(how, channel)) return false;
  const __m128i shift = _mm_cvtsi32_si128(how.shift);
  packChannels<R>(tile, target, to, [&](__m512i acc, int q) { return digits.number(acc, q, shift); });
  return true;
}

/** Four channels from `channel` on: accumulators, which are lost, become bytes. */
template <int R>
static void finishChannels(int32_t* tile, const Requantise& how, int64_t channel, int outputs, const Target& target, int32_t* to) {
  if (how.terms == 1 && packDigits<R, 1>(tile, how, channel, target, to)) return;
  if (how.terms == 2 && packDigits<R, 2>(tile, how, channel, target, to)) return;
  if (how.terms == 3 && packDigits<R, 3>(tile, how, channel, target, to)) return;
  for (int q = 0; q < outputs; q++) requantiseAlong(tile + q * R * 32, R * 32, how, channel + q, target);
  packChannels<R>(tile, target, to, [](__m512i number, int) { return number; });
}

/** 16 channels of R vectors, packed by fours, as [positions][16 channels]; `stride`: bytes from a position to the next. */
template <int R>
static void byPosition(const int32_t (*packed)[rowsSadPositions], uint8_t* to, int64_t stride) {
  for (int i = 0; i < R * 2; i++) {
    __m512i v[4], t[4];
    for (int b = 0; b < 4; b++) v[b] = _mm512_load_si512(packed[b] + i * 16);
    for (int b = 0; b < 2; b++) {
      t[2 * b] = _mm512_unpacklo_epi32(v[2 * b], v[2 * b + 1]);
      t[2 * b + 1] = _mm512_unpackhi_epi32(v[2 * b], v[2 * b + 1]);
    }
    for (int b = 0; b < 2; b++) {
      v[2 * b] = _mm512_unpacklo_epi64(t[b], t[b + 2]);
      v[2 * b + 1] = _mm512_unpackhi_epi64(t[b], t[b + 2]);
    }
    // lane k of quarter q was position 8 q + 2 k of the vector, or the odd one behind it
    uint8_t* at = to + ((int64_t)(i / 2) * 32 + i % 2) * stride;
    for (int k = 0; k < 4; k++, at += 2 * stride) {
      _mm_storeu_si128((__m128i*)at, _mm512_castsi512_si128(v[k]));
      _mm_storeu_si128((__m128i*)(at + 8 * stride), _mm512_extracti32x4_epi32(v[k], 1));
      _mm_storeu_si128((__m128i*)(at + 16 * stride), _mm512_extracti32x4_epi32(v[k], 2));
      _mm_storeu_si128((__m128i*)(at + 24 * stride), _mm512_extracti32x4_epi32(v[k], 3));
    }
  }
}

/** Calls f(position in the tile, position in the map, how many) for each segment from `segment` on, below `limit`. */
template <typename F>
INLINE void eachSegment(const Segments& g, const Value& y, int64_t segment, int64_t limit, int count, F&& f) {
  int64_t row = segment / g.inRow, k = segment % g.inRow;
  for (int i = 0; i < count && segment + i < limit; i++) {
    f(8 * i, row * y.w + 8 * k, (int)smaller<int64_t>(8, y.w - 8 * k));
    if (++k == g.inRow) k = 0, row++;
  }
}

}  // namespace ISA::whole
#endif
