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

/** n accumulators of one channel become numbers in their place, before bounds; n is a multiple of a vector. */
static void requantiseAlong(int32_t* acc, int64_t n, const Requantise& how, int64_t channel, const Target& to) {
  if (how.terms == 0) {
    const vd factor = how.factor[channel] - (vd){}, offset = how.offset[channel] - (vd){};
    for (int64_t i = 0; i < n; i += L) {
      const viHalf first = scaled(*(const viHalfAnywhere*)(acc + i), factor, offset, to);
      const viHalf second = scaled(*(const viHalfAnywhere*)(acc + i + L / 2), factor, offset, to);
      storeInt(acc + i, joined(first, second));
    }
    return;
  }
  const vi start = vsetInt(how.addend[channel]), shift = vsetInt(how.shift);
  vi left[4], right[4], sign[4];
  int32_t anyRight = 0;
  uint32_t product = 0;
  for (int32_t k = 0; k < how.terms; k++) {
    const int64_t at = k * how.stride + channel;
    left[k] = vsetInt(how.left[at]), right[k] = vsetInt(how.right[at]), sign[k] = vsetInt(how.sign[at]);
    anyRight |= how.right[at];
    product += (uint32_t)how.sign[at] << how.left[at];
  }
  if (anyRight == 0) {
    // no term loses bits: modulo 2^32, as all of this is, they are one product
    const vi factor = vsetInt((int32_t)product);
    for (int64_t i = 0; i < n; i += L) storeInt(acc + i, (loadInt(acc + i) * factor + start) >> shift);
    return;
  }
  for (int64_t i = 0; i < n; i += L) {
    const vi v = loadInt(acc + i);
    vi t = start;
    for (int k = 0; k < how.terms; k++) t += ((vi)((vu)v << (vu)left[k]) >> right[k]) * sign[k];
    storeInt(acc + i, t >> shift);
  }
}

/** Numbers of 4 channels of R vectors as bytes within bounds: 32-bit lanes [R][halves] of four channels each. */
template <int R>
static void packChannels(const int32_t* tile, const Target& target, int32_t* to) {
  const __m512i together =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const __m512i low = _mm512_set1_epi8((char)target.low), high = _mm512_set1_epi8((char)target.high);
  for (int i = 0; i < R * 32; i += L) {
    const __m512i* from = (const __m512i*)(tile + i);
    const __m512i ab = _mm512_packs_epi32(from[0], from[R * 2]), cd = _mm512_packs_epi32(from[R * 4], from[R * 6]);
    const __m512i bytes = _mm512_shuffle_epi8(_mm512_packs_epi16(ab, cd), together);
    const __m512i within = _mm512_max_epi8(_mm512_min_epi8(bytes, high), low);
    _mm512_store_si512(to + i, _mm512_xor_si512(within, _mm512_set1_epi8((char)0x80)));
  }
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
