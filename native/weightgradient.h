// The weight gradient dw[tap, c, m] = sum over results of x * dy: a matrix product whose long side is the sum.
// The results are cut into at most `parts` parts with sums of their own, which are then added in order; that, and
// which taps and channels one task takes, follows from sizes alone.
#pragma once
#include "product.h"
#include "transpose.h"

namespace ISA::heavy {

constexpr int64_t parts = 16;
constexpr int64_t chunkRows = 128;            // results whose x and dy stay in the first-level cache
constexpr int64_t longChunk = 512;            // where x is transposed: with dy, they stay in the second-level cache
constexpr int64_t enoughColumns = 32;         // for which x is transposed tap by tap
constexpr int64_t fewForTiles = 48;           // channels that fill tiles badly: there the taps are taken together
constexpr int64_t longLine = 16;              // results of a line for which x is transposed line by line
constexpr int64_t partialFloats = 1024 * 1024; // of all parts together, where it can be kept so small

/** to[i] = sum over parts of from[part * size + i], in order of parts; rows of `columns` go `ld` apart. */
static void addParts(const float* from, int64_t count, int64_t rows, int64_t columns, float* to, int64_t ld) {
  const int64_t size = rows * columns, each = larger<int64_t>(1, 16384 / larger<int64_t>(1, columns));
  parallelFor(ceilDiv(rows, each), [&](int64_t task) {
    for (int64_t i = task * each, end = smaller(rows, i + each); i < end; i++) {
      const float* source = from + i * columns;
      float* d = to + i * ld;
      int64_t j = 0;
      for (; j + L <= columns; j += L) {
        vf sum = load(source + j);
        for (int64_t part = 1; part < count; part++) sum += load(source + part * size + j);
        store(d + j, sum);
      }
      for (; j < columns; j++) {
        float sum = source[j];
        for (int64_t part = 1; part < count; part++) sum += source[part * size + j];
        d[j] = sum;
      }
    }
  });
}

/** Packs `count` rows of all panels, each read once from end to end. */
static void packPanels(const Panels<multiply>& panels, const float* source, int64_t ld, int64_t count, float* packed, int64_t k) {
  const int64_t whole = panels.n / panels.width;  // panels without padding
  for (int64_t i = 0; i < count; i++) {
    const float* from = source + i * ld;
    float* to = packed + i * panels.width;
    for (int64_t j = 0; j < whole; j++, from += panels.width, to += panels.offset(1, k))
      for (int v = 0; v < panels.width; v += L) store(to + v, load(from + v));
  }
  if (whole < panels.count())
    packRows(source + whole * panels.width, ld, count, panels.columns(whole), panels.vectors(whole) * L, packed + panels.offset(whole, k));
}

/**
 * The part of an image that some lines of results read, transposed and padded: [channel][row][residue][place], where
 * column `place * stride + residue` of the window's first tap stands. A tap's values for a line of results are then
 * contiguous, wherever the tap is: one copy serves them all.
 */
struct Across {
  int64_t stride, places, channel;  // channel: floats from one to the next

  Across(const Pass& p, int64_t lines) {
    stride = p.step;
    places = ceilDiv((p.columns - 1) * stride + p.tapColumns, stride);
    channel = ceilDiv(((lines - 1) * stride + p.tapRows) * stride * places, 16) * 16 + 16;
  }
  /** Where tap (u, v) of the first line finds its values, from a channel's first float. */
  int64_t of(int64_t u, int64_t v) const { return (u * stride + v % stride) * places + v / stride; }
  /** Floats from a line's values to the next one's. */
  int64_t line() const { return stride * stride * places; }

