// Window steps: the padded copy of the input where one is needed, and the loops of each way.
#pragma once
#include "../parallel.h"
#include "dense.h"
#include "rowssad.h"

namespace ISA::whole {

/** Tasks that a step is cut into: one for so many meetings of an input and a weight, that a thread may pay. */
constexpr int64_t worthATask = 1 << 19;
constexpr int64_t mostTasks = 16;

template <typename F>
INLINE void inParts(int64_t parts, int64_t work, F&& f) {
  const int64_t tasks = larger<int64_t>(1, smaller(smaller(parts, mostTasks), work / worthATask));
  parallelFor(tasks, [&](int64_t task) { f(parts * task / tasks, parts * (task + 1) / tasks); });
}

INLINE int32_t storedAt(const uint8_t* value, bool wide, int64_t i) {
  return wide ? ((const int16_t*)value)[i] : (int32_t)value[i] - 128;
}

/** Whether a row of the padded copy holds the bytes of the map's row as they lie. */
template <typename X>
INLINE bool asItLies(const Step& s, const Value& x) {
  return s.depth == x.c && (sizeof(X) == 1) == !x.wide;
}

/** One row of the padded copy; channels behind the last hold 0. */
template <typename X>
static void copyRow(const Step& s, const Value& x, const uint8_t* value, int64_t row, X* to) {
  const int64_t width = x.w + 2 * s.pad, depth = s.depth;
  const int64_t above = row - s.pad;
  const bool inside = above >= 0 && above < x.h;
  const X zero = (X)(sizeof(X) == 1 ? x.zero + 128 : x.zero);
  const auto fill = [&](int64_t from, int64_t until) {
    if (depth == x.c) {
      for (int64_t i = from * depth; i < until * depth; i++) to[i] = zero;
      return;
    }
    for (int64_t column = from; column < until; column++)
      for (int64_t c = 0; c < depth; c++) to[column * depth + c] = c < x.c ? zero : (X)0;
  };
  if (!inside) return fill(0, width);
  fill(0, s.pad);
  fill(s.pad + x.w, width);
  X* first = to + s.pad * depth;
  const int64_t from = above * x.w * x.c;
  if (asItLies<X>(s, x)) return copyBytes(first, value + from * (int64_t)sizeof(X), (int64_t)x.w * x.c * (int64_t)sizeof(X));
  for (int64_t column = 0; column < x.w; column++) {
    X* pixel = first + column * depth;
    const int64_t at = from + column * x.c;
    if ((sizeof(X) == 1) == !x.wide)
      copyBytes(pixel, value + at * (int64_t)sizeof(X), x.c * (int64_t)sizeof(X));
    else
      for (int64_t c = 0; c < x.c; c++) pixel[c] = (X)((int32_t)value[at + c] - 128);
    for (int64_t c = x.c; c < depth; c++) pixel[c] = 0;
  }
}

/** The input as a way reads it: where it lies, or a copy with padding and whole groups of channels. */
template <typename X>
static Field<X> fieldOf(const Step& s, const Value& x, const Value& y, const uint8_t* value, uint8_t* scratch) {
  Field<X> f;
  const int64_t width = s.copied ? x.w + 2 * s.pad : x.w;
  if (s.copied) {
    const int64_t height = x.h + 2 * s.pad;
    for (int64_t row = 0; row < height; row++) copyRow(s, x, value, row, (X*)scratch + row * width * s.depth);
  }
  f.first = s.copied ? (const X*)scratch : (const X*)value;
  f.rowStride = width * s.depth;
  f.downStride = s.stride * f.rowStride;
  f.rightStride = s.stride * s.depth;
  f.columns = y.w;
  f.rows = s.r;
  f.run = (int64_t)s.s * s.depth;
  return f;
}

template <class Tile>
static void denseStep(const Step& s, const Value& x, const Value& y, const uint8_t* from, uint8_t* to, uint8_t* scratch, int perInput) {
  const Field<typename Tile::X> field = fieldOf<typename Tile::X>(s, x, y, from, scratch);
  const int64_t work = y.length() * s.r * s.s * x.c;
  inParts(y.positions(), work, [&](int64_t first, int64_t last) { dense<Tile>(s, field, y, to, first, last, perInput); });
}

template <Arithmetic how>
INLINE vi met(vi acc, vi x, vi w) {
  return how == add ? acc - magnitude(x - w) : acc + x * w;
}

/** A filter for each channel: lanes are channels. Weights [window positions][channels] of 32 bits. */
template <typename X, Arithmetic how>
static void depthwisePositions(const Step& s, const Field<X>& f, const Value& y, uint8_t* value, int64_t from, int64_t to) {
  const int32_t* weights = (const int32_t*)s.weights;
  const Target target = targetOf(y);
  alignas(64) int32_t acc[4 * L];
  for (int64_t c = 0; c < y.c; c += 4 * L) {
    const int64_t here = smaller<int64_t>(4 * L, y.c - c);
    const int vectors = (int)ceilDiv(here, L);
    for (int64_t p = from; p < to; p++) {
      const X* at = f.at(p) + c;
      for (int v = 0; v < vectors; v++) {
        vi sum = loadInt(s.start + c + v * L);
        for (int32_t i = 0; i < s.r; i++)
          for (int32_t j = 0; j < s.s; j++) {
            const vi x = widen(at + i * f.rowStride + (int64_t)j * s.depth + v * L);
            sum = met<how>(sum, x, loadInt(weights + ((int64_t)i * s.s + j) * s.depth + c + v * L));
          }
        storeInt(acc + v * L, sum);
      }
      finish(acc, here, s.requantise, c, target, value, p * y.c + c);
    }
  }
}

template <typename X>
static void depthwiseStep(const Step& s, const Value& x, const Value& y, const uint8_t* from, uint8_t* to, uint8_t* scratch) {
  const Field<X> field = fieldOf<X>(s, x, y, from, scratch);
  inParts(y.positions(), 8 * y.length() * s.r * s.s, [&](int64_t first, int64_t last) {
    if (s.arithmetic == add)
      depthwisePositions<X, add>(s, field, y, to, first, last);
    else
      depthwisePositions<X, conv>(s, field, y, to, first, last);
  });
}

/** Any number of groups, one accumulator at a time; weights as they are, [m][r][s][c / groups] of 16 bits. */
static void groupedStep(const Step& s, const Value& x, const Value& y, const uint8_t* from, uint8_t* to) {
  const int16_t* weights = (const int16_t*)s.weights;
  const int64_t perGroup = x.c / s.groups, outputs = y.c / s.groups;
  const Target target = targetOf(y);
  inParts(y.positions(), y.length() * s.r * s.s * perGroup * 16, [&](int64_t first, int64_t last) {
    alignas(64) int32_t acc[L];
    for (int64_t p = first; p < last; p++)
      for (int64_t o = 0; o < y.c; o += L) {
        const int64_t here = smaller<int64_t>(L, y.c - o);
        for (int64_t k = 0; k < here; k++) {
          int32_t sum = 0;
          const int16_t* w = weights + (o + k) * s.r * s.s * perGroup;
          for (int64_t i = 0; i < s.r; i++)
            for (int64_t j = 0; j < s.s; j++) {
              const int64_t row = p / y.w * s.stride + i - s.pad, column = p % y.w * s.stride + j - s.pad;
              const bool inside = row >= 0 && row < x.h && column >= 0 && column < x.w;
              const int64_t at = (row * x.w + column) * x.c + (o + k) / outputs * perGroup;
              for (int64_t c = 0; c < perGroup; c++) {
                const int32_t q = inside ? storedAt(from, x.wide, at + c) : x.zero;
                const int32_t weight = *w++;
                sum += s.arithmetic == add ? -(q > weight ? q - weight : weight - q) : q * weight;
              }
            }
          acc[k] = sum;
        }
        finish(acc, here, s.requantise, o, target, to, p * y.c + o);
      }
  });
}

#if ROWS_SAD
static void rowsSadStep(const Step& s, const Value& x, const Value& y, const uint8_t* from, uint8_t* to, uint8_t* scratch) {
  const Segments g = segmentsOf(s, x, y);
  uint8_t* expanded = scratch;
  int32_t* fourth = (int32_t*)(scratch + x.c * g.plane);
  for (int32_t row = 0; row < g.rows; row++) expandRow(s, x, from, g, row, expanded, fourth);
  const int64_t work = y.length() * s.r * s.s * x.c;
  // tasks of whole tiles
  inParts(ceilDiv(g.count, rowsSadSegments), work, [&](int64_t first, int64_t last) {
    rowsSadSegmentsOf(s, g, x, y, expanded, fourth, to, first * rowsSadSegments, smaller(last * rowsSadSegments, g.count));
  });
}
#endif

static void windowStep(const Step& s, const Value& x, const Value& y, const uint8_t* from, uint8_t* to, uint8_t* scratch) {
  switch (s.way) {
    case bytesDot:
      return denseStep<DotTile<BytesDot>>(s, x, y, from, to, scratch, BytesDot::G);
    case wordsDot:
      return denseStep<DotTile<WordsDot>>(s, x, y, from, to, scratch, WordsDot::G);
    case bytesSad:
#if BYTES_SAD
      return denseStep<SadTile>(s, x, y, from, to, scratch, 8);
#else
      return;
#endif
    case rowsSad:
#if ROWS_SAD
      return rowsSadStep(s, x, y, from, to, scratch);
#else
      return;
#endif
    case plainSad:
      if (x.wide) return denseStep<DotTile<PlainSad<int16_t>>>(s, x, y, from, to, scratch, 1);
      return denseStep<DotTile<PlainSad<uint8_t>>>(s, x, y, from, to, scratch, 1);
    case depthwise:
      if (x.wide) return depthwiseStep<int16_t>(s, x, y, from, to, scratch);
      return depthwiseStep<uint8_t>(s, x, y, from, to, scratch);
    case grouped:
      return groupedStep(s, x, y, from, to);
  }
}

}  // namespace ISA::whole
