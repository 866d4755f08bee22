// permute: y takes x's axes in another order. It first drops axes of size 1 and joins axes that stay neighbours; what
// is left is either runs that keep their order, or a transposition of two axes in tiles of 4 x 4 that pass
// through registers, with any number of outer axes around it.
#pragma once
#include "light_layout.h"
#include "transpose.h"

namespace ISA {

/** An axis of the result: its size and how far x and y move with it. */
struct Axis {
  int64_t size, x, y;
};

struct Axes {
  Axis axis[8];
  int count = 0;
  int64_t items = 1;
  void push(Axis next) {
    axis[count++] = next;
    items *= next.size;
  }
  /** Where item number i lies, the last axis counting fastest. */
  void locate(int64_t i, int64_t& x, int64_t& y) const {
    x = y = 0;
    for (int k = count - 1; k >= 0; k--) {
      int64_t at = i % axis[k].size;
      i /= axis[k].size;
      x += at * axis[k].x;
      y += at * axis[k].y;
    }
  }
};

static void permute(const double* a) {
  const float* x = floats(a[0]);
  float* y = floats(a[1]);
  int rank = (int)a[2];
  const double *sizes = a + 3, *order = a + 3 + rank;
  int64_t strides[8], total = 1;
  for (int i = rank - 1; i >= 0; i--) {
    strides[i] = total;
    total *= (int64_t)sizes[i];
  }
  if (total == 0) return;
  Axis axes[8];
  int count = 0;
  for (int i = 0; i < rank; i++) {
    int from = (int)order[i];
    int64_t size = (int64_t)sizes[from];
    if (size == 1) continue;
    if (count > 0 && axes[count - 1].x == size * strides[from]) {
      axes[count - 1].size *= size;
      axes[count - 1].x = strides[from];
    } else {
      axes[count++] = {size, strides[from], 0};
    }
  }
  if (count == 0) axes[count++] = {1, 1, 0};
  for (int64_t i = count - 1, step = 1; i >= 0; i--) {
    axes[i].y = step;
    step *= axes[i].size;
  }
  Axis last = axes[count - 1];
  Axes outer;
  if (last.x == 1) {
    if (count == 1) {
      overElements(total, 1, [&](int64_t begin, int64_t end) { copyRun(x + begin, y + begin, end - begin); });
      return;
    }
    for (int i = 0; i < count - 1; i++) outer.push(axes[i]);
    overItems(outer.items, last.size, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        int64_t from, to;
        outer.locate(i, from, to);
        copyRun(x + from, y + to, last.size);
      }
    });
    return;
  }
  // x runs along axis `fast`, y along the last one; the blocks of 32 along `fast` are items of their own.
  Axis fast = {};
  for (int i = 0; i < count - 1; i++) {
    if (axes[i].x == 1)
      fast = axes[i];
    else
      outer.push(axes[i]);
  }
  constexpr int64_t block = 32;
  int64_t blocks = ceilDiv(fast.size, block);
  overItems(outer.items * blocks, total / (outer.items * blocks), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      int64_t from, to, k = i % blocks * block;
      outer.locate(i / blocks, from, to);
      for (int64_t j = 0; j < last.size; j += block)
        transposeBlock(x + from + j * last.x + k, last.x, y + to + k * fast.y + j, fast.y,
                       smaller(block, last.size - j), smaller(block, fast.size - k));
    }
  });
}

}  // namespace ISA