  /** Lines `at` .. at + lines of results; `image` points to the first of the channels that are taken. */
  void fill(const Pass& p, Cursor at, int64_t lines, const float* image, int64_t channels, float* to) const {
    const int64_t rows = (lines - 1) * stride + p.tapRows, line = p.w * p.pixel;
    for (int64_t row = 0; row < rows; row++) {
      const int64_t y = at.i * stride + p.top + row;
      const float* from = image + (at.image * p.h + y) * line;
      for (int64_t residue = 0; residue < stride; residue++, to += places) {
        const int64_t left = p.left + residue;
        const Span span = y >= 0 && y < p.h ? insideOf(left, stride, p.w, places) : Span{places, places};
        for (int64_t c = 0; c < channels; c++) {  // whole vectors: what they spoil is written later, or padding
          float* values = to + c * channel;
          for (int64_t q = span.last; q < places; q += L) store(values + q, (vf){});
          for (int64_t q = 0; q < span.first; q += L) store(values + q, (vf){});
        }
        if (span.first < span.last)
          transposeBlock(from + (left + span.first * stride) * p.pixel, stride * p.pixel, to + span.first, channel, span.last - span.first, channels);
      }
    }
  }
};

/** How a task reads x: pixel by pixel, a tap at a time transposed, or lines transposed once for all taps. */
enum Reading { byPixel, byTap, byLine };

static void windowWeightGradient(const float* x, const float* dy, float* dw, const Window& g) {
  const Pass p = forwardPass(g);
  const int64_t channels = g.inputs(), columns = g.outputs(), taps = g.taps(), k = taps * channels;
  const int64_t results = p.results();
  if (k * g.m == 0) return;
  if (results == 0) return zero(dw, k * g.m);
  const Panels<multiply> panels(columns);
  // Transposed, x is read along its rows as in the forward pass; that pays where each float is used often.
  const Reading reading = taps > 1 && p.columns >= longLine ? byLine : columns >= enoughColumns ? byTap : byPixel;
  // dy is a packed panel as it lies.
  const bool lying = columns == g.m && columns % L == 0 && panels.count() == 1 && (uintptr_t)dy % VECTOR_BYTES == 0;
  // A tap's channels are one piece of work, or the whole patch where they are few.
  const bool whole = taps > 1 && channels <= (reading == byLine ? fewForTiles : fewChannels);
  const bool gathered = whole && reading != byLine, padded = !lying && (reading != byPixel || columns % L != 0);
  const int64_t pieces = whole ? 1 : taps, pieceRows = whole ? k : channels, ld = ceilDiv(k, 16) * 16 + 16;
  const int64_t unit = reading == byLine ? p.columns : 1;  // results that stay together
  const int64_t worth = worthTasks(results * k * columns, parts);
  const int64_t cuts = larger<int64_t>(1, smaller(smaller(worth, results / larger<int64_t>(64, unit)), partialFloats / (k * columns)));
  // Lines are transposed once for all taps of a task, so that tasks differ in their channels first.
  const int64_t mostChannels = ceilDiv(pieceRows, 24), mostPieces = reading == byLine ? ceilDiv(worth, cuts * mostChannels) : pieces;
  const int64_t pieceTasks = smaller(smaller(pieces, mostPieces), ceilDiv(worth, cuts));
  const int64_t channelTasks = smaller(mostChannels, ceilDiv(worth, cuts * pieceTasks));
  const int64_t channelsEach = ceilDiv(ceilDiv(pieceRows, channelTasks), 24) * 24, each = ceilDiv(results / unit, cuts) * unit;
  const int64_t fitting = larger(chunkRows, smaller(longChunk, 65536 / ((whole ? channels : channelsEach) + columns) / 32 * 32));
  const int64_t lines = smaller(p.rows, larger<int64_t>(1, fitting / unit));
  const int64_t chunk = reading == byLine ? lines * unit : reading == byTap ? fitting : chunkRows;
  const Across lineUp(p, lines);
  float* partial = cuts > 1 ? parallel::scratch(parallel::launchA, cuts * k * columns) : nullptr;
  float* zeros = parallel::scratch(parallel::launchB, channels + 16);
  if (!zeros || (cuts > 1 && !partial)) return;
  zero(zeros, channels);
  for (int64_t group = 0; group < g.groups; group++) {
    const float* image = x + group * channels;
    const float* gradient = dy + group * columns;
    parallelFor(cuts * pieceTasks * channelTasks, [&](int64_t task) {
      const int64_t part = task / (pieceTasks * channelTasks);
      const int64_t piece = task / channelTasks % pieceTasks, fromPiece = piece * pieces / pieceTasks, toPiece = (piece + 1) * pieces / pieceTasks;
      const int64_t fromChannel = task % channelTasks * channelsEach, toChannel = smaller(pieceRows, fromChannel + channelsEach);
      const int64_t from = smaller(results, part * each), to = smaller(results, from + each);
      float* sum = cuts > 1 ? partial + part * k * columns : dw + group * columns;
      const int64_t sumLd = cuts > 1 ? columns : g.m;
      const int64_t rows = larger<int64_t>(0, toChannel - fromChannel), wanted = whole ? channels : rows;
      if (rows == 0) return;
      const int64_t pointers = reading == byPixel ? pieces * chunk : reading == byTap ? pieces * chunk + rows : (lines + 1) * rows;
      const int64_t copied = reading == byPixel ? 0 : reading == byTap ? rows * (chunk + 16) : wanted * lineUp.channel;
      const float** in = (const float**)parallel::scratch(parallel::taskA, (pointers + rows + 16) * 2);
      float* patches = gathered ? parallel::scratch(parallel::taskB, chunk * ld) : nullptr;
      float* packed = padded ? parallel::scratch(parallel::taskC, panels.size(chunk)) : nullptr;
      float* across = copied ? parallel::scratch(parallel::taskD, copied) : nullptr;
      if (!in || (gathered && !patches) || (padded && !packed) || (copied && !across)) return;
      float** rowsOut = (float**)(in + pointers);
      const float** rowsIn = reading == byTap ? in + pieces * chunk : in;
      for (int64_t i = 0; i < rows && reading == byTap; i++) rowsIn[i] = across + i * (chunk + 16);
      // Rows of a piece from its channels' lines.
      auto pointAcross = [&](int64_t t) {
        const float** start = in + lines * rows;
        for (int64_t i = 0; i < rows; i++) {
          const int64_t tap = whole ? (fromChannel + i) / channels : t, channel = whole ? (fromChannel + i) % channels : i;
          start[i] = across + channel * lineUp.channel + lineUp.of(tap / p.tapColumns, tap % p.tapColumns);
        }
        for (int64_t l = 0; l < lines; l++)
          for (int64_t i = 0; i < rows; i++) in[l * rows + i] = start[i] + l * lineUp.line();
      };
      if (reading == byLine && whole) pointAcross(0);
      for (int64_t first = from, count; first < to || first == from; first += larger<int64_t>(1, count)) {
        Cursor at(p, first);
        count = smaller(chunk, to - first);
        if (reading == byLine) {
          count = smaller(count, (p.rows - at.i) * unit);  // of one image
          if (count > 0) lineUp.fill(p, at, count / unit, image + (whole ? 0 : fromChannel), wanted, across);
        } else if (gathered) {
          gatherPatches(p, at, count, image, channels, patches, ld);
          for (int64_t q = 0; q < count; q++) in[q] = patches + q * ld;
        } else {
          tapPointers(p, at, count, image, zeros, in, chunk);
        }
        if (padded) packPanels(panels, gradient + first * g.m, g.m, count, packed, chunk);
        for (int64_t t = fromPiece; t < toPiece; t++) {
          Rows source = {rowsIn, 0, 1, count, nullptr, nullptr};
          if (reading == byLine) {
            source = {in, rows, count / unit, unit, nullptr, nullptr};
            if (!whole) pointAcross(t);
          } else if (reading == byTap) {
            const float** pixels = in + t * chunk;
            transposeRows([&](int64_t q) { return pixels[q] + fromChannel; }, across, chunk + 16, count, rows);
          }
          for (int64_t i = 0; i < rows; i++) rowsOut[i] = sum + (t * pieceRows + fromChannel + i) * sumLd;
          for (int64_t j = 0; j < panels.count(); j++) {
            const int vectors = panels.vectors(j);
            const float* b = padded ? packed + panels.offset(j, chunk) : gradient + first * g.m + j * panels.width;
            const Write write = {rowsOut, j * panels.width, panels.columns(j), 1, first != from};
            source.b = b;
            if (reading == byPixel)
              outerPanel(vectors, rows, in + t * chunk, fromChannel, count, b, padded ? vectors * L : g.m, write);
            else
              panel<multiply>(vectors, rows, source, write);
          }
        }
      }
    });
    if (cuts > 1) addParts(partial, cuts, k, columns, dw + group * columns, g.m);
  }
}

/** sums[m] = sum over results of dy[result, m], in parts of fixed size added in order. */
static void columnSums(const float* dy, int64_t results, int64_t m, float* sums) {
  const int64_t count = larger<int64_t>(1, smaller<int64_t>(parts, results * m / 16384));
  const int64_t each = ceilDiv(results, count);
  float* partial = parallel::scratch(parallel::launchA, count * m);
  if (!partial) return zero(sums, m);
  parallelFor(count, [&](int64_t part) {
    float* sum = partial + part * m;
    zero(sum, m);
    for (int64_t q = part * each, end = smaller(results, q + each); q < end; q++) {
      const float* g = dy + q * m;
      int64_t j = 0;
      for (; j + L <= m; j += L) store(sum + j, load(sum + j) + load(g + j));
      for (; j < m; j++) sum[j] += g[j];
    }
  });
  addParts(partial, count, 1, m, sums, m);
}

/**
 * The adder's full-precision gradient sum (x - w) dy (spec 4.1) is the convolution's minus w * sum dy: a padded
 * position takes part with x = 0, so every result counts for every tap.
 */
static void subtractWeights(const float* w, const float* dy, float* dw, const Window& g) {
  const int64_t k = g.taps() * g.inputs(), m = g.m;
  float* sums = parallel::scratch(parallel::launchC, m + 16);
  if (!sums || m == 0) return;
  columnSums(dy, g.n * g.e * g.f, m, sums);
  const int64_t each = larger<int64_t>(1, 16384 / m);
  parallelFor(ceilDiv(k, each), [&](int64_t task) {
    for (int64_t i = task * each, end = smaller(k, i + each); i < end; i++) {
      const float* from = w + i * m;
      float* to = dw + i * m;
      int64_t j = 0;
      for (; j + L <= m; j += L) store(to + j, load(to + j) - load(from + j) * load(sums + j));
      for (; j < m; j++) to[j] -= from[j] * sums[j];
    }
  });
}

}  // namespace ISA::heavy
