// Memory of the Wasm module, in place of malloc. Any thread may call.
#pragma once
#include <stddef.h>

namespace wasm_memory {

/** `bytes` fresh bytes at a multiple of 64; null when there are none left. */
void* allocate(size_t bytes);

/** Gives back what allocate() gave; null is nothing. */
void release(void* memory);

}  // namespace wasm_memory
