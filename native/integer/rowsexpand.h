// The input of rowssad.h as its tiles read it, of one row of the map at a time.
//
//   segment   eight positions of a row with what lies under them: the 16 bytes from column 8 k - pad on of one channel
//   expanded  [channels][rows with padding][segments of a row], so a vector is four segments that follow each other
//   fourth    [rows with padding][segments][8]: sums over channels of what the fourth byte of a window adds at a row
#pragma once
#include "lanes.h"

#if ROWS_SAD

namespace ISA::whole {

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

/** In each quarter of the vectors, 8 rows of 16 bytes become 16 columns of 8, two in each vector. */
INLINE void transpose8(__m512i* v) {
  __m512i t[8];
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 4; i++) {
      t[2 * i] = _mm512_unpacklo_epi8(v[i], v[i + 4]);
      t[2 * i + 1] = _mm512_unpackhi_epi8(v[i], v[i + 4]);
    }
    for (int i = 0; i < 8; i++) v[i] = t[i];
  }
}

/** Quarter q of a vector goes to channel 16 q, as far as there are `channels`. */
INLINE void storeQuarters(uint8_t* to, int64_t plane, __m512i v, int32_t channels) {
  if (channels > 0) _mm_storeu_si128((__m128i*)to, _mm512_castsi512_si128(v));
  if (channels > 16) _mm_storeu_si128((__m128i*)(to + 16 * plane), _mm512_extracti32x4_epi32(v, 1));
  if (channels > 32) _mm_storeu_si128((__m128i*)(to + 32 * plane), _mm512_extracti32x4_epi32(v, 2));
  if (channels > 48) _mm_storeu_si128((__m128i*)(to + 48 * plane), _mm512_extracti32x4_epi32(v, 3));
}

/** Sums of the channels of a pixel, in 64-bit parts. */
INLINE __m512i sumsOfPixel(const uint8_t* pixel, int32_t channels) {
  __m512i sum = _mm512_setzero_si512();
  for (int32_t c = 0; c < channels; c += 64) {
    const __mmask64 mask = channels - c >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (channels - c)) - 1;
    sum = _mm512_add_epi64(sum, _mm512_sad_epu8(_mm512_maskz_loadu_epi8(mask, pixel + c), _mm512_setzero_si512()));
  }
  return sum;
}

/** Eight times the sum of eight 64-bit parts below 2^31. */
INLINE __m256i sumOfEach(const __m512i* parts) {
  __m512i p[4];
  for (int i = 0; i < 4; i++) p[i] = _mm512_or_si512(parts[2 * i], _mm512_slli_epi64(parts[2 * i + 1], 32));
  for (int i = 0; i < 2; i++)
    p[i] = _mm512_add_epi32(_mm512_unpacklo_epi64(p[2 * i], p[2 * i + 1]), _mm512_unpackhi_epi64(p[2 * i], p[2 * i + 1]));
  const __m512i q = _mm512_add_epi32(_mm512_shuffle_i64x2(p[0], p[1], 0x88), _mm512_shuffle_i64x2(p[0], p[1], 0xdd));
  const __m512i r = _mm512_add_epi32(q, _mm512_shuffle_i64x2(q, q, 0xb1));
  return _mm256_inserti128_si256(_mm512_castsi512_si256(r), _mm512_extracti32x4_epi32(r, 2), 1);
}

/** Writes `expanded` and `fourth` of one row of the map, padding included. */
static void expandRow(const Step& s, const Value& x, const uint8_t* from, const Segments& g, int32_t row, uint8_t* expanded,
                      int32_t* fourth) {
  const int32_t above = row - s.pad;
  const bool inside = above >= 0 && above < x.h;
  const uint8_t zero = (uint8_t)(x.zero + 128);
  const __m512i zeros = _mm512_set1_epi8((char)zero);
  const uint8_t* first = from + (int64_t)above * x.w * x.c;
  const auto seen = [&](int32_t column) { return inside && column >= 0 && column < x.w; };
  const __m512i outside = _mm512_zextsi128_si512(_mm_cvtsi32_si128(zero * x.c));
  for (int32_t k = 0; k < g.inRow; k++) {
    __m512i sums[8];
    for (int32_t i = 0; i < 8; i++) {
      const int32_t column = 8 * k + i + 3 - s.pad;
      sums[i] = seen(column) ? sumsOfPixel(first + (int64_t)column * x.c, x.c) : outside;
    }
    _mm256_storeu_si256((__m256i*)(fourth + ((int64_t)row * g.inRow + k) * 8), sumOfEach(sums));
  }
  for (int32_t c = 0; c < x.c; c += 64) {
    const int32_t here = smaller(64, x.c - c);
    const __mmask64 mask = here == 64 ? ~(__mmask64)0 : ((__mmask64)1 << here) - 1;
    // a segment is eight columns and the eight behind them, which are the first ones of the next
    __m512i before[8], behind[8];
    const auto load = [&](__m512i* to, int32_t k) {
      for (int32_t i = 0; i < 8; i++) {
        const int32_t column = 8 * k + i - s.pad;
        to[i] = seen(column) ? _mm512_mask_loadu_epi8(zeros, mask, first + (int64_t)column * x.c + c) : zeros;
      }
      transpose8(to);
    };
    load(before, 0);
    uint8_t* to = expanded + c * g.plane + (int64_t)row * g.inRow * 16;
    for (int32_t k = 0; k < g.inRow; k++, to += 16) {
      load(behind, k + 1);
      for (int32_t i = 0; i < 8; i++) {
        storeQuarters(to + 2 * i * g.plane, g.plane, _mm512_unpacklo_epi64(before[i], behind[i]), here - 2 * i);
        storeQuarters(to + (2 * i + 1) * g.plane, g.plane, _mm512_unpackhi_epi64(before[i], behind[i]), here - 2 * i - 1);
        before[i] = behind[i];
      }
    }
  }
}

}  // namespace ISA::whole
#endif
