// Adder layers with windows three columns wide and stride 1, on AVX-512: vdbpsadbw compares four bytes with four at eight
// neighbouring places at once, so a vector holds 32 positions and three of its four bytes are useful. The fourth meets a
// weight of 0 and adds the input itself, which is taken off at the end.
//
//   segment   eight positions of a row with what lies under them: the 16 bytes from column 8 k - pad on of one channel
//   expanded  [channels][rows with padding][segments of a row], so a vector is four segments that follow each other
//   weights   [blocks of 4 output channels][window rows][channels][4 output channels] of three bytes and a 0
//   fourth    [rows with padding][segments][8]: sums over channels of what the fourth byte adds at a row
#pragma once
#include "requantise.h"

#if defined(__AVX512BW__) && VECTOR_BYTES == 64
#define ROWS_SAD 1

namespace ISA::whole {

constexpr int rowsSadOutputs = 4;
/** Additions of at most 4 * 255 that 16 bits hold. */
constexpr int rowsSadRun = 64;

struct Segments {
  int32_t inRow;    // segments
  int32_t rows;     // of the map, padding included
  int64_t count;    // of output segments
  int64_t plane;    // bytes of a channel, and of slack for the last vector
};

INLINE Segments segmentsOf(const Step& s, const Value& x, const Value& y) {
  Segments g;
  g.inRow = (int32_t)ceilDiv(y.w, 8);
  g.rows = x.h + 2 * s.pad;
  g.count = (int64_t)y.h * g.inRow;
  g.plane = ((int64_t)g.rows * g.inRow + 16) * 16;
  return g;
}

/** 16 rows of 16 bytes become 16 columns. */
INLINE void transpose16(__m128i* v) {
  __m128i t[16];
  for (int i = 0; i < 8; i++) {
    t[2 * i] = _mm_unpacklo_epi8(v[i], v[i + 8]);
    t[2 * i + 1] = _mm_unpackhi_epi8(v[i], v[i + 8]);
  }
  for (int i = 0; i < 8; i++) {
    v[2 * i] = _mm_unpacklo_epi8(t[i], t[i + 8]);
    v[2 * i + 1] = _mm_unpackhi_epi8(t[i], t[i + 8]);
  }
  for (int i = 0; i < 8; i++) {
    t[2 * i] = _mm_unpacklo_epi8(v[i], v[i + 8]);
    t[2 * i + 1] = _mm_unpackhi_epi8(v[i], v[i + 8]);
  }
  for (int i = 0; i < 8; i++) {
    v[2 * i] = _mm_unpacklo_epi8(t[i], t[i + 8]);
    v[2 * i + 1] = _mm_unpackhi_epi8(t[i], t[i + 8]);
  }
}

/** Writes `expanded` and `fourth` of one row of the map, padding included. */
static void expandRow(const Step& s, const Value& x, const uint8_t* from, const Segments& g, int32_t row, uint8_t* expanded,
                      int32_t* fourth) {
  const int32_t above = row - s.pad;
  const bool inside = above >= 0 && above < x.h;
  const uint8_t zero = (uint8_t)(x.zero + 128);
  const __m128i zeros = _mm_set1_epi8((char)zero);
  for (int32_t k = 0; k < g.inRow; k++) {
    const int64_t at = ((int64_t)row * g.inRow + k) * 16;
    int32_t* extra = fourth + ((int64_t)row * g.inRow + k) * 8;
    __m512i sums = _mm512_setzero_si512();
    for (int32_t c = 0; c < x.c; c += 16) {
      const int32_t here = smaller(16, x.c - c);
      const __mmask16 mask = (__mmask16)((1u << here) - 1);
      __m128i v[16];
      for (int32_t i = 0; i < 16; i++) {
        const int32_t column = 8 * k + i - s.pad;
        const bool seen = inside && column >= 0 && column < x.w;
        v[i] = seen ? _mm_mask_loadu_epi8(zeros, mask, from + ((int64_t)above * x.w + column) * x.c + c) : zeros;
      }
      transpose16(v);
      for (int32_t i = 0; i < here; i++) {
        _mm_storeu_si128((__m128i*)(expanded + (c + i) * g.plane + at), v[i]);
        sums = _mm512_add_epi32(sums, _mm512_cvtepu8_epi32(_mm_srli_si128(v[i], 3)));
      }
    }
    _mm256_storeu_si256((__m256i*)extra, _mm512_castsi512_si256(sums));
  }
}

/** Accumulators [4 outputs][R vectors of 32 positions] of the segments from `segment` on. */
template <int R>
static void rowsSadTile(const Step& s, const Segments& g, int32_t channels, const uint8_t* expanded, const int32_t* fourth,
                        const int32_t* weights, int64_t segment, int32_t* out) {
  constexpr int Q = rowsSadOutputs;
  constexpr int wide = R * 32;
  for (int i = 0; i < wide; i += 16) {
    __m512i sum = _mm512_setzero_si512();
    for (int32_t row = 0; row < s.r; row++)
      sum = _mm512_add_epi32(sum, _mm512_loadu_si512(fourth + (segment + (int64_t)row * g.inRow) * 8 + i));
    for (int q = 0; q < Q; q++) _mm512_store_si512(out + q * wide + i, sum);
  }
  for (int32_t row = 0; row < s.r; row++) {
    const uint8_t* x = expanded + (segment + (int64_t)row * g.inRow) * 16;
    for (int32_t from = 0; from < channels; from += rowsSadRun) {
      const int32_t to = smaller(channels, from + rowsSadRun);
      __m512i acc[R][Q];
      for (int i = 0; i < R; i++)
        for (int q = 0; q < Q; q++) acc[i][q] = _mm512_setzero_si512();
      for (int32_t c = from; c < to; c++, x += g.plane, weights += Q) {
        __m512i v[R];
        for (int i = 0; i < R; i++) v[i] = _mm512_loadu_si512(x + i * 64);
        for (int q = 0; q < Q; q++) {
          const __m512i w = _mm512_set1_epi32(weights[q]);
          for (int i = 0; i < R; i++) acc[i][q] = _mm512_adds_epu16(acc[i][q], _mm512_dbsad_epu8(w, v[i], 0x94));
        }
      }
      for (int q = 0; q < Q; q++)
        for (int i = 0; i < R; i++) {
          int32_t* to32 = out + q * wide + i * 32;
          const __m512i low = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(acc[i][q]));
          const __m512i high = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(acc[i][q], 1));
          _mm512_store_si512(to32, _mm512_sub_epi32(_mm512_load_si512(to32), low));
          _mm512_store_si512(to32 + 16, _mm512_sub_epi32(_mm512_load_si512(to32 + 16), high));
        }
    }
  }
}

