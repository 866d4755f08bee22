// Steps without weights: rescaling, tables, factors of channels, sums of two values, pools.
#pragma once
#include "windows.h"

namespace ISA::whole {

template <typename X>
static void rescaleAll(const Step& s, const X* x, int32_t off, const Value& y, uint8_t* to) {
  const Target target = targetOf(y);
  // after L times the channels whole vectors meet the same ones again: so often do factors stand one behind the other
  const int64_t n = y.length(), period = y.c * L;
  alignas(64) int32_t acc[L];
  for (int64_t from = 0; from < n; from += period)
    for (int64_t i = from; i < smaller(n, from + period); i += L) {
      storeInt(acc, widen(x + i) - off);
      put(to, i, requantised(acc, s.requantise, i - from, target), (int)smaller<int64_t>(n - i, L), y.wide);
    }
}

static void rescaleStep(const Step& s, const Value& x, const Value& y, const uint8_t* from, uint8_t* to) {
  if (x.wide) return rescaleAll(s, (const int16_t*)from, 0, y, to);
  rescaleAll(s, from, 128, y, to);
}

/** `off` takes stored bytes to the numbers they stand for. */
template <typename X>
static void lookupAll(const Step& s, const X* x, int32_t off, const Value& y, uint8_t* to) {
  const int16_t* table = (const int16_t*)s.weights + 128;
  const int32_t shift = s.shift, half = (1 << shift) >> 1;
  const int64_t n = y.length();
  for (int64_t i = 0; i < n; i++) {
    const int32_t q = (int32_t)x[i] - off, at = q >> shift;
    const int32_t part = (table[at + 1] - table[at]) * (q - (int32_t)((uint32_t)at << shift));
    const int32_t v = table[at] + ((part + half) >> shift);
    if (y.wide)
      ((int16_t*)to)[i] = (int16_t)v;
    else
      to[i] = (uint8_t)(v + 128);
  }
}

static void lookupStep(const Step& s, const Value& x, const Value& y, const uint8_t* from, uint8_t* to) {
  if (x.wide) return lookupAll(s, (const int16_t*)from, 0, y, to);
  lookupAll(s, from, 128, y, to);
}

/** `zero`: the stored number that stands for 0. */
template <typename X, typename G>
static void gateOf(const Step& s, const X* x, int32_t zero, const G* g, int32_t zeroOfGate, const Value& y, uint8_t* to) {
  const Target target = targetOf(y);
  alignas(64) int32_t acc[L];
  for (int64_t position = 0; position < y.positions(); position++, x += y.c)
    for (int64_t c = 0; c < y.c; c += L) {
      storeInt(acc, (widen(x + c) - zero) * (widen(g + c) - zeroOfGate));
      put(to, position * y.c + c, requantised(acc, s.requantise, c, target), (int)smaller<int64_t>(y.c - c, L), y.wide);
    }
}

static void gateStep(const Step& s, const Value& x, const Value& g, const Value& y, const uint8_t* from, const uint8_t* gates,
                     uint8_t* to) {
  const int32_t zero = x.zero + (x.wide ? 0 : 128), zeroOfGate = g.zero + (g.wide ? 0 : 128);
  if (x.wide && g.wide) return gateOf(s, (const int16_t*)from, zero, (const int16_t*)gates, zeroOfGate, y, to);
  if (x.wide) return gateOf(s, (const int16_t*)from, zero, gates, zeroOfGate, y, to);
  if (g.wide) return gateOf(s, from, zero, (const int16_t*)gates, zeroOfGate, y, to);
  gateOf(s, from, zero, gates, zeroOfGate, y, to);
}

template <typename A, typename B>
static void sumOf(const Step& s, const A* a, const B* b, int32_t addend, const Value& y, uint8_t* to) {
  const int64_t n = y.length();
  const int32_t aShift = s.aShift, bShift = s.bShift, shift = s.shift;
  const vi low = vsetInt(y.low), high = vsetInt(y.high);
  for (int64_t i = 0; i < n; i += L) {
    const vi t = (widen(a + i) << aShift) + (widen(b + i) << bShift) + addend;
    put(to, i, largest(smallest(t >> shift, high), low), (int)smaller<int64_t>(n - i, L), y.wide);
  }
}

static void sumStep(const Step& s, const Value& a, const Value& b, const Value& y, const uint8_t* fromA, const uint8_t* fromB,
                    uint8_t* to) {
  // bytes are 128 too large; what is taken off fits, for the sum of the numbers does
  const int32_t addend = s.addend - (a.wide ? 0 : 128 << s.aShift) - (b.wide ? 0 : 128 << s.bShift);
  if (a.wide && b.wide) return sumOf(s, (const int16_t*)fromA, (const int16_t*)fromB, addend, y, to);
  if (a.wide) return sumOf(s, (const int16_t*)fromA, fromB, addend, y, to);
  if (b.wide) return sumOf(s, fromA, (const int16_t*)fromB, addend, y, to);
  sumOf(s, fromA, fromB, addend, y, to);
}

/** The part of a window that lies inside the map. */
struct Inside {
  int64_t top, bottom, left, right;
  Inside(const Step& s, const Value& x, int64_t row, int64_t column) {
    top = larger<int64_t>(0, row * s.stride - s.pad);
    left = larger<int64_t>(0, column * s.stride - s.pad);
    bottom = smaller<int64_t>(x.h, row * s.stride - s.pad + s.r);
    right = smaller<int64_t>(x.w, column * s.stride - s.pad + s.s);
  }
  int64_t count() const { return (bottom - top) * (right - left); }
};

template <typename X>
static void maxPoolStep(const Step& s, const Value& x, const Value& y, const X* from, X* to) {
  for (int64_t row = 0; row < y.h; row++)
    for (int64_t column = 0; column < y.w; column++) {
      const Inside in(s, x, row, column);
      X* out = to + (row * y.w + column) * y.c;
      copyBytes(out, from + (in.top * x.w + in.left) * x.c, y.c * (int64_t)sizeof(X));
      for (int64_t i = in.top; i < in.bottom; i++)
        for (int64_t j = in.left; j < in.right; j++) {
          const X* pixel = from + (i * x.w + j) * x.c;
          for (int64_t c = 0; c < y.c; c++) out[c] = larger(out[c], pixel[c]);
        }
    }
}

template <typename X>
static void averagePoolStep(const Step& s, const Value& x, const Value& y, const X* from, uint8_t* to) {
  const vi low = vsetInt(y.low), high = vsetInt(y.high);
  const int32_t off = sizeof(X) == 1 ? 128 : 0;
  for (int64_t row = 0; row < y.h; row++)
    for (int64_t column = 0; column < y.w; column++) {
      const Inside in(s, x, row, column);
      const int32_t count = (int32_t)in.count();
      const Share* share = s.shares;
      while (share->count != count) share++;
      for (int64_t c = 0; c < y.c; c += L) {
        vi acc = vsetInt(-off * count);
        for (int64_t i = in.top; i < in.bottom; i++)
          for (int64_t j = in.left; j < in.right; j++) acc += widen(from + (i * x.w + j) * x.c + c);
        vi t = vsetInt(share->addend);
        for (int32_t k = 0; k < share->terms; k++) {
          const int32_t place = share->place[k];
          const vi term = place >= 0 ? (vi)((vu)acc << place) : acc >> -place;
          t += share->sign[k] > 0 ? term : share->sign[k] < 0 ? -term : vi{};
        }
        put(to, (row * y.w + column) * y.c + c, largest(smallest(t >> s.shift, high), low), (int)smaller<int64_t>(y.c - c, L), y.wide);
      }
    }
}

}  // namespace ISA::whole
