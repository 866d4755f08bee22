// The kernels that memory limits: one pass or two over their tensors. Each is `static void name(const double* a)`
// whose arguments are those of the Backend contract's method of the same name, flattened in their order.
#pragma once
#include "light_binary.h"
#include "light_elementwise.h"
#include "light_layernorm.h"
#include "light_layout.h"
#include "light_norm.h"
#include "light_norm_backward.h"
#include "light_optimiser.h"
#include "light_permute.h"
#include "light_piecewise.h"
#include "light_pool.h"
#include "light_random.h"
#include "light_reduce.h"
#include "light_softmax.h"
#include "light_statistics.h"
