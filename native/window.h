// A window that moves over an image, as the passes of convolution and adder layers see it.
//
// A `Pass` says, for a grid of results [n, rows, columns], where each result's taps lie in the image that is
// read and where the result is written. The forward pass is one Pass. The input gradient is one Pass for each
// residue of the pixel's position modulo the stride: pixels of one residue meet the same subset of the taps, so
// each is a plain stride-1 pass over dy, and no tap that falls between outputs is ever visited (spec 4.1).
#pragma once
#include "parallel.h"
#include "vec.h"

namespace ISA::heavy {

struct Window {
  int64_t n, h, w, c, r, s, m, stride, pad, groups, e, f;
  int64_t inputs() const { return c / groups; }   // channels that one output channel reads
  int64_t outputs() const { return m / groups; }  // output channels of a group
  int64_t taps() const { return r * s; }
  bool depthwise() const { return groups == c && m == c; }
};

/** From the flattened arguments of the contract's WindowShape. */
INLINE Window windowOf(const double* a) {
  return {(int64_t)a[0], (int64_t)a[1], (int64_t)a[2], (int64_t)a[3], (int64_t)a[4],  (int64_t)a[5],
          (int64_t)a[6], (int64_t)a[7], (int64_t)a[8], (int64_t)a[9], (int64_t)a[10], (int64_t)a[11]};
}

struct Pass {
  int64_t n, rows, columns;           // the grid of results
  int64_t h, w, pixel;                // image read, floats from pixel to pixel
  int64_t step, top, left;            // result (i, j) reads from row i * step + top on, column j * step + left on
  int64_t tapRows, tapColumns;        // taps, one pixel apart
  int64_t tapRow, tapColumn, tapStep; // tap (u, v) is the weights' tap (tapRow + u * tapStep, tapColumn + v * tapStep)
  int64_t outH, outW, outPixel;       // image written
  int64_t outStep, outTop, outLeft;   // result (i, j) is its pixel (i * outStep + outTop, j * outStep + outLeft)

