// Work in parallel, with the same bits for any number of threads: a kernel cuts its work into a number of tasks
// that follows from sizes alone, every task writes output of its own, and threads take tasks as they come.
#pragma once
#include <stdint.h>

namespace parallel {

/** Runs body(context, i) for 0 <= i < tasks on all threads and waits. Inside a task it runs inline. */
void run(int tasks, void (*body)(void* context, int task), void* context);

/**
 * From now on the calling thread runs all tasks of its launches itself: it is one of several threads that launch,
 * and leaves the pool to the others.
 */
void workAlone();

/** Calling thread included; at least 1. */
void setThreads(int threads);
int threads();

/**
 * Memory of the calling thread, 64-byte aligned, kept and grown for its next use; contents undefined. One block
 * for each slot: slots `launch*` are for what a kernel prepares before parallelFor (packed weights) and tasks
 * read, slots `task*` for what one task needs. Null when memory is out: the kernel must then return at once
 * (the launch is reported as failed).
 */
enum Slot { launchA, launchB, launchC, launchD, taskA, taskB, taskC, taskD, slots };
float* scratch(Slot slot, int64_t floats);

/** True once after a launch of the calling thread in which scratch() found no memory. */
bool takeFailure();

}  // namespace parallel

/** f(task) for 0 <= task < tasks, in any order, on any thread. */
template <typename F>
static inline __attribute__((always_inline)) void parallelFor(int64_t tasks, F&& f) {
  if (tasks <= 0) return;
  if (tasks == 1) {
    f(0);
    return;
  }
  struct Local {
    static void body(void* context, int task) { (*(__typeof__(&f))context)(task); }
  };
  parallel::run((int)tasks, Local::body, (void*)&f);
}
