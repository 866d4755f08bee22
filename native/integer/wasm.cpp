// The Wasm side of integer programs, a module of its own without threads: the counterpart of addon.cpp, for pages and for
// machines without a compiler. A program has an instance and a memory of its own, so nothing is ever given back.
//
// The host (src/deploy/integer/wasm.ts) copies code and numbers to memory that allocate() gave, calls open(), and for each
// image writes its bytes to value(0), calls run() and reads value(n).
#include <stddef.h>
#include <stdint.h>

#include "../parallel.h"
#include "program.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

extern "C" unsigned char __heap_base;  // first byte that the linker left free

namespace wasm {
extern const integer::Interpreter wholeNumbers;
}

void parallel::run(int tasks, void (*body)(void* context, int task), void* context) {
  for (int task = 0; task < tasks; task++) body(context, task);
}

namespace {

using namespace integer;

constexpr uint64_t grain = 64, page = 65536;

uint64_t end;  // of what is taken
Program* program;
uint8_t *arena, *scratch;

/** Fresh bytes, zeros as all memory of Wasm is at first; null when there are none left. */
void* take(void*, int64_t bytes) {
  if (end == 0) end = ((uint64_t)(uintptr_t)&__heap_base + grain - 1) / grain * grain;
  const uint64_t from = end, to = from + ((uint64_t)bytes + grain - 1) / grain * grain;
  const uint64_t present = (uint64_t)__builtin_wasm_memory_size(0) * page;
  // the last page stays free: an end of memory that is 0 again would be no address
  if (to > UINT32_MAX - page) return nullptr;
  if (to > present && __builtin_wasm_memory_grow(0, (uint32_t)((to - present + page - 1) / page)) == (size_t)-1) return nullptr;
  end = to;
  return (void*)(uintptr_t)from;
}

}  // namespace

EXPORT(allocate) void* allocate(uint32_t bytes) { return take(nullptr, bytes); }

/** Whether there is memory for the program: its packed weights, its values, its scratch. */
EXPORT(open) int32_t open(const int32_t* code, const uint8_t* numbers) {
  program = wasm::wholeNumbers.prepare(code, numbers, {take, nullptr});
  if (!program) return 0;
  // vectors read a little behind the last value
  arena = (uint8_t*)take(nullptr, program->arenaBytes + 64);
  scratch = (uint8_t*)take(nullptr, program->scratchBytes + 64);
  return arena && scratch;
}

/** Where a value lies while it is needed: bytes q + 128, or 16 bits. */
EXPORT(value) uint8_t* value(int32_t i) { return arena + program->values[i].at; }

/** Operations from ... to - 1 of the image at value 0. */
EXPORT(run) void run(int32_t from, int32_t to) { wasm::wholeNumbers.run(program, from, to, arena, scratch); }
