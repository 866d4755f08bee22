// Best fit with joining neighbours: every block begins with a header that knows its size and the block below it,
// so a block that is freed joins the free ones beside it and large tensors find room again. Free blocks hang in
// bins, four to each power of two, and a word of bits for each power says which bins hold any.
//
//   | header | memory ...      | header | memory ... |     sizes are multiples of 64, headers 64 bytes,
//     size, below, free ---^     ^-- below                so memory begins at a multiple of 64
#include "wasm_memory.h"

#include <stdint.h>

extern "C" unsigned char __heap_base;  // first byte that the linker left free

namespace wasm_memory {
namespace {

struct alignas(64) Block {
  uint32_t size;  // header included
  bool free;
  Block* below;              // neighbour at the lower address
  Block *next, *previous;    // in its bin, while free
};
static_assert(sizeof(Block) == 64, "memory behind a header must be aligned");

constexpr uint32_t grain = 64, smallest = 2 * grain, pageBytes = 65536, leastGrowth = 16 * pageBytes;
constexpr int bins = 128;

Block* bin[bins];
uint32_t filled[bins / 32];
Block* top;         // block at the highest address
uint32_t heapEnd;   // address behind it
bool locked;

struct Lock {
  Lock() {
    while (__atomic_exchange_n(&locked, true, __ATOMIC_ACQUIRE)) {
    }
  }
  ~Lock() { __atomic_store_n(&locked, false, __ATOMIC_RELEASE); }
};

int binOf(uint32_t size) {
  const int power = 31 - __builtin_clz(size);
  return power * 4 + (int)(size >> (power - 2) & 3);
}

void insert(Block* b) {
  const int i = binOf(b->size);
  b->free = true;
  b->previous = nullptr;
  b->next = bin[i];
  if (bin[i]) bin[i]->previous = b;
  bin[i] = b;
  filled[i / 32] |= 1u << (i % 32);
}

void remove(Block* b) {
  const int i = binOf(b->size);
  b->free = false;
  if (b->next) b->next->previous = b->previous;
  if (b->previous)
    b->previous->next = b->next;
  else
    bin[i] = b->next;
  if (!bin[i]) filled[i / 32] &= ~(1u << (i % 32));
}

Block* above(Block* b) { return b == top ? nullptr : (Block*)((uintptr_t)b + b->size); }

/** A free block of at least `size`: the first of its own bin that is large enough, or any of the next bin. */
Block* find(uint32_t size) {
  int i = binOf(size);
  for (Block* b = bin[i]; b; b = b->next)
    if (b->size >= size) return b;
  for (i++; i < bins; i = (i / 32 + 1) * 32) {
    const uint32_t left = filled[i / 32] >> (i % 32);
    if (left) return bin[i + __builtin_ctz(left)];
  }
  return nullptr;
}

bool growTo(uint64_t bytes) {
  const uint64_t pages = (bytes + pageBytes - 1) / pageBytes - __builtin_wasm_memory_size(0);
  return __builtin_wasm_memory_grow(0, (uint32_t)pages) != (size_t)-1;
}

/** Puts free memory of at least `size` on top; false when the memory may not grow so far. */
bool grow(uint32_t size) {
  if (heapEnd == 0) heapEnd = ((uint32_t)(uintptr_t)&__heap_base + grain - 1) / grain * grain;
  const uint64_t needed = (uint64_t)(top && top->free ? (uintptr_t)top : heapEnd) + size;
  const uint64_t present = (uint64_t)__builtin_wasm_memory_size(0) * pageBytes;
  // More than is needed, if there is so much: many small blocks should not grow the memory many times.
  const uint64_t more = present / 8 > leastGrowth ? present / 8 : leastGrowth;
  if (needed > present && !growTo(needed + more) && !growTo(needed)) return false;
  const uint64_t end = (uint64_t)__builtin_wasm_memory_size(0) * pageBytes;
  if (top && top->free) {
    remove(top);
    top->size = (uint32_t)(end - (uintptr_t)top);
  } else {
    Block* b = (Block*)(uintptr_t)heapEnd;
    b->size = (uint32_t)(end - heapEnd);
    b->below = top;
    top = b;
  }
  heapEnd = (uint32_t)end;
  insert(top);
  return true;
}

}  // namespace

void* allocate(size_t bytes) {
  if (bytes > UINT32_MAX - 2 * smallest) return nullptr;
  uint32_t size = ((uint32_t)bytes + grain - 1) / grain * grain + sizeof(Block);
  if (size < smallest) size = smallest;
  Lock lock;
  Block* b = find(size);
  if (!b) {
    if (!grow(size)) return nullptr;
    b = top;
  }
  remove(b);
  if (b->size - size >= smallest) {
    Block* rest = (Block*)((uintptr_t)b + size);
    rest->size = b->size - size;
    rest->below = b;
    if (Block* next = above(b)) next->below = rest;
    if (b == top) top = rest;
    b->size = size;
    insert(rest);
  }
  return b + 1;
}

void release(void* memory) {
  if (!memory) return;
  Lock lock;
  Block* b = (Block*)memory - 1;
  if (Block* next = above(b); next && next->free) {
    remove(next);
    if (next == top) top = b;
    b->size += next->size;
  }
  if (Block* below = b->below; below && below->free) {
    remove(below);
    if (b == top) top = below;
    below->size += b->size;
    b = below;
  }
  if (Block* next = above(b)) next->below = b;
  insert(b);
}

}  // namespace wasm_memory
