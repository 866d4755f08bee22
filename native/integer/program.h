// An integer program as it is run (docs/integer.md; src/deploy/integer/code.ts writes the code that it is read from).
// Plain data, shared by the copies for every instruction set.
//
// Values of 8 bits are kept as bytes q + 128, those of 16 bits as they are; maps are [h, w, c].
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace integer {

struct Value {
  int32_t h, w, c;
  bool wide;  // 16 bits
  int32_t zero, low, high;
  int64_t at;  // in an image's arena, bytes

  int64_t positions() const { return (int64_t)h * w; }
  int64_t length() const { return positions() * c; }
};

/** From accumulators to stored numbers, for each output channel; all arrays hold whole vectors. */
struct Requantise {
  // 0: q = floor(acc * factor + offset), exact in doubles; otherwise signed digits
  int32_t terms;
  const double* factor;
  const double* offset;
  // [terms][stride]: acc << left >> right, negated where sign is -1, nothing where it is 0
  const int32_t* left;
  const int32_t* right;
  const int32_t* sign;
  const int32_t* addend;
  int32_t shift;
  int64_t stride;
};

/** How the sum of so many positions becomes their mean. */
struct Share {
  int32_t count, terms, sign[4], place[4], addend;
};

enum Kind { rescale, window, sum, maxPool, averagePool, attention, lookup, gate };
enum Arithmetic { conv, shift, add };

/** Which loops compute a window. */
enum Way {
  bytesDot,     // bytes of x, bytes of w, four products at a time
  wordsDot,     // 16 bits both, two products at a time
  bytesSad,     // sums of absolute differences of bytes
  rowsSad,      // the same for windows three columns wide: neighbouring positions at once
  plainSad,     // absolute differences of any width, one at a time
  depthwise,    // a filter for each channel
  grouped,      // anything else
};

struct Step {
  Kind kind;
  int32_t x, b, c, y;  // numbers of values

  Arithmetic arithmetic;
  Way way;
  int32_t r, s, stride, pad, groups;
  int32_t depth;         // channels of x as they lie in the padded copy
  bool copied;           // whether there is a padded copy
  const void* weights;   // packed as the way wants it; the table of a lookup, int16 [257]
  const int32_t* start;  // of every accumulator, [m] rounded up to whole vectors
  Requantise requantise;

  int32_t aShift, bShift, addend, shift;
  int32_t heads, multiplier;
  const Share* shares;
  int32_t shareCount;
};

struct Program {
  Value* values;
  Step* steps;
  int32_t stepCount;
  int64_t arenaBytes;    // of one image
  int64_t scratchBytes;  // what a step needs besides, of one image
};

/** Memory that lives as long as the program: a multiple of 64, zeros; null when there is none. */
struct Memory {
  void* (*take)(void* context, int64_t bytes);
  void* context;
};

/** What an instruction set offers. */
struct Interpreter {
  const char* name;
  /** Reads a program from its code and numbers. Null: there is no memory. */
  Program* (*prepare)(const int32_t* code, const uint8_t* numbers, Memory memory);
  /** Runs steps from ... to - 1 over one image whose value 0 lies in the arena. */
  void (*run)(const Program* program, int32_t from, int32_t to, uint8_t* arena, uint8_t* scratch);
};

}  // namespace integer
