// Reads a program from its code and packs its weights for the loops of this instruction set.
//
//   code     [values, steps, arena / 64], then 8 numbers for each value and 22 for each step, as below
//   numbers  weights int16 [m][r][s][c / groups]; tables int16; factors and offsets double [m]; digits int32 [k][m]; shares
#pragma once
#include "attention.h"

namespace ISA::whole {

constexpr int valueCode = 8, stepCode = 22, tableEntries = 257;

/** Takes memory, and remembers when there was none. */
struct Taker {
  Memory memory;
  bool failed = false;

  template <typename T>
  T* take(int64_t count) {
    T* p = (T*)memory.take(memory.context, count * (int64_t)sizeof(T) + 64);
    if (!p) failed = true;
    return p;
  }
};

/** Room for whole vectors from any channel on. */
INLINE int64_t paddedChannels(int64_t m) { return wholeVectors(m) + 2 * L; }

/** `times` copies of an array, one behind the other. */
template <typename T>
static void repeated(T* to, const void* from, int64_t count, int64_t times) {
  for (int64_t i = 0; i < times; i++) copyBytes(to + i * count, from, count * (int64_t)sizeof(T));
}

template <typename T>
static const T* padded(Taker& taker, const void* from, int64_t count, int64_t times) {
  T* to = taker.take<T>(paddedChannels(count * times));
  if (to) repeated(to, from, count, times);
  return to;
}

/** `times`: how often the channels stand one behind the other, for steps that take positions as they lie. */
static void readRequantise(Requantise& to, const int32_t* code, const uint8_t* numbers, int64_t m, int64_t times, Taker& taker) {
  to.terms = code[11];
  to.shift = code[13];
  if (to.terms < 0) return;
  const uint8_t* from = numbers + (int64_t)code[12] * 8;
  if (to.terms == 0) {
    to.factor = padded<double>(taker, from, m, times);
    to.offset = padded<double>(taker, from + m * 8, m, times);
    return;
  }
  to.stride = paddedChannels(m * times);
  const int32_t* const* arrays[3] = {&to.left, &to.right, &to.sign};
  for (int i = 0; i < 3; i++) {
    int32_t* packed = taker.take<int32_t>(to.terms * to.stride);
    *(const int32_t**)arrays[i] = packed;
    if (!packed) return;
    for (int32_t k = 0; k < to.terms; k++, from += m * 4) repeated(packed + k * to.stride, from, m, times);
  }
  to.addend = padded<int32_t>(taker, from, m, times);
}

/** [blocks][r][run / G][vectors of the block][lanes][G] of numbers as `as` makes them; 0 where there is no weight. */
template <typename T, typename F>
static const void* packDense(const Step& s, const Value& x, const Value& y, const int16_t* w, int lanes, int most, int G, Taker& taker,
                             F&& as) {
  const int64_t groups = (int64_t)s.s * s.depth / G, vectors = ceilDiv(y.c, lanes);
  T* packed = taker.take<T>(vectors * lanes * s.r * groups * G + 64);
  if (!packed) return nullptr;
  T* to = packed;
  for (int64_t v = 0; v < vectors; v += most) {
    const int64_t here = smaller<int64_t>(most, vectors - v);
    for (int64_t row = 0; row < s.r; row++)
      for (int64_t g = 0; g < groups; g++)
        for (int64_t lane = 0; lane < here * lanes; lane++)
          for (int64_t t = 0; t < G; t++, to++) {
            const int64_t o = v * lanes + lane, column = (g * G + t) / s.depth, c = (g * G + t) % s.depth;
            const bool there = o < y.c && c < x.c;
            *to = there ? as(w[((o * s.r + row) * s.s + column) * x.c + c]) : T(0);
          }
  }
  return packed;
}

static const void* packDepthwise(const Step& s, const Value& x, const int16_t* w, int32_t off, Taker& taker) {
  const int64_t taps = (int64_t)s.r * s.s;
  int32_t* packed = taker.take<int32_t>(taps * s.depth + 4 * L);
  if (!packed) return nullptr;
  for (int64_t tap = 0; tap < taps; tap++)
    for (int64_t c = 0; c < x.c; c++) packed[tap * s.depth + c] = w[c * taps + tap] + off;
  return packed;
}

#if ROWS_SAD
static const void* packRows(const Step& s, const Value& x, const Value& y, const int16_t* w, Taker& taker) {
  constexpr int Q = rowsSadOutputs;
  const int64_t blocks = ceilDiv(y.c, Q);
  uint8_t* packed = taker.take<uint8_t>(blocks * s.r * x.c * Q * 4);
  if (!packed) return nullptr;
  uint8_t* to = packed;
  for (int64_t b = 0; b < blocks; b++)
    for (int64_t row = 0; row < s.r; row++)
      for (int64_t c = 0; c < x.c; c++)
        for (int64_t q = 0; q < Q; q++, to += 4) {
          const int64_t o = b * Q + q;
          for (int64_t column = 0; column < 3 && o < y.c; column++)
            to[column] = (uint8_t)(w[((o * s.r + row) * 3 + column) * x.c + c] + 128);
        }
  return packed;
}
#endif

/** Whether neighbouring positions fill their vectors well enough to beat eight bytes at a time. */
INLINE bool rowsWorth(const Step& s, const Value& y) {
  return ROWS_SAD && s.s == 3 && s.stride == 1 && y.w * 8 > (int64_t)ceilDiv(y.w, 8) * 8 * 5;
}

static Way wayOf(const Step& s, const Value& x, const Value& y, const int16_t* w) {
  if (s.groups > 1) return s.groups == x.c && s.groups == y.c ? depthwise : grouped;
  if (s.arithmetic == add) {
    if (x.wide || !BYTES_SAD) return plainSad;
    return rowsWorth(s, y) ? rowsSad : bytesSad;
  }
  if (x.wide || !BytesDot::present) return wordsDot;
  const int64_t count = y.c * (int64_t)s.r * s.s * x.c;
  constexpr int most = BytesDot::most;
  for (int64_t i = 0; i < count; i++)
    if (w[i] > most || w[i] < (most == 127 ? -128 : -most)) return wordsDot;
  return bytesDot;
}

/** Bytes of scratch memory that a window needs. */
static int64_t windowScratch(const Step& s, const Value& x, const Value& y) {
#if ROWS_SAD
  if (s.way == rowsSad) {
    const Segments g = segmentsOf(s, x, y);
    return x.c * g.plane + ((int64_t)g.rows * g.inRow + 32) * 8 * 4;
  }
#endif
  if (!s.copied) return 0;
  return (int64_t)(x.h + 2 * s.pad) * (x.w + 2 * s.pad) * s.depth * 2 + 256;
}

static void readWindow(Step& s, const Value& x, const Value& y, const int16_t* w, Taker& taker) {
  s.way = wayOf(s, x, y, w);
  const bool words = x.wide || s.way == wordsDot;
  const int group = s.way == bytesDot ? 4 : s.way == wordsDot ? 2 : s.way == bytesSad ? 8 : s.way == depthwise ? L : 1;
  s.depth = (int32_t)(ceilDiv(x.c, group) * group);
  s.copied = s.pad > 0 || s.depth != x.c || (words && !x.wide);
  const int32_t off = words ? 0 : 128;
  const int64_t inputs = x.c / s.groups, taps = (int64_t)s.r * s.s * inputs;
  int32_t* start = taker.take<int32_t>(paddedChannels(y.c) + mostVectors * L);
  s.start = start;
  if (!start) return;
  if (s.arithmetic != add && s.way != grouped)
    for (int64_t o = 0; o < y.c; o++)
      for (int64_t i = 0; i < taps; i++) start[o] -= off * w[o * taps + i];
  switch (s.way) {
    case bytesDot:
      s.weights = packDense<int8_t>(s, x, y, w, L, mostVectors, 4, taker, [](int16_t v) { return (int8_t)v; });
      return;
    case wordsDot:
      s.weights = packDense<int16_t>(s, x, y, w, L, mostVectors, 2, taker, [](int16_t v) { return v; });
      return;
    case bytesSad:
#if BYTES_SAD
      s.weights = packDense<uint8_t>(s, x, y, w, sadLanes, SadTile::most, 8, taker, [](int16_t v) { return (uint8_t)(v + 128); });
#endif
      return;
    case rowsSad:
#if ROWS_SAD
      s.weights = packRows(s, x, y, w, taker);
#endif
      return;
    case plainSad:
      s.weights = packDense<int32_t>(s, x, y, w, L, mostVectors, 1, taker, [off](int16_t v) { return (int32_t)v + off; });
      return;
    case depthwise:
      s.weights = packDepthwise(s, x, w, s.arithmetic == add ? off : 0, taker);
      return;
    case grouped: {
      int16_t* own = taker.take<int16_t>(y.c * taps);
      if (own) copyBytes(own, w, y.c * taps * 2);
      s.weights = own;
      return;
    }
  }
}

static Program* prepare(const int32_t* code, const uint8_t* numbers, Memory memory) {
  Taker taker = {memory};
  Program* p = taker.take<Program>(1);
  if (!p) return nullptr;
  const int32_t valueCount = code[0];
  p->stepCount = code[1];
  p->arenaBytes = (int64_t)code[2] * 64;
  p->values = taker.take<Value>(valueCount);
  p->steps = taker.take<Step>(p->stepCount);
  if (taker.failed) return nullptr;
  code += 3;
  for (int32_t i = 0; i < valueCount; i++, code += valueCode)
    p->values[i] = {code[0], code[1], code[2], code[3] == 16, code[4], code[5], code[6], (int64_t)code[7] * 64};
  for (int32_t i = 0; i < p->stepCount; i++, code += stepCode) {
    Step& s = p->steps[i];
    s.kind = (Kind)code[0];
    s.x = code[1], s.b = code[2], s.c = code[3], s.y = i + 1;
    s.arithmetic = (Arithmetic)code[4];
    s.r = code[5], s.s = code[6], s.stride = code[7], s.pad = code[8], s.groups = code[9];
    s.aShift = code[14], s.bShift = code[15], s.addend = code[16], s.shift = code[17];
    s.heads = code[18], s.multiplier = code[19];
    const Value &x = p->values[s.x], &y = p->values[s.y];
    readRequantise(s.requantise, code, numbers, y.c, s.kind == rescale ? L : 1, taker);
    if (s.kind == window) {
      readWindow(s, x, y, (const int16_t*)(numbers + (int64_t)code[10] * 8), taker);
      p->scratchBytes = larger(p->scratchBytes, windowScratch(s, x, y));
    }
    if (s.kind == lookup) {
      int16_t* table = taker.take<int16_t>(tableEntries);
      if (table) copyBytes(table, numbers + (int64_t)code[10] * 8, tableEntries * (int64_t)sizeof(int16_t));
      s.weights = table;
    }
    if (s.kind == averagePool) {
      s.shareCount = code[21];
      Share* shares = taker.take<Share>(s.shareCount);
      if (shares) copyBytes(shares, numbers + (int64_t)code[20] * 8, s.shareCount * (int64_t)sizeof(Share));
      s.shares = shares;
    }
    if (s.kind == attention) {
      const int64_t n = y.positions(), d = y.c / s.heads, wide = wholeVectors(n), deep = wholeVectors(d);
      p->scratchBytes = larger(p->scratchBytes, (d * wide + n * deep + mostTasks * (wide + deep)) * 4);
    }
    if (taker.failed) return nullptr;
  }
  return p;
}

static void run(const Program* p, int32_t from, int32_t to, uint8_t* arena, uint8_t* scratch) {
  for (int32_t i = from; i < to; i++) {
    const Step& s = p->steps[i];
    const Value &x = p->values[s.x], &y = p->values[s.y];
    const uint8_t* in = arena + x.at;
    uint8_t* out = arena + y.at;
    switch (s.kind) {
      case rescale:
        rescaleStep(s, x, y, in, out);
        break;
      case window:
        windowStep(s, x, y, in, out, scratch);
        break;
      case sum:
        sumStep(s, x, p->values[s.b], y, in, arena + p->values[s.b].at, out);
        break;
      case maxPool:
        if (x.wide)
          maxPoolStep(s, x, y, (const int16_t*)in, (int16_t*)out);
        else
          maxPoolStep(s, x, y, in, out);
        break;
      case averagePool:
        if (x.wide)
          averagePoolStep(s, x, y, (const int16_t*)in, out);
        else
          averagePoolStep(s, x, y, in, out);
        break;
      case attention: {
        const Value* v[4] = {&x, &p->values[s.b], &p->values[s.c], &y};
        const uint8_t* from3[3] = {in, arena + v[1]->at, arena + v[2]->at};
        attentionStep(s, v, from3, out, scratch);
        break;
      }
      case lookup:
        lookupStep(s, x, y, in, out);
        break;
      case gate:
        gateStep(s, x, p->values[s.b], y, in, arena + p->values[s.b].at, out);
        break;
    }
  }
}

}  // namespace ISA::whole
