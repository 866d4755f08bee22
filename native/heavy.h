// The heavy kernels of the Backend contract (src/backends/backend.ts). A kernel takes the arguments of its method
// flattened in order, as doubles: buffers as addresses, objects in the order of their fields, booleans 0 or 1.
#pragma once
#include "depthwise.h"
#include "matmul.h"
#include "product.h"
#include "weightgradient.h"

namespace ISA::heavy {

static void matmul(const double* a) {
  const Product shape = {(int64_t)a[3], (int64_t)a[4], (int64_t)a[5], (int64_t)a[6], a[7] != 0, a[8] != 0, (float)a[9], a[10] != 0};
  matrixProduct(floats(a[0]), floats(a[1]), floats(a[2]), shape);
}

static void convForward(const double* a) {
  const Window g = windowOf(a + 3);
  if (g.depthwise()) return depthwiseForward<multiply>(floats(a[0]), floats(a[1]), floats(a[2]), g, 1);
  windowForward<multiply>(floats(a[0]), floats(a[1]), floats(a[2]), g, 1);
}

static void convInputGradient(const double* a) {
  const Window g = windowOf(a + 3);
  if (g.depthwise()) return depthwiseBackward<multiply>(nullptr, floats(a[1]), floats(a[0]), floats(a[2]), g);
  windowBackward<multiply>(nullptr, floats(a[1]), floats(a[0]), floats(a[2]), g);
}

static void convWeightGradient(const double* a) {
  const Window g = windowOf(a + 3);
  if (g.depthwise()) return depthwiseWeightGradient(floats(a[0]), floats(a[1]), floats(a[2]), g);
  windowWeightGradient(floats(a[0]), floats(a[1]), floats(a[2]), g);
}

static void adderForward(const double* a) {
  const Window g = windowOf(a + 3);
  if (g.depthwise()) return depthwiseForward<difference>(floats(a[0]), floats(a[1]), floats(a[2]), g, -1);
  windowForward<maximum>(floats(a[0]), floats(a[1]), floats(a[2]), g, -1);
}

static void adderInputGradient(const double* a) {
  const Window g = windowOf(a + 4);
  if (g.depthwise()) return depthwiseBackward<clipped>(floats(a[0]), floats(a[1]), floats(a[2]), floats(a[3]), g);
  windowBackward<between>(floats(a[0]), floats(a[1]), floats(a[2]), floats(a[3]), g);
}

static void adderWeightGradient(const double* a) {
  const Window g = windowOf(a + 4);
  if (g.depthwise())
    depthwiseWeightGradient(floats(a[0]), floats(a[2]), floats(a[3]), g);
  else
    windowWeightGradient(floats(a[0]), floats(a[2]), floats(a[3]), g);
  subtractWeights(floats(a[1]), floats(a[2]), floats(a[3]), g);
}

}  // namespace ISA::heavy
