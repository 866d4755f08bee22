// Windows over all channels, as tiles of registers: MR positions by NV vectors of output channels. Inputs are read where
// they lie: at one row of the window the columns and channels under it are neighbours in memory, so a tile walks `rows`
// runs of bytes from the place of each of its positions.
//
//   weights  [blocks of vectors][window rows][inputs of a row / G][vectors of the block][output channels][G]
#pragma once
#include "requantise.h"

namespace ISA::whole {

/** Positions and vectors of a tile: as many accumulators as registers hold beside weights and an input. */
#if VECTOR_BYTES == 64
constexpr int mostVectors = 4;
constexpr int tallFor(int vectors) { return vectors == 4 ? 6 : 8; }
#elif VECTOR_BYTES == 32
constexpr int mostVectors = 2;
constexpr int tallFor(int vectors) { return vectors == 2 ? 6 : 8; }
#else
constexpr int mostVectors = 2;
constexpr int tallFor(int) { return 4; }
#endif
/** Of sums of absolute differences, whose vectors hold half as many output channels. */
constexpr int tallForSums(int vectors) { return vectors == 1 ? 8 : 4; }

/** Where a window's inputs lie, as every tile needs it. */
template <typename X>
struct Field {
  const X* first;       // under the first position
  int64_t rowStride;    // elements from one row of the map to the next
  int64_t downStride;   // from one position to the one below
  int64_t rightStride;  // from one position to the next
  int32_t columns;      // positions in a row
  int32_t rows;         // of the window
  int64_t run;          // elements under a row of the window

