// The thread pool behind parallel.h in Wasm: the protocol of parallel.cpp, with the memory's own wait and notify
// in place of mutex and condition variable. Threads are the host's workers; each runs work() below on a stack of
// its own. A launch uses those that have come up; with none the calling thread does everything.
//
// Only workers sleep. The calling thread may be a page's, which must not; it works, and then waits in a loop for
// tasks that others took.
#include <stdint.h>

#include "parallel.h"
#include "wasm_memory.h"

namespace parallel {
namespace {

// Looks for work after a job, about 60 microseconds: Wasm has neither a clock nor a pause.
constexpr int looks = 30000;
constexpr int looksForEnd = 20000;

struct Pool {
  alignas(64) uint64_t open;  // job's number, tasks that are not yet taken
  alignas(64) int32_t done;
  alignas(64) int32_t sleepers;
  int32_t wake;  // changes whenever sleepers are woken
  int32_t workers;
  bool stop;
  bool failed;  // in a worker, for the thread whose job it worked on
  bool trapped;
  bool mayWait;  // whether the calling thread may sleep for a moment
  void (*body)(void*, int);
  void* context;
};
Pool p;

struct Mine {
  bool insideTask;
  bool worker;
  bool failed;
  float* memory[slots];
  int64_t size[slots];
};
thread_local Mine mine;

template <typename T> T get(const T* from) { return __atomic_load_n(from, __ATOMIC_SEQ_CST); }

bool workOpen() { return (uint32_t)get(&p.open) != 0; }

/** Takes tasks of the open job until none is left. */
void takeTasks() {
  uint64_t word = get(&p.open);
  while (uint32_t left = (uint32_t)word) {
    if (!__atomic_compare_exchange_n(&p.open, &word, word - 1, true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) continue;
    p.body(p.context, (int)left - 1);
    __atomic_fetch_add(&p.done, 1, __ATOMIC_ACQ_REL);
    word = get(&p.open);
  }
}

void wakeWorkers(int32_t most) {
  __atomic_fetch_add(&p.wake, 1, __ATOMIC_SEQ_CST);
  __builtin_wasm_memory_atomic_notify(&p.wake, (unsigned)most);
}

}  // namespace

void run(int tasks, void (*body)(void*, int), void* context) {
  if (tasks == 1 || mine.insideTask || get(&p.workers) == 0) {
    for (int i = 0; i < tasks; i++) body(context, i);
    return;
  }
  p.body = body;
  p.context = context;
  __atomic_store_n(&p.done, 0, __ATOMIC_RELAXED);
  const uint64_t job = (get(&p.open) >> 32) + 1;
  __atomic_store_n(&p.open, job << 32 | (uint32_t)tasks, __ATOMIC_SEQ_CST);
  if (get(&p.sleepers) > 0) wakeWorkers(tasks - 1);
  mine.insideTask = true;
  takeTasks();
  mine.insideTask = false;
  for (int i = 0;; i++) {
    const int32_t done = get(&p.done);
    if (done >= tasks) break;
    // A worker was put aside by the system in the middle of a task: leave it the processor for 20 microseconds.
    if (i > looksForEnd && p.mayWait) __builtin_wasm_memory_atomic_wait32(&p.done, done, 20000);
  }
  if (__atomic_exchange_n(&p.failed, false, __ATOMIC_SEQ_CST)) mine.failed = true;
}

void workAlone() { mine.insideTask = true; }

void releaseScratch() {
  for (int slot = 0; slot < slots; slot++) {
    wasm_memory::release(mine.memory[slot]);
    mine.memory[slot] = nullptr;
    mine.size[slot] = 0;
  }
}

/** A worker's life; ends after stop(). */
void work() {
  mine.insideTask = mine.worker = true;
  __atomic_fetch_add(&p.workers, 1, __ATOMIC_SEQ_CST);
  while (!get(&p.stop)) {
    takeTasks();
    for (int i = 0; i < looks && !workOpen(); i++) {
    }
    if (workOpen()) continue;
    const int32_t wake = get(&p.wake);
    __atomic_fetch_add(&p.sleepers, 1, __ATOMIC_SEQ_CST);
    if (!workOpen() && !get(&p.stop)) __builtin_wasm_memory_atomic_wait32(&p.wake, wake, -1);
    __atomic_fetch_sub(&p.sleepers, 1, __ATOMIC_SEQ_CST);
  }
}

void stop() {
  __atomic_store_n(&p.stop, true, __ATOMIC_SEQ_CST);
  wakeWorkers(INT32_MAX);
}

void setMayWait(bool may) { p.mayWait = may; }

/** A worker's task ended in a trap: counted as done, so that the launch ends and can report it. */
void taskTrapped() {
  __atomic_store_n(&p.trapped, true, __ATOMIC_SEQ_CST);
  __atomic_fetch_add(&p.done, 1, __ATOMIC_SEQ_CST);
}

bool anyTrapped() { return get(&p.trapped); }

int threads() { return 1 + get(&p.workers); }

float* scratch(Slot slot, int64_t floats) {
  if (mine.size[slot] >= floats && mine.memory[slot]) return mine.memory[slot];
  wasm_memory::release(mine.memory[slot]);
  const int64_t size = (floats + floats / 4 + 1023) / 1024 * 1024;
  mine.memory[slot] = size < 1 << 30 ? (float*)wasm_memory::allocate((size_t)size * 4) : nullptr;
  mine.size[slot] = mine.memory[slot] ? size : 0;
  if (!mine.memory[slot]) {
    if (mine.worker)
      __atomic_store_n(&p.failed, true, __ATOMIC_SEQ_CST);
    else
      mine.failed = true;
  }
  return mine.memory[slot];
}

bool takeFailure() {
  const bool was = mine.failed;
  mine.failed = false;
  return was;
}

}  // namespace parallel
