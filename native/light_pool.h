// Pooling over windows, vectors along the channels. Padding is not there: averages divide by the pixels that
// are, and of equal maxima the first wins. Backward gathers: a row of dx asks every window that covers it, so
// rows are independent of each other and each sum has a fixed order.
#pragma once
#include "light_ranges.h"

namespace ISA {

struct Pool {
  int64_t n, h, w, c, r, s, stride, pad, e, f;
  explicit Pool(const double* a)
      : n((int64_t)a[0]), h((int64_t)a[1]), w((int64_t)a[2]), c((int64_t)a[3]), r((int64_t)a[4]), s((int64_t)a[5]),
        stride((int64_t)a[7]), pad((int64_t)a[8]), e((int64_t)a[10]), f((int64_t)a[11]) {}

  struct Span {
    int64_t begin, end;
  };
  /** Pixels of a line of `size` under window `i` of `length`. */
  Span covered(int64_t i, int64_t length, int64_t size) const {
    int64_t at = i * stride - pad;
    return {larger<int64_t>(0, at), smaller(size, at + length)};
  }
  /** Windows (of `count`) over pixel `at`. */
  Span covering(int64_t at, int64_t length, int64_t count) const {
    int64_t last = at + pad;
    int64_t before = last - length;  // windows that start here or earlier end before the pixel
    return {before < 0 ? 0 : before / stride + 1, smaller(count, last / stride + 1)};
  }
};

INLINE void averageRow(const Pool& p, const float* image, float* out, int64_t row) {
  Pool::Span v = p.covered(row, p.r, p.h);
  for (int64_t column = 0; column < p.f; column++, out += p.c) {
    Pool::Span u = p.covered(column, p.s, p.w);
    vf count = vset((float)((v.end - v.begin) * (u.end - u.begin)));
    overVectors(0, p.c, [&](int64_t k, auto at) {
      vf sum = {};
      for (int64_t i = v.begin; i < v.end; i++) {
        vf line = {};
        for (int64_t j = u.begin; j < u.end; j++) line += at.get(image + (i * p.w + j) * p.c + k);
        sum += line;
      }
      at.put(out + k, sum / count);
    });
  }
}

INLINE void maximumRow(const Pool& p, const float* image, int64_t base, float* out, int32_t* index, int64_t row) {
  Pool::Span v = p.covered(row, p.r, p.h);
  const vi lanes = laneNumbers();
  for (int64_t column = 0; column < p.f; column++, out += p.c, index += p.c) {
    Pool::Span u = p.covered(column, p.s, p.w);
    overVectors(0, p.c, [&](int64_t k, auto at) {
      int64_t first = (v.begin * p.w + u.begin) * p.c + k;
      vf best = at.get(image + first);
      vi place = vsetInt((int32_t)(base + first));
      for (int64_t i = v.begin; i < v.end; i++)
        for (int64_t j = u.begin; j < u.end; j++) {
          int64_t here = (i * p.w + j) * p.c + k;
          vf x = at.get(image + here);
          vi more = x > best;
          best = vselect(more, x, best);
          place = more ? vsetInt((int32_t)(base + here)) : place;
        }
      at.put(out + k, best);
      at.put((float*)index + k, (vf)(place + lanes));
    });
  }
}

static void poolForward(const double* a) {
  bool maximum = a[0] != 0;
  const float* x = floats(a[1]);
  float* y = floats(a[2]);
  int32_t* index = ints(a[3]);
  Pool p(a + 4);
  overItems(p.n * p.e, p.f * p.c * smaller(p.r, p.h) * smaller(p.s, p.w), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      int64_t base = i / p.e * p.h * p.w * p.c, out = i * p.f * p.c;
      if (maximum)
        maximumRow(p, x + base, base, y + out, index + out, i % p.e);
      else
        averageRow(p, x + base, y + out, i % p.e);
    }
  });
}

/** The windows over one pixel: where their gradients begin, and each one's share of them. */
struct Covering {
  static constexpr int64_t most = 64;
  int64_t from[most], count = 0;
  float share[most];
};