  const X* at(int64_t position) const {
    return first + position / columns * downStride + position % columns * rightStride;
  }
};

template <class Way, int MR, int NV>
static void dotTile(const typename Way::X* const* at, int64_t rowStride, int32_t rows, int64_t groups, const int32_t* weights,
                    const int32_t* start, int32_t* out) {
  vi acc[MR][NV];
  for (int j = 0; j < NV; j++)
    for (int i = 0; i < MR; i++) acc[i][j] = loadInt(start + j * L);
  for (int32_t row = 0; row < rows; row++) {
    const typename Way::X* x[MR];
    for (int i = 0; i < MR; i++) x[i] = at[i] + row * rowStride;
    for (int64_t g = 0; g < groups; g++) {
      vi w[NV];
      for (int j = 0; j < NV; j++) w[j] = loadInt(weights + j * L);
      for (int i = 0; i < MR; i++) {
        const vi a = Way::all(x[i] + g * Way::G);
        for (int j = 0; j < NV; j++) acc[i][j] = Way::meet(acc[i][j], a, w[j]);
      }
      weights += NV * L;
    }
  }
  for (int i = 0; i < MR; i++)
    for (int j = 0; j < NV; j++) storeInt(out + (i * NV + j) * L, acc[i][j]);
}

#if BYTES_SAD
template <int MR, int NV>
static void sadTile(const uint8_t* const* at, int64_t rowStride, int32_t rows, int64_t groups, const Sums* weights, int32_t* out) {
  Sums acc[MR][NV], total[MR][NV];
  for (int i = 0; i < MR; i++)
    for (int j = 0; j < NV; j++) acc[i][j] = total[i][j] = noSums();
  int64_t left = sadRun;
  for (int32_t row = 0; row < rows; row++) {
    for (int64_t from = 0; from < groups;) {
      const int64_t to = smaller(groups, from + left);
      const uint8_t* x[MR];
      for (int i = 0; i < MR; i++) x[i] = at[i] + row * rowStride;
      for (int64_t g = from; g < to; g++) {
        Sums w[NV];
        for (int j = 0; j < NV; j++) w[j] = weights[j];
        for (int i = 0; i < MR; i++)
          for (int j = 0; j < NV; j++) acc[i][j] = sadOf(acc[i][j], x[i] + g * 8, w[j]);
        weights += NV;
      }
      left -= to - from;
      from = to;
      if (left > 0) continue;
      for (int i = 0; i < MR; i++)
        for (int j = 0; j < NV; j++) {
          total[i][j] = addSums(total[i][j], acc[i][j]);
          acc[i][j] = noSums();
        }
      left = sadRun;
    }
  }
  for (int i = 0; i < MR; i++)
    for (int j = 0; j < NV; j++) storeNegative(out + (i * NV + j) * sadLanes, addSums(total[i][j], acc[i][j]));
}
#endif

/** Positions from ... to - 1 of a window, through tiles that `Tile` computes. */
template <class Tile, int MR, int NV>
static void positions(const Step& s, const Field<typename Tile::X>& field, const Value& y, uint8_t* value, int64_t from, int64_t to,
                      const char* weights, int64_t channel) {
  constexpr int width = NV * Tile::lanes;
  alignas(64) int32_t tile[MR * width];
  const int64_t here = smaller<int64_t>(width, y.c - channel);
  const Target target = targetOf(y);
  const typename Tile::X* next = field.at(from);
  int64_t left = field.columns - from % field.columns;
  for (int64_t p = from; p < to; p += MR) {
    const typename Tile::X* at[MR];
    for (int i = 0; i < MR; i++) {
      at[i] = next;
      // positions behind the last are computed as the last, and not stored
      if (p + i + 1 >= to) continue;
      next += field.rightStride;
      if (--left > 0) continue;
      next += field.downStride - field.columns * field.rightStride;
      left = field.columns;
    }
    Tile::template compute<MR, NV>(at, field, weights, s.start + channel, tile);
    for (int i = 0; i < MR && p + i < to; i++)
      finish(tile + i * width, here, s.requantise, channel, target, value, (p + i) * y.c + channel);
  }
}

template <class Way>
struct DotTile {
  typedef typename Way::X X;
  static constexpr int lanes = L, most = mostVectors;
  static constexpr int tall(int vectors) { return tallFor(vectors); }
  template <int MR, int NV>
  static void compute(const X* const* at, const Field<X>& f, const char* weights, const int32_t* start, int32_t* out) {
    dotTile<Way, MR, NV>(at, f.rowStride, f.rows, f.run / Way::G, (const int32_t*)weights, start, out);
  }
};

#if BYTES_SAD
struct SadTile {
  typedef uint8_t X;
  static constexpr int lanes = sadLanes, most = VECTOR_BYTES == 64 ? 4 : 2;
  static constexpr int tall(int vectors) { return tallForSums(vectors); }
  template <int MR, int NV>
  static void compute(const X* const* at, const Field<X>& f, const char* weights, const int32_t*, int32_t* out) {
    sadTile<MR, NV>(at, f.rowStride, f.rows, f.run / 8, (const Sums*)weights, out);
  }
};
#endif

/** A block of NV vectors of output channels; bytes of weights it took. */
template <class Tile, int NV>
static void block(const Step& s, const Field<typename Tile::X>& f, const Value& y, uint8_t* value, int64_t from, int64_t to,
                  const char* weights, int64_t channel, int vectors) {
  if constexpr (NV > 1) {
    if (vectors < NV) return block<Tile, NV - 1>(s, f, y, value, from, to, weights, channel, vectors);
  }
  positions<Tile, Tile::tall(NV), NV>(s, f, y, value, from, to, weights, channel);
}

/** Positions from ... to - 1 of a dense window; `perInput`: inputs that a vector of weights meets. */
template <class Tile>
static void dense(const Step& s, const Field<typename Tile::X>& f, const Value& y, uint8_t* value, int64_t from, int64_t to,
                  int perInput) {
  const char* weights = (const char*)s.weights;
  const int64_t vectors = ceilDiv(y.c, Tile::lanes);
  for (int64_t v = 0; v < vectors; v += Tile::most) {
    const int here = (int)smaller<int64_t>(Tile::most, vectors - v);
    block<Tile, Tile::most>(s, f, y, value, from, to, weights, v * Tile::lanes, here);
    weights += f.rows * (f.run / perInput) * here * VECTOR_BYTES;
  }
}

}  // namespace ISA::whole
