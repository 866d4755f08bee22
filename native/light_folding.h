// Rows of x [rows, channels] as batch normalisation walks over them. Memory is the limit, so every pass reads its
// inputs once, strictly forwards: several rows at once would save loads of coefficients, but rows a power of two
// apart fall into the same sets of the first cache and push each other out (measured: a third of the speed).
//
// `fold` rows are seen as one of `width` = fold * channels elements, a multiple of the vector's length, so that odd
// numbers of channels cost nothing. What remains of the rows is one shorter piece.
#pragma once
#include "light_ranges.h"

namespace ISA {

/** Rows that are summed in float before double takes over, and the most pieces the rows are cut into. */
constexpr int64_t blockRows = 64;
constexpr int64_t mostChunks = 32;

struct Folding {
  int64_t rows, channels;
  int64_t fold, width;   // rows in a folded row, its elements
  int64_t folded, tail;  // whole folded rows, elements after them
  int64_t chunks;

  Folding(int64_t rows_, int64_t channels_) : rows(rows_), channels(channels_) {
    fold = 1;
    if (channels > 0) {
      while (fold * channels % L != 0) fold *= 2;
      while (fold * channels < 64) fold *= 2;
    }
    width = fold * channels;
    folded = rows / fold;
    tail = (rows - folded * fold) * channels;
    chunks = smaller(larger<int64_t>(folded, 1), larger<int64_t>(1, smaller(mostChunks, rows * channels / inlineWork)));
  }
  int64_t border(int64_t chunk) const { return folded * chunk / chunks; }
  /** For a second pass over the same rows: what the first pass touched last comes first, while a cache still has it. */
  int64_t back(int64_t chunk) const { return chunks - 1 - chunk; }

  /** one(j, i, at) for every piece of a chunk: column j of the folded row, place i; the last chunk has the tail. */
  template <typename F>
  inline __attribute__((always_inline)) void overChunk(int64_t chunk, F&& one) const {
    for (int64_t row = border(chunk); row < border(chunk + 1); row++)
      for (int64_t j = 0; j < width; j += L) one(j, row * width + j, Full{});
    if (chunk == chunks - 1) overVectors(0, tail, [&](int64_t j, auto at) { one(j, folded * width + j, at); });
  }
};

}  // namespace ISA
