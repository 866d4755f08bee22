// The thread pool behind parallel.h.
//
// One 64-bit word holds the job's number (high half) and how many of its tasks are not yet taken (low half).
// A thread takes a task by lowering the low half by one with compare-and-swap; the job's number in the same word
// keeps a late thread from taking a task of the next job by mistake, and a job cannot end before a task that was
// taken has ended, so what a thread reads after taking one belongs to that job. Workers look for work for a short
// while after each job, then sleep; the calling thread never waits for a sleeping worker, it works itself.
#include "parallel.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#define PAUSE() _mm_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#else
#define PAUSE() (void)0
#endif

namespace parallel {
namespace {

constexpr auto lookForWork = std::chrono::microseconds(60);

struct Pool {
  alignas(64) std::atomic<uint64_t> open{0};
  alignas(64) std::atomic<int> done{0};
  alignas(64) std::atomic<int> sleepers{0};
  std::atomic<bool> stop{false};
  void (*body)(void*, int) = nullptr;
  void* context = nullptr;
  std::mutex launch;  // held by the thread whose job is running
  std::mutex sleep;
  std::condition_variable wake;
  std::vector<std::thread> workers;
};

// Never destroyed: a process may exit while workers sleep on its condition variable.
Pool& pool() {
  static Pool* p = new Pool;
  return *p;
}

thread_local bool insideTask = false;
thread_local bool poolWorker = false;
// Several threads may launch: each is told of its own failures, and the one whose job the pool works on of the pool's.
thread_local bool failed = false;
std::atomic<bool> failedInPool{false};

/** Takes tasks of the open job until none is left; true if there was one. */
bool work(Pool& p) {
  bool any = false;
  uint64_t word = p.open.load(std::memory_order_acquire);
  while (uint32_t left = (uint32_t)word) {
    if (!p.open.compare_exchange_weak(word, word - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
    p.body(p.context, (int)left - 1);
    p.done.fetch_add(1, std::memory_order_acq_rel);
    any = true;
    word = p.open.load(std::memory_order_acquire);
  }
  return any;
}

bool workOpen(Pool& p) { return (uint32_t)p.open.load(std::memory_order_seq_cst) != 0; }

void workerLoop() {
  Pool& p = pool();
  insideTask = poolWorker = true;
  using Clock = std::chrono::steady_clock;
  auto last = Clock::now();
  while (!p.stop.load(std::memory_order_acquire)) {
    if (work(p)) last = Clock::now();
    for (int i = 0; i < 64 && !workOpen(p); i++) PAUSE();
    if (workOpen(p) || Clock::now() - last < lookForWork) continue;
    std::unique_lock<std::mutex> lock(p.sleep);
    p.sleepers.fetch_add(1, std::memory_order_seq_cst);
    p.wake.wait(lock, [&] { return workOpen(p) || p.stop.load(); });
    p.sleepers.fetch_sub(1, std::memory_order_seq_cst);
    last = Clock::now();
  }
}

struct Scratch {
  float* memory[slots] = {};
  int64_t size[slots] = {};
  ~Scratch() {
    for (float* m : memory) free(m);
  }
};
thread_local Scratch mine;

}  // namespace

void run(int tasks, void (*body)(void*, int), void* context) {
  Pool& p = pool();
  std::unique_lock<std::mutex> lock(p.launch, std::defer_lock);
  if (tasks == 1 || insideTask || !lock.try_lock() || p.workers.empty()) {
    for (int i = 0; i < tasks; i++) body(context, i);
    return;
  }
  p.body = body;
  p.context = context;
  p.done.store(0, std::memory_order_relaxed);
  uint64_t job = (p.open.load(std::memory_order_relaxed) >> 32) + 1;
  p.open.store(job << 32 | (uint32_t)tasks, std::memory_order_seq_cst);
  if (p.sleepers.load(std::memory_order_seq_cst) > 0) {
    std::lock_guard<std::mutex> guard(p.sleep);
    p.wake.notify_all();
  }
  insideTask = true;
  work(p);
  insideTask = false;
  for (int i = 0; p.done.load(std::memory_order_acquire) < tasks; i++) {
    if (i < 4096)
      PAUSE();
    else
      std::this_thread::yield();  // a worker was put aside by the system in the middle of a task
  }
  if (failedInPool.exchange(false)) failed = true;
}

void workAlone() { insideTask = true; }

int threads() { return 1 + (int)pool().workers.size(); }

void setThreads(int wanted) {
  Pool& p = pool();
  std::lock_guard<std::mutex> guard(p.launch);
  if (wanted < 1) wanted = 1;
  if (wanted == 1 + (int)p.workers.size()) return;
  {
    std::lock_guard<std::mutex> sleeping(p.sleep);
    p.stop.store(true);
  }
  p.wake.notify_all();
  for (auto& t : p.workers) t.join();
  p.workers.clear();
  p.stop.store(false);
  try {
    for (int i = 1; i < wanted; i++) p.workers.emplace_back(workerLoop);
  } catch (...) {  // the system gives no more threads: go on with those there are
  }
}

float* scratch(Slot slot, int64_t floats) {
  if (mine.size[slot] >= floats && mine.memory[slot]) return mine.memory[slot];
  free(mine.memory[slot]);
  mine.size[slot] = 0;
  int64_t size = (floats + floats / 4 + 1023) / 1024 * 1024;
  void* memory = nullptr;
  if (posix_memalign(&memory, 4096, (size_t)size * 4) != 0) memory = nullptr;
  mine.memory[slot] = (float*)memory;
  if (memory)
    mine.size[slot] = size;
  else if (poolWorker)
    failedInPool.store(true);
  else
    failed = true;
  return (float*)memory;
}

bool takeFailure() {
  const bool was = failed;
  failed = false;
  return was;
}

}  // namespace parallel
