// Adder layers with windows three columns wide and stride 1, on AVX-512: vdbpsadbw compares four bytes with four at eight
// neighbouring places at once, so a vector holds 32 positions and three of its four bytes are useful. The fourth meets a
// weight of 0 and adds the input itself, which is taken off at the end. vdbpsadbw runs on one port and vpaddusw on another,
// so nothing else in the loop may take the first.
//
//   weights   [blocks of 4 output channels][window rows][channels][4 output channels] of three bytes and a 0
#pragma once
#include "rowsfinish.h"

#if ROWS_SAD

namespace ISA::whole {

/** Additions of at most 4 * 255 that 16 bits hold. */
constexpr int rowsSadRun = 64;

/** What the fourth bytes under R vectors from `segment` on add, as halves. */
template <int R>
static void fourthOf(const Step& s, const Segments& g, const int32_t* fourth, int64_t segment, int32_t* out) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  for (int i = 0; i < R; i++, out += 32) {
    __m512i low = _mm512_setzero_si512(), high = low;
    for (int32_t row = 0; row < s.r; row++) {
      const int32_t* from = fourth + (segment + (int64_t)row * g.inRow) * 8 + i * 32;
      low = _mm512_add_epi32(low, _mm512_loadu_si512(from));
      high = _mm512_add_epi32(high, _mm512_loadu_si512(from + 16));
    }
    _mm512_store_si512(out, _mm512_permutex2var_epi32(low, even, high));
    _mm512_store_si512(out + 16, _mm512_permutex2var_epi32(low, odd, high));
  }
}

/** Accumulators [4 outputs][R vectors][halves] of the segments from `segment` on; `fourth`: of these vectors. */
template <int R>
static void rowsSadTile(const Step& s, const Segments& g, int32_t channels, const uint8_t* expanded, const int32_t* fourth,
                        const int32_t* weights, int64_t segment, int32_t* out) {
  constexpr int Q = rowsSadOutputs;
  const __m512i lowWord = _mm512_set1_epi32(0xffff);
  const int32_t rows = channels >= rowsSadRun ? 1 : rowsSadRun / channels;  // whose sums 16 bits hold
  bool first = true;
  for (int32_t top = 0; top < s.r; top += rows)
    for (int32_t from = 0; from < channels; from += rowsSadRun) {
      const int32_t to = smaller(channels, from + rowsSadRun);
      __m512i acc[R][Q];
      for (int i = 0; i < R; i++)
        for (int q = 0; q < Q; q++) acc[i][q] = _mm512_setzero_si512();
      for (int32_t row = top; row < smaller(s.r, top + rows); row++) {
        const uint8_t* x = expanded + from * g.plane + (segment + (int64_t)row * g.inRow) * 16;
        for (int32_t c = from; c < to; c++, x += g.plane, weights += Q) {
          __m512i v[R];
          for (int i = 0; i < R; i++) v[i] = _mm512_loadu_si512(x + i * 64);
          for (int q = 0; q < Q; q++) {
            const __m512i w = _mm512_set1_epi32(weights[q]);
            for (int i = 0; i < R; i++) acc[i][q] = _mm512_adds_epu16(acc[i][q], _mm512_dbsad_epu8(w, v[i], 0x94));
          }
        }
      }
      for (int q = 0; q < Q; q++)
        for (int i = 0; i < R; i++) {
          int32_t* sums = out + (q * R + i) * 32;
          const int32_t* before = first ? fourth + i * 32 : sums;
          const __m512i even = _mm512_and_si512(acc[i][q], lowWord), odd = _mm512_srli_epi32(acc[i][q], 16);
          _mm512_store_si512(sums, _mm512_sub_epi32(_mm512_load_si512(before), even));
          _mm512_store_si512(sums + 16, _mm512_sub_epi32(_mm512_load_si512(before + 16), odd));
        }
      first = false;
    }
}

/** All channels of R vectors of segments. */
template <int R>
static void rowsSadVectors(const Step& s, const Segments& g, const Value& x, const Value& y, const uint8_t* expanded,
                           const int32_t* fourth, uint8_t* value, int64_t segment, int64_t limit) {
  constexpr int Q = rowsSadOutputs, together = rowsSadTogether;
  alignas(64) int32_t tile[Q * R * 32], extra[R * 32], packed[together / Q][rowsSadPositions];
  alignas(64) uint8_t stored[rowsSadPositions * together];
  const Target target = targetOf(y);
  // all positions of the tile are there and follow each other in the map
  const bool gapless = y.w % 8 == 0 && segment + R * 4 <= limit;
  const int32_t* weights = (const int32_t*)s.weights;
  fourthOf<R>(s, g, fourth, segment, extra);
  for (int64_t channel = 0; channel < y.c; channel += Q, weights += (int64_t)s.r * x.c * Q) {
    rowsSadTile<R>(s, g, x.c, expanded, extra, weights, segment, tile);
    const int outputs = (int)smaller<int64_t>(Q, y.c - channel);
    for (int q = 0; q < outputs; q++) requantiseAlong(tile + q * R * 32, R * 32, s.requantise, channel + q, target);
    if (y.wide) {
      eachSegment(g, y, segment, limit, R * 4, [&](int from, int64_t at, int here) {
        for (int q = 0; q < outputs; q++)
          for (int i = from; i < from + here; i++) {
            const int lane = i / 32 * 32 + i % 2 * 16 + i % 32 / 2;
            const int32_t number = tile[q * R * 32 + lane];
            ((int16_t*)value)[(at + i - from) * y.c + channel + q] = (int16_t)larger(smaller(number, target.high), target.low);
          }
      });
      continue;
    }
    packChannels<R>(tile, target, packed[channel / Q % (together / Q)]);
    const int64_t first = channel / together * together;
    const int count = (int)(channel + Q - first);
    if (count < together && channel + Q < y.c) continue;
    const int64_t bytes = smaller<int64_t>(together, y.c - first);
    if (gapless && bytes == together) {
      byPosition<R>(packed, value + segment * 8 * y.c + first, y.c);
      continue;
    }
    byPosition<R>(packed, stored, together);
    eachSegment(g, y, segment, limit, R * 4, [&](int from, int64_t at, int here) {
      uint8_t* to = value + at * y.c + first;
      if (bytes == together)
        for (int i = 0; i < here; i++, to += y.c) copyBytes(to, stored + (from + i) * together, together);
      else
        for (int i = 0; i < here; i++, to += y.c) copyBytes(to, stored + (from + i) * together, bytes);
    });
  }
}

/** Output segments from ... to - 1 of all channels. */
static void rowsSadSegmentsOf(const Step& s, const Segments& g, const Value& x, const Value& y, const uint8_t* expanded,
                              const int32_t* fourth, uint8_t* value, int64_t from, int64_t to) {
  for (int64_t at = from; at < to;) {
    if (to - at > 8) {
      rowsSadVectors<4>(s, g, x, y, expanded, fourth, value, at, to);
      at += 16;
    } else if (to - at > 4) {
      rowsSadVectors<2>(s, g, x, y, expanded, fourth, value, at, to);
      at += 8;
    } else {
      rowsSadVectors<1>(s, g, x, y, expanded, fourth, value, at, to);
      at += 4;
    }
  }
}

}  // namespace ISA::whole
#endif
