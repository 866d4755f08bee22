// Kernels that only move rows of elements: strided blocks, and rows by index.
#pragma once
#include "light_ranges.h"

namespace ISA {

INLINE void copyRun(const float* x, float* y, int64_t length) {
  overVectors(0, length, [&](int64_t i, auto at) { at.put(y + i, at.get(x + i)); });
}

static void copyBlocks(const double* a) {
  const float* x = floats(a[0]);
  float* y = floats(a[1]);
  int64_t rows = (int64_t)a[2], columns = (int64_t)a[3], xStep = (int64_t)a[5], yStep = (int64_t)a[7];
  bool accumulate = a[8] != 0;
  if (rows == 0 || columns == 0) return;
  x += (int64_t)a[4];
  y += (int64_t)a[6];
  auto move = [&](const float* from, float* to, int64_t length) {
    if (accumulate)
      overVectors(0, length, [&](int64_t j, auto at) { at.put(to + j, at.get(to + j) + at.get(from + j)); });
    else
      copyRun(from, to, length);
  };
  if (xStep == columns && yStep == columns) {
    overElements(rows * columns, 1, [&](int64_t begin, int64_t end) { move(x + begin, y + begin, end - begin); });
    return;
  }
  auto some = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) move(x + i * xStep, y + i * yStep, columns);
  };
  if (yStep < columns)
    some(0, rows);  // rows write over each other: their order is the meaning
  else
    overItems(rows, columns, some);
}

static void gatherRows(const double* a) {
  const float* table = floats(a[0]);
  const int32_t* index = ints(a[1]);
  float* y = floats(a[2]);
  int64_t columns = (int64_t)a[4];
  overItems((int64_t)a[3], columns, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) copyRun(table + index[i] * columns, y + i * columns, columns);
  });
}

/** A row of the table belongs to one task, which adds to it in the order of i. */
static void scatterAddRows(const double* a) {
  const float* x = floats(a[0]);
  const int32_t* index = ints(a[1]);
  float* table = floats(a[2]);
  int64_t rows = (int64_t)a[3], columns = (int64_t)a[4];
  int64_t tasks = 1;  // a power of two; every task looks at all indices, so short rows get few
  while (tasks < 16 && tasks * 8 < columns && rows * columns >= 2 * tasks * inlineWork) tasks *= 2;
  parallelFor(tasks, [&](int64_t t) {
    for (int64_t i = 0; i < rows; i++) {
      if ((index[i] & (tasks - 1)) != t) continue;
      const float* from = x + i * columns;
      float* to = table + index[i] * columns;
      overVectors(0, columns, [&](int64_t j, auto at) { at.put(to + j, at.get(to + j) + at.get(from + j)); });
    }
  });
}

}  // namespace ISA
