// y (+)= alpha * op(a) op(b) for a batch of matrices. b is packed into panels; a is read in place, in rows or,
// transposed, in columns. Many small products (attention) are shared out whole, few large ones by rows and panels.
#pragma once
#include "fewrows.h"
#include "transpose.h"

namespace ISA::heavy {

/** Rows of a that a task takes at a time through all panels. */
INLINE int64_t rowsTogether(int64_t m, int64_t depth) {
  const int64_t most = larger(blockRows, smaller(mostRows, keptFloats / larger<int64_t>(1, depth)));
  return larger(blockRows, evenBlock(m, most, 12));
}

static void packMatrix(const Product& s, const float* b, int64_t j, const Panels<multiply>& panels, float* to) {
  const int stride = panels.vectors(j) * L;
  if (s.transposeB)
    packColumns(b + j * panels.width * s.k, s.k, s.k, panels.columns(j), stride, to);
  else
    packRows(b + j * panels.width, s.n, s.k, panels.columns(j), stride, to);
}

/** How much of a long sum is taken at a time, so that the piece of a stays in the cache. */
INLINE int64_t depthOf(const Product& s) { return smaller<int64_t>(s.k, s.transposeA ? 384 : s.k <= 1536 ? s.k : 768); }

/**
 * Rows from .. to, panels fromPanel .. toPanel of one product; `packed` begins with panel `firstPacked`. Where a is used by enough panels, the block at hand is
 * copied first if it lies badly: transposed, its rows are far apart; rows whole pages apart share one set of the cache.
 */
static void productPart(const Product& s, const float* a, const float* packed, const Panels<multiply>& panels, float* y,
                        int64_t from, int64_t to, int64_t fromPanel, int64_t toPanel, int64_t firstPacked = 0) {
  const int64_t depth = depthOf(s);
  const bool copied = toPanel - fromPanel >= 4 && (s.transposeA || s.k % 512 == 0);
  const int64_t ld = depth + 16;
  const int64_t block = rowsTogether(s.m, depth), lines = larger(block, depth);
  const float** in = (const float**)parallel::scratch(parallel::taskA, (lines + block) * 2);
  float* copies = copied ? parallel::scratch(parallel::taskC, block * ld) : nullptr;
  if (!in || (copied && !copies)) return;
  float** rowsOut = (float**)(in + lines);
  for (int64_t first = from; first < to; first += block) {
    const int64_t count = smaller(block, to - first);
    for (int64_t q = 0; q < count; q++) rowsOut[q] = y + (first + q) * s.n;
    for (int64_t k0 = 0; k0 < s.k; k0 += depth) {
      const int64_t length = smaller(depth, s.k - k0);
      const bool outer = s.transposeA && !copied;
      if (outer)
        for (int64_t i = 0; i < length; i++) in[i] = a + (k0 + i) * s.m;
      else
        for (int64_t q = 0; q < count; q++) in[q] = copied ? copies + q * ld : a + (first + q) * s.k + k0;
      if (copied && s.transposeA)
        transposeBlock(a + k0 * s.m + first, s.m, copies, ld, length, count);
      else if (copied)
        for (int64_t q = 0; q < count; q++) __builtin_memcpy(copies + q * ld, a + (first + q) * s.k + k0, (size_t)length * 4);
      for (int64_t j = fromPanel; j < toPanel; j++) {
        const int vectors = panels.vectors(j);
        const float* b = packed + panels.offset(j - firstPacked, s.k) + k0 * vectors * L;
        Write write = {rowsOut, j * panels.width, panels.columns(j), s.alpha, s.accumulate || k0 > 0};
        if (outer)
          outerPanel(vectors, count, in, first, length, b, vectors * L, write);
        else
          panel<multiply>(vectors, count, Rows{in, 0, 1, length, nullptr, b}, write);
      }
    }
  }
}

/** Rows at most, for the whole of a is read once for each of the tasks' pieces of b. */
constexpr int64_t rowsPackingAlong = 512;

/** A large matrix by not too many rows: panels are packed a few at a time, and used while they lie in the cache. */
static void packingAlong(const Product& s, const float* a, const float* b, float* y, const Panels<multiply>& panels) {
  const int64_t together = larger<int64_t>(1, keptFloats / 2 / (s.k * panels.width));
  const int64_t tasks = worthTasks(s.m * s.n * s.k, smaller(wantedTasks, ceilDiv(panels.count(), together)));
  parallelFor(tasks, [&](int64_t task) {
    const int64_t from = task * panels.count() / tasks, to = (task + 1) * panels.count() / tasks;
    float* packed = parallel::scratch(parallel::taskB, panels.offset(together, s.k));
    if (!packed) return;
    for (int64_t first = from; first < to; first += together) {
      const int64_t count = smaller(together, to - first);
      for (int64_t j = 0; j < count; j++) packMatrix(s, b, first + j, panels, packed + panels.offset(j, s.k));
      productPart(s, a, packed, panels, y, 0, s.m, first, first + count, first);
    }
  });
}

static void matrixProduct(const float* a, const float* b, float* y, const Product& s) {
  if (s.batch * s.m * s.n == 0) return;
  if (s.k == 0) {
    if (!s.accumulate) zero(y, s.batch * s.m * s.n);
    return;
  }
  if (fewRowsProduct(a, b, y, s)) return;
  const Panels<multiply> panels(s.n);
  const int64_t work = s.m * s.n * s.k;
  if (s.batch >= 8 && work <= 4 * taskWork) {
    const int64_t each = larger(s.batch / worthTasks(s.batch * work, s.batch), smaller<int64_t>(s.batch, larger<int64_t>(1, taskWork / work)));
    parallelFor(ceilDiv(s.batch, each), [&](int64_t task) {
      float* packed = parallel::scratch(parallel::taskB, panels.size(s.k));
      if (!packed) return;
      for (int64_t q = task * each, end = smaller(s.batch, q + each); q < end; q++) {
        for (int64_t j = 0; j < panels.count(); j++) packMatrix(s, b + q * s.k * s.n, j, panels, packed + panels.offset(j, s.k));
        productPart(s, a + q * s.m * s.k, packed, panels, y + q * s.m * s.n, 0, s.m, 0, panels.count());
      }
    });
    return;
  }
  if (s.batch == 1 && s.k * s.n >= 2 * keptFloats && s.m <= rowsPackingAlong) return packingAlong(s, a, b, y, panels);
  float* packed = parallel::scratch(parallel::launchA, panels.size(s.k));
  if (!packed) return;
  const Cut cut(s.m, panels.count(), s.k * s.n, rowsTogether(s.m, depthOf(s)));
  for (int64_t q = 0; q < s.batch; q++) {
    packAll(panels, s.k, packed, [&](int64_t j, float* to) { packMatrix(s, b + q * s.k * s.n, j, panels, to); });
    parallelFor(cut.tasks(), [&](int64_t task) {
      const int64_t from = task / cut.panelTasks * cut.rowsEach, fromPanel = task % cut.panelTasks * cut.panelsEach;
      productPart(s, a + q * s.m * s.k, packed, panels, y + q * s.m * s.n, from, smaller(s.m, from + cut.rowsEach), fromPanel,
                  smaller(panels.count(), fromPanel + cut.panelsEach));
    });
  }
}

}  // namespace ISA::heavy
