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
constexpr int64_t enoughColumns = 32;         // for which x is transposed
constexpr int64_t partialFloats = 256 * 1024; // of all parts together, where it can be kept so small

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

static void windowWeightGradient(const float* x, const float* dy, float* dw, const Window& g) {
  const Pass p = forwardPass(g);
  const int64_t channels = g.inputs(), columns = g.outputs(), taps = g.taps(), k = taps * channels;
  const int64_t results = p.results();
  if (k * g.m == 0) return;
  if (results == 0) return zero(dw, k * g.m);
  const Panels<multiply> panels = {columns};
  const bool gathered = taps > 1 && channels <= fewChannels;
  // Transposed, x is read along its rows as in the forward pass; that pays where each float meets many columns.
  const bool transposed = columns >= enoughColumns, padded = transposed || columns % L != 0;
  // A tap's channels are one piece of work, or the whole patch where patches are gathered.
  const int64_t pieces = gathered ? 1 : taps, pieceRows = gathered ? k : channels, ld = ceilDiv(k, 16) * 16 + 16;
  const int64_t worth = worthTasks(results * k * columns, parts);
  const int64_t cuts = larger<int64_t>(1, smaller(smaller(worth, results / 64), partialFloats / (k * columns)));
  const int64_t pieceTasks = smaller(pieces, ceilDiv(worth, cuts));
  const int64_t channelTasks = smaller(ceilDiv(pieceRows, 24), ceilDiv(worth, cuts * pieceTasks));
  const int64_t channelsEach = ceilDiv(ceilDiv(pieceRows, channelTasks), 24) * 24, each = ceilDiv(results, cuts);
  const int64_t fitting = 65536 / (channelsEach + columns) / 32 * 32;
  const int64_t chunk = transposed ? larger(chunkRows, smaller(longChunk, fitting)) : chunkRows, ldx = chunk + 16;
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
      const int64_t from = part * each, to = smaller(results, from + each);
      float* sum = cuts > 1 ? partial + part * k * columns : dw + group * columns;
      const int64_t sumLd = cuts > 1 ? columns : g.m;
      const int64_t rows = larger<int64_t>(0, toChannel - fromChannel);
      if (rows == 0) return;
      const float** in = (const float**)parallel::scratch(parallel::taskA, (pieces * chunk + 2 * rows + 16) * 2);
      float* patches = gathered ? parallel::scratch(parallel::taskB, chunk * ld) : nullptr;
      float* packed = padded ? parallel::scratch(parallel::taskC, panels.size(chunk)) : nullptr;
      float* across = transposed ? parallel::scratch(parallel::taskD, rows * ldx) : nullptr;
      if (!in || (gathered && !patches) || (padded && !packed) || (transposed && !across)) return;
      float** rowsOut = (float**)(in + pieces * chunk);
      const float** rowsIn = in + pieces * chunk + rows;
      for (int64_t i = 0; i < rows && transposed; i++) rowsIn[i] = across + i * ldx;
      for (int64_t first = from; first < to || first == from; first += chunk) {
        const int64_t count = larger<int64_t>(0, smaller(chunk, to - first));
        Cursor at(p, first);
        if (gathered) {
          gatherPatches(p, at, count, image, channels, patches, ld);
          for (int64_t q = 0; q < count; q++) in[q] = patches + q * ld;
        } else {
          tapPointers(p, at, count, image, zeros, in, chunk);
        }
        for (int64_t j = 0; j < panels.count() && padded; j++)
          packRows(gradient + first * g.m + j * panels.width, g.m, count, panels.columns(j), panels.vectors(j) * L,
                   packed + panels.offset(j, chunk));
        for (int64_t t = fromPiece; t < toPiece; t++) {
          const float** pixels = in + t * chunk;
          if (transposed) transposeRows([&](int64_t q) { return pixels[q] + fromChannel; }, across, ldx, count, rows);
          for (int64_t i = 0; i < rows; i++) rowsOut[i] = sum + (t * pieceRows + fromChannel + i) * sumLd;
          for (int64_t j = 0; j < panels.count(); j++) {
            const int vectors = panels.vectors(j);
            const float* b = padded ? packed + panels.offset(j, chunk) : gradient + first * g.m + j * panels.width;
            const Write write = {rowsOut, j * panels.width, panels.columns(j), 1, first != from};
            if (transposed)
              panel<multiply>(vectors, rows, Rows{rowsIn, 0, 1, count, nullptr, b}, write);
            else
              outerPanel(vectors, rows, pixels, fromChannel, count, b, padded ? vectors * L : g.m, write);
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