/** 16 accumulators of one channel as numbers. */
INLINE vi requantisedAlong(const int32_t* acc, const Requantise& how, int64_t channel, const Target& to) {
  if (how.terms == 0) {
    const vd factor = how.factor[channel] - (vd){}, offset = how.offset[channel] - (vd){};
    return joined(scaled(*(const viHalfAnywhere*)acc, factor, offset, to),
                  scaled(*(const viHalfAnywhere*)(acc + L / 2), factor, offset, to));
  }
  const vi v = loadInt(acc);
  vi t = vsetInt(how.addend[channel]);
  for (int32_t k = 0; k < how.terms; k++) {
    const int64_t at = k * how.stride + channel;
    const int32_t sign = how.sign[at];
    if (sign == 0) continue;
    const vi term = (vi)((vu)v << how.left[at]) >> how.right[at];
    t = sign > 0 ? t + term : t - term;
  }
  return largest(smallest(t >> how.shift, vsetInt(to.high)), vsetInt(to.low));
}

/** Stores 4 channels of the positions of R vectors. */
template <int R>
static void storeRows(const Step& s, const Segments& g, const Value& y, const int32_t* tile, int64_t channel, int64_t segment,
                      int64_t limit, uint8_t* value) {
  constexpr int Q = rowsSadOutputs;
  const Target target = targetOf(y);
  const int outputs = (int)smaller<int64_t>(Q, y.c - channel);
  for (int half = 0; half < 2 * R; half++) {
    vi q[Q];
    for (int o = 0; o < Q; o++)
      q[o] = requantisedAlong(tile + o * R * 32 + half * 16, s.requantise, o < outputs ? channel + o : channel, target);
    alignas(64) int32_t together[16];
    if (!y.wide) {
      const vi b = (q[0] + 128) | ((q[1] + 128) << 8) | ((q[2] + 128) << 16) | ((q[3] + 128) << 24);
      storeInt(together, b);
    }
    for (int k = 0; k < 2; k++) {
      const int64_t at = segment + 2 * half + k;
      if (at >= limit) return;
      const int64_t row = at / g.inRow, column = at % g.inRow * 8;
      const int64_t first = row * y.w + column;
      const int here = (int)smaller<int64_t>(8, y.w - column);
      if (y.wide) {
        for (int o = 0; o < outputs; o++)
          for (int i = 0; i < here; i++) ((int16_t*)value)[(first + i) * y.c + channel + o] = (int16_t)q[o][8 * k + i];
      } else if (outputs == Q) {
        for (int i = 0; i < here; i++) *(int32Anywhere*)(value + (first + i) * y.c + channel) = together[8 * k + i];
      } else {
        for (int i = 0; i < here; i++) copyBytes(value + (first + i) * y.c + channel, together + 8 * k + i, outputs);
      }
    }
  }
}

/** Output segments from ... to - 1 of all channels. */
static void rowsSadSegments(const Step& s, const Segments& g, const Value& x, const Value& y, const uint8_t* expanded,
                            const int32_t* fourth, uint8_t* value, int64_t from, int64_t to) {
  alignas(64) int32_t tile[rowsSadOutputs * 4 * 32];
  const int32_t* weights = (const int32_t*)s.weights;
  for (int64_t channel = 0; channel < y.c; channel += rowsSadOutputs, weights += (int64_t)s.r * x.c * rowsSadOutputs) {
    for (int64_t at = from; at < to;) {
      if (to - at > 8) {
        rowsSadTile<4>(s, g, x.c, expanded, fourth, weights, at, tile);
        storeRows<4>(s, g, y, tile, channel, at, to, value);
        at += 16;
      } else if (to - at > 4) {
        rowsSadTile<2>(s, g, x.c, expanded, fourth, weights, at, tile);
        storeRows<2>(s, g, y, tile, channel, at, to, value);
        at += 8;
      } else {
        rowsSadTile<1>(s, g, x.c, expanded, fourth, weights, at, tile);
        storeRows<1>(s, g, y, tile, channel, at, to, value);
        at += 4;
      }
    }
  }
}

}  // namespace ISA::whole
#else
#define ROWS_SAD 0
#endif