/** out[k] (+)= what the windows give to the pixel at `place` of dx. */
template <bool maximum>
INLINE void gather(const Covering& windows, const float* dy, const int32_t* index, int64_t c, int64_t place, float* out, bool add) {
  const vi lanes = laneNumbers();
  overVectors(0, c, [&](int64_t k, auto at) {
    vf sum = add ? at.get(out + k) : (vf){};
    const vi here = vsetInt((int32_t)(place + k)) + lanes;
    for (int64_t q = 0; q < windows.count; q++) {
      const int64_t from = windows.from[q] + k;
      const vf g = at.get(dy + from);
      // The index is compared, never followed.
      sum += maximum ? vselect((vi)at.get((const float*)index + from) == here, g, vset(0)) : g * windows.share[q];
    }
    at.put(out + k, sum);
  });
}

/** Row `row` of one image's dx; base is the place of the image in dx. */
template <bool maximum>
INLINE void poolBackwardRow(const Pool& p, const float* dy, const int32_t* index, float* dx, int64_t base, int64_t row) {
  Pool::Span v = p.covering(row, p.r, p.e);
  for (int64_t column = 0; column < p.w; column++) {
    Pool::Span u = p.covering(column, p.s, p.f);
    const int64_t place = (row * p.w + column) * p.c;
    Covering windows;
    bool add = false;
    for (int64_t i = v.begin; i < v.end; i++) {
      Pool::Span tall = p.covered(i, p.r, p.h);
      for (int64_t j = u.begin; j < u.end; j++) {
        Pool::Span wide = p.covered(j, p.s, p.w);
        windows.from[windows.count] = (i * p.f + j) * p.c;
        windows.share[windows.count++] = 1 / (float)((tall.end - tall.begin) * (wide.end - wide.begin));
        if (windows.count < Covering::most) continue;
        gather<maximum>(windows, dy, index, p.c, base + place, dx + place, add);
        windows.count = 0;
        add = true;
      }
    }
    if (windows.count > 0 || !add) gather<maximum>(windows, dy, index, p.c, base + place, dx + place, add);
  }
}

/** The same where windows lie side by side: each pixel is under one of them at most. */
template <bool maximum>
INLINE void poolBackwardTiled(const Pool& p, const float* dy, const int32_t* index, float* dx, int64_t base, int64_t row) {
  const vi lanes = laneNumbers();
  const int64_t i = row / p.r;
  const float height = (float)(i < p.e ? smaller(p.h, (i + 1) * p.r) - i * p.r : 1);
  for (int64_t column = 0; column < p.w; column++) {
    const int64_t j = column / p.s, place = (row * p.w + column) * p.c, from = (i * p.f + j) * p.c;
    if (i >= p.e || j >= p.f) {
      overVectors(0, p.c, [&](int64_t k, auto at) { at.put(dx + place + k, (vf){}); });
      continue;
    }
    const vf share = vset(1 / (height * (float)(smaller(p.w, (j + 1) * p.s) - j * p.s)));
    overVectors(0, p.c, [&](int64_t k, auto at) {
      const vf g = at.get(dy + from + k);
      const vi here = vsetInt((int32_t)(base + place + k)) + lanes;
      // The index is compared, never followed.
      at.put(dx + place + k, maximum ? vselect((vi)at.get((const float*)index + from + k) == here, g, vset(0)) : g * share);
    });
  }
}

static void poolBackward(const double* a) {
  bool maximum = a[0] != 0;
  const float* dy = floats(a[1]);
  const int32_t* index = ints(a[2]);
  float* dx = floats(a[3]);
  Pool p(a + 4);
  int64_t windows = ceilDiv(p.r, p.stride) * ceilDiv(p.s, p.stride);
  const bool tiled = p.r == p.stride && p.s == p.stride && p.pad == 0;
  overItems(p.n * p.h, p.w * p.c * smaller(windows, p.e * p.f + 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      int64_t image = i / p.h, base = image * p.h * p.w * p.c, from = image * p.e * p.f * p.c;
      if (tiled && maximum)
        poolBackwardTiled<true>(p, dy + from, index + from, dx + base, base, i % p.h);
      else if (tiled)
        poolBackwardTiled<false>(p, dy + from, nullptr, dx + base, base, i % p.h);
      else if (maximum)
        poolBackwardRow<true>(p, dy + from, index + from, dx + base, base, i % p.h);
      else
        poolBackwardRow<false>(p, dy + from, nullptr, dx + base, base, i % p.h);
    }
  });
}

}  // namespace ISA