  int64_t results() const { return n * rows * columns; }
  int64_t taps() const { return tapRows * tapColumns; }
};

INLINE Pass forwardPass(const Window& g) {
  return {g.n, g.e, g.f, g.h, g.w, g.c, g.stride, -g.pad, -g.pad, g.r, g.s, 0, 0, 1, g.e, g.f, g.m, 1, 0, 0};
}

/** The pixels of the input that lie whole strides below and beside pixel (top, left) of the first `stride` lines. */
INLINE Pass backwardPass(const Window& g, int64_t top, int64_t left) {
  // They meet the taps a, a + stride ... of a column and b, b + stride ... of a row.
  const int64_t a = (top + g.pad) % g.stride, b = (left + g.pad) % g.stride;
  auto count = [&](int64_t size, int64_t from) { return size > from ? (size - from - 1) / g.stride + 1 : 0; };
  const int64_t u = count(g.r, a), v = count(g.s, b);
  // Pixel top + i * stride meets tap a + stride * t at output row i + (top + pad - a) / stride - t; taps are
  // taken from the last to the first, so that the output row grows with the tap.
  return {g.n, count(g.h, top), count(g.w, left), g.e, g.f, g.m, 1,
          (top + g.pad - a) / g.stride - (u - 1), (left + g.pad - b) / g.stride - (v - 1), u, v,
          a + g.stride * (u - 1), b + g.stride * (v - 1), -g.stride,
          g.h, g.w, g.c, g.stride, top, left};
}

/** Walks the grid of results from a given one on. */
struct Cursor {
  int64_t image, i, j;
  Cursor(const Pass& p, int64_t result)
      : image(result / (p.rows * p.columns)), i(result / p.columns % p.rows), j(result % p.columns) {}
  void next(const Pass& p) {
    if (++j < p.columns) return;
    j = 0;
    if (++i < p.rows) return;
    i = 0;
    image++;
  }
  /** Goes on by `count` results of the same line, at most to its end. */
  void skip(const Pass& p, int64_t count) {
    j += count - 1;
    next(p);
  }
};

INLINE int64_t outOffset(const Pass& p, const Cursor& at) {
  return ((at.image * p.outH + at.i * p.outStep + p.outTop) * p.outW + at.j * p.outStep + p.outLeft) * p.outPixel;
}

/** rows[q]: where each of `count` results lies in `out`. */
template <typename Float> static void resultPointers(const Pass& p, Cursor at, int64_t count, Float* out, Float** rows) {
  while (count > 0) {  // line by line
    const int64_t length = smaller(count, p.columns - at.j), advance = p.outStep * p.outPixel;
    Float* line = out + outOffset(p, at);
    for (int64_t q = 0; q < length; q++) rows[q] = line + q * advance;
    rows += length;
    count -= length;
    at.skip(p, length);
  }
}

/** Results of a line whose tap `v` lies inside: from `first` to `last`, where `from` is the tap's place at result 0. */
struct Span {
  int64_t first, last;
};
INLINE Span insideOf(int64_t from, int64_t step, int64_t size, int64_t results) {
  int64_t first = from >= 0 ? 0 : step == 1 ? -from : (-from + step - 1) / step;
  int64_t last = from >= size ? 0 : step == 1 ? size - from : (size - from + step - 1) / step;
  first = smaller(first, results);
  return {first, larger(first, smaller(last, results))};
}

/** in[tap * stride + q]: the pixel that tap reads for each of `count` results; `zeros` where it is padding. */
static void tapPointers(const Pass& p, Cursor at, int64_t count, const float* image, const float* zeros, const float** in,
                        int64_t stride) {
  while (count > 0) {  // line by line
    const int64_t length = smaller(count, p.columns - at.j), advance = p.step * p.pixel;
    const int64_t y = at.i * p.step + p.top;
    const float** to = in;
    for (int64_t u = 0; u < p.tapRows; u++) {
      const bool inside = y + u >= 0 && y + u < p.h;
      const float* line = image + (at.image * p.h + y + u) * p.w * p.pixel;
      for (int64_t v = 0; v < p.tapColumns; v++, to += stride) {
        const int64_t from = at.j * p.step + p.left + v;
        const Span span = inside ? insideOf(from, p.step, p.w, length) : Span{length, length};
        const float* pixel = line + from * p.pixel;
        int64_t q = 0;
        for (; q < span.first; q++) to[q] = zeros;
        for (; q < span.last; q++) to[q] = pixel + q * advance;
        for (; q < length; q++) to[q] = zeros;
      }
    }
    in += length;
    count -= length;
    at.skip(p, length);
  }
}

/**
 * Copies the patches of `count` results to to[q * ld], channels of a tap contiguous: for images of few channels.
 * Writes up to 7 floats more than a patch has.
 */
static void gatherPatches(const Pass& p, Cursor at, int64_t count, const float* image, int64_t channels, float* to, int64_t ld) {
  const int64_t run = p.tapColumns * channels;  // contiguous in the image where it has no other channels
  const float* end = image + p.n * p.h * p.w * p.pixel - 8;
  for (int64_t q = 0; q < count; q++, at.next(p), to += ld) {
    int64_t y = at.i * p.step + p.top, x = at.j * p.step + p.left;
    const float* base = image + ((at.image * p.h + y) * p.w + x) * p.pixel;
    float* d = to;
    const bool inside = y >= 0 && x >= 0 && y + p.tapRows <= p.h && x + p.tapColumns <= p.w;
    if (inside && p.pixel == channels && base + ((p.tapRows - 1) * p.w + p.tapColumns) * p.pixel <= end) {
      for (int64_t u = 0; u < p.tapRows; u++, base += p.w * p.pixel, d += run)
        for (int64_t c = 0; c < run; c += 4) __builtin_memcpy(d + c, base + c, 16);
      continue;
    }
    for (int64_t u = 0; u < p.tapRows; u++, base += p.w * p.pixel)
      for (int64_t v = 0; v < p.tapColumns; v++, d += channels) {
        bool within = y + u >= 0 && y + u < p.h && x + v >= 0 && x + v < p.w;
        const float* from = base + v * p.pixel;
        for (int64_t c = 0; c < channels; c++) d[c] = within ? from[c] : 0;
      }
  }
}

/**
 * Where the patches of `count` results lie, one segment for each row of taps: in[row * stride + q]. The image must have
 * no other channels. A patch that touches padding is copied to to[q * ld].
 */
static void patchPointers(const Pass& p, Cursor at, int64_t count, const float* image, float* to, int64_t ld, const float** in,
                          int64_t stride) {
  const int64_t run = p.tapColumns * p.pixel, line = p.w * p.pixel, advance = p.step * p.pixel;
  while (count > 0) {  // line by line
    const int64_t length = smaller(count, p.columns - at.j);
    const int64_t y = at.i * p.step + p.top, x = at.j * p.step + p.left;
    const bool inside = y >= 0 && y + p.tapRows <= p.h;
    const Span span = inside ? insideOf(x, p.step, p.w - p.tapColumns + 1, length) : Span{length, length};
    auto copy = [&](int64_t q) {
      Cursor here = at;
      here.j += q;
      gatherPatches(p, here, 1, image, p.pixel, to + q * ld, ld);
      for (int64_t u = 0; u < p.tapRows; u++) in[u * stride + q] = to + q * ld + u * run;
    };
    for (int64_t q = 0; q < span.first; q++) copy(q);
    const float* from = image + (at.image * p.h + y) * line + x * p.pixel;
    for (int64_t u = 0; u < p.tapRows && span.first < span.last; u++)
      for (int64_t q = span.first; q < span.last; q++) in[u * stride + q] = from + u * line + q * advance;
    for (int64_t q = span.last; q < length; q++) copy(q);
    in += length;
    to += length * ld;
    count -= length;
    at.skip(p, length);
  }
}

INLINE void zero(float* p, int64_t count) { __builtin_memset(p, 0, (size_t)count * 4); }

/** Writes zeros to the pixels of a pass (a residue that no tap reaches), `channels` from each pixel's first on. */
static void zeroResults(const Pass& p, float* out, int64_t channels) {
  Cursor at(p, 0);
  for (int64_t q = 0; q < p.results(); q++, at.next(p)) zero(out + outOffset(p, at), channels);
}

}  // namespace ISA::heavy
