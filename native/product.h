// Runs a Pass (window.h) as a blocked matrix product: results are rows, the taps' channels are k, and the
// weights, packed once, are the columns. Rows are read where they lie in the image, one segment for each tap, or,
// where a pixel has few channels, for each row of taps; only patches that touch padding are copied.
#pragma once
#include "tile.h"
#include "window.h"

namespace ISA::heavy {

constexpr int64_t blockRows = 48;     // results that a task takes at a time, at most
constexpr int64_t taskWork = 400000;  // multiply-adds of a task, where there are enough of them
constexpr int64_t leastWork = 50000;  // below this, handing a task out costs more than it gives
constexpr int64_t wantedTasks = 12;   // so many threads can share a launch without one waiting long for another
constexpr int64_t fewChannels = 6;    // at most so many are gathered


// Where the packed matrix is too large to stay in the second-level cache, more results are taken at a time, and it is
// read less often. Processors with AVX-512 have 1 to 2 MB of that cache, others may have 256 KB.
constexpr int64_t mostRows = VECTOR_BYTES == 64 ? 4 * blockRows : blockRows;
constexpr int64_t keptFloats = 192 * 1024;

/** So many of `rows` at a time, at most `most`, that blocks are of about one size, a multiple of `unit`, and come in pairs. */
INLINE int64_t evenBlock(int64_t rows, int64_t most, int64_t unit) {
  const int64_t blocks = ceilDiv(rows, most) <= 1 ? 1 : ceilDiv(ceilDiv(rows, most), 2) * 2;
  return ceilDiv(ceilDiv(rows, blocks), unit) * unit;
}

/** How many tasks `work` multiply-adds are worth: at most `most`, and none of them too small. */
INLINE int64_t worthTasks(int64_t work, int64_t most) { return larger<int64_t>(1, smaller(most, work / leastWork)); }

/** Results that a task takes at a time: a multiple of the heights of the operation's tiles. */
template <Operation op> INLINE int64_t blockOf(const Panels<op>& panels, int64_t results, int64_t k) {
  const int64_t unit = rowsOf(op, panels.vectors(0)), least = blockRows / unit * unit;
  return k * panels.n < keptFloats ? least : larger(least, evenBlock(results, mostRows, unit));
}

/** How rows x panels are cut into tasks: from sizes alone, so that the cut is the same for any number of threads. */
struct Cut {
  int64_t rowsEach, rowTasks, panelsEach, panelTasks;
  int64_t tasks() const { return rowTasks * panelTasks; }
  Cut(int64_t rows, int64_t panels, int64_t workOfRow, int64_t block = blockRows) {
    const int64_t worth = worthTasks(rows * workOfRow, wantedTasks), grain = taskWork / larger<int64_t>(1, workOfRow);
    rowsEach = worth == 1 ? rows : ceilDiv(larger<int64_t>(1, grain), block) * block;
    rowsEach = larger<int64_t>(1, smaller(rows, rowsEach));
    rowTasks = ceilDiv(rows, rowsEach);
    panelsEach = larger<int64_t>(1, ceilDiv(panels, larger<int64_t>(1, worth / larger<int64_t>(1, rowTasks))));
    panelTasks = larger<int64_t>(1, ceilDiv(panels, panelsEach));
  }
};

/** Packs all panels of a matrix; pack(p, panel) fills panel p. Shared among threads when it is large. */
template <Operation op, typename F> static void packAll(const Panels<op>& panels, int64_t k, float* packed, F&& pack) {
  int64_t count = panels.count();
  int64_t tasks = k * panels.n < 40000 ? 1 : count;
  parallelFor(tasks, [&](int64_t task) {
    for (int64_t p = tasks == 1 ? 0 : task, end = tasks == 1 ? count : task + 1; p < end; p++)
      pack(p, packed + panels.offset(p, k));
  });
}

/** sums[pixel] = sum over channels of the image, and of its absolute values. */
static void pixelSums(const Pass& p, const float* image, int64_t channels, float* sums) {
  const int64_t pixels = p.n * p.h * p.w, tasks = worthTasks(pixels * channels, wantedTasks);
  parallelFor(tasks, [&](int64_t task) {
    for (int64_t q = task * pixels / tasks, end = (task + 1) * pixels / tasks; q < end; q++) {
      const float* pixel = image + q * p.pixel;
      rowSumsOf(&pixel, 1, 1, channels, 1, sums + 2 * q, sums + 2 * q + 1);
    }
  });
}

/** Sums over the taps of `count` results, from those of the pixels. */
static void sumTaps(Pass p, Cursor at, int64_t count, const float* pixels, const float* zeros, const float** in, int64_t stride,
                    float* sum, float* size) {
  p.pixel = 2;
  tapPointers(p, at, count, pixels, zeros, in, stride);
  for (int64_t q = 0; q < count; q++) {
    sum[q] = size[q] = 0;
    for (int64_t t = 0; t < p.taps(); t++) {
      sum[q] += in[t * stride + q][0];
      size[q] += in[t * stride + q][1];
    }
  }
}

/**
 * out = alpha * (image's taps) op (weights), where image and out point to the first channel of their group and
 * the clipped gradient also meets x, which has the shape of out. columnSums: of each packed column, then of its
 * absolute values, where the operation needs them.
 */
template <Operation op>
static void product(const Pass& p, const float* image, int64_t channels, const float* packed, const Panels<op>& panels,
                    const float* columnSums, float* out, const float* x, float alpha, const float* zeros) {
  const int64_t taps = p.taps(), k = taps * channels, results = p.results();
  if (results == 0 || panels.n == 0) return;
  const bool gathered = taps > 1 && channels <= fewChannels, inPlace = gathered && p.pixel == channels;
  const int64_t segments = inPlace ? p.tapRows : gathered ? 1 : taps, length = k / segments, ld = ceilDiv(k, 16) * 16 + 16;
  const int64_t block = blockOf(panels, results, k);
  const Cut cut(results, panels.count(), k * panels.n, block);
  float* pixels = nullptr;  // a pixel is part of many results: its sums are made once
  if (needsSums(op) && taps > 1 && !gathered) {
    pixels = parallel::scratch(parallel::launchD, 2 * p.n * p.h * p.w);
    if (!pixels) return;
    pixelSums(p, image, channels, pixels);
  }
  parallelFor(cut.tasks(), [&](int64_t task) {
    const float** in = (const float**)parallel::scratch(parallel::taskA, (segments + 3) * block * 2);
    float* patches = gathered ? parallel::scratch(parallel::taskB, block * ld) : nullptr;
    if (!in || (gathered && !patches)) return;
    float** rowsOut = (float**)(in + segments * block);
    const float** rowsX = in + (segments + 1) * block;
    float *rowSum = (float*)(in + (segments + 2) * block), *rowSize = rowSum + block;
    const int64_t from = task / cut.panelTasks * cut.rowsEach, to = smaller(results, from + cut.rowsEach);
    const int64_t fromPanel = task % cut.panelTasks * cut.panelsEach, toPanel = smaller(panels.count(), fromPanel + cut.panelsEach);
    for (int64_t first = from; first < to; first += block) {
      const int64_t count = smaller(block, to - first);
      Cursor at(p, first);
      if (pixels) sumTaps(p, at, count, pixels, zeros, in, block, rowSum, rowSize);
      if (inPlace) {
        patchPointers(p, at, count, image, patches, ld, in, block);
      } else if (gathered) {
        gatherPatches(p, at, count, image, channels, patches, ld);
        for (int64_t q = 0; q < count; q++) in[q] = patches + q * ld;
      } else {
        tapPointers(p, at, count, image, zeros, in, block);
      }
      if (needsSums(op) && !pixels) rowSumsOf(in, block, segments, length, count, rowSum, rowSize);
      resultPointers(p, at, count, out, rowsOut);
      if (meetsX(op)) resultPointers(p, at, count, x, rowsX);
      for (int64_t j = fromPanel; j < toPanel; j++) {
        const float* sums = columnSums ? columnSums + j * panels.width : nullptr;
        const Rows rows = {in, block, segments, length, rowsX, packed + panels.offset(j, k),
                           rowSum, rowSize, sums, sums ? sums + panels.padded() : nullptr};
        Write write = {rowsOut, j * panels.width, panels.columns(j), alpha, false};
        panel<op>(panels.vectors(j), count, rows, write);
      }
    }
  });
}

/** y = alpha * (patches of x) op (w), group by group. */
template <Operation op>
static void windowForward(const float* x, const float* w, float* y, const Window& g, float alpha) {
  const Pass p = forwardPass(g);
  if (p.results() * g.m == 0) return;
  const int64_t channels = g.inputs(), k = g.taps() * channels;
  const Panels<op> panels(g.outputs());
  float* packed = parallel::scratch(parallel::launchA, panels.size(k));
  float* zeros = parallel::scratch(parallel::launchB, channels + 16);
  float* sums = parallel::scratch(parallel::launchC, 2 * panels.padded());
  if (!packed || !zeros || !sums) return;
  zero(zeros, channels + 2);
  for (int64_t group = 0; group < g.groups; group++) {
    const float* columns = w + group * panels.n;
    packAll(panels, k, packed, [&](int64_t j, float* to) {
      const int stride = panels.vectors(j) * L;
      packRows(columns + j * panels.width, g.m, k, panels.columns(j), stride, to);
      float* sum = sums + j * panels.width;
      if (op == maximum) columnSumsOf(to, k, stride, sum, sum + panels.padded());
    });
    product<op>(p, x + group * channels, channels, packed, panels, sums, y + group * panels.n, nullptr, alpha, zeros);
  }
}

/** dx = sum over taps and output channels of dy * w, or of dy * clamp(w - x, -1, 1). */
template <Operation op>
static void windowBackward(const float* x, const float* w, const float* dy, float* dx, const Window& g) {
  if (g.n * g.h * g.w * g.c == 0) return;
  const int64_t channels = g.outputs();
  const Panels<op> panels(g.inputs());
  float* packed = parallel::scratch(parallel::launchA, panels.size(g.taps() * channels));
  float* zeros = parallel::scratch(parallel::launchB, channels + 16);
  if (!packed || !zeros) return;
  zero(zeros, channels + 2);
  for (int64_t group = 0; group < g.groups; group++)
    for (int64_t top = 0; top < smaller(g.h, g.stride); top++)
      for (int64_t left = 0; left < smaller(g.w, g.stride); left++) {
        const Pass p = backwardPass(g, top, left);
        float* out = dx + group * panels.n;
        const int64_t k = p.taps() * channels;
        if (k == 0) {
          zeroResults(p, out, panels.n);
          continue;
        }
        packAll(panels, k, packed, [&](int64_t j, float* to) {
          const int stride = panels.vectors(j) * L;
          for (int64_t u = 0; u < p.tapRows; u++)
            for (int64_t v = 0; v < p.tapColumns; v++, to += channels * stride) {
              int64_t tap = (p.tapRow + u * p.tapStep) * g.s + p.tapColumn + v * p.tapStep;
              packColumns(w + (tap * panels.n + j * panels.width) * g.m + group * channels, g.m, channels, panels.columns(j), stride, to);
            }
        });
        product<op>(p, dy + group * channels, channels, packed, panels, nullptr, out, x ? x + group * panels.n : nullptr, 1, zeros);
      }
}

}  // namespace ISA::heavy
