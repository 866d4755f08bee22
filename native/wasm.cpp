// What the Wasm module exports: memory, the argument block, run(index), and a worker's life. The counterpart of
// addon.cpp; the host (src/backends/wasm/) writes a kernel's arguments as doubles into the block and calls run.
//
// A worker instantiates the same module over the same memory, sets __stack_pointer to the end of a block of
// workerBytes(), calls __wasm_init_tls with its beginning, and then work(), which returns after stop(). A thread that
// launches kernels of its own over the memory does the same, with join() in place of work() and leave() at its end.
#include <stdint.h>

#include "parallel.h"
#include "wasm_memory.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name))) 

namespace parallel {
void work();
void stop();
void setMayWait(bool may);
void taskTrapped();
bool anyTrapped();
void releaseScratch();
}  // namespace parallel

namespace wasm {
typedef void (*Kernel)(const double*);
extern const Kernel table[];
}  // namespace wasm

namespace {

const char* const kernelNames[] = {
#define KERNEL(name) #name,
#include "kernels.def"
};
constexpr uint32_t kernelCount = sizeof kernelNames / sizeof *kernelNames;
alignas(64) double arguments[64];

constexpr uint32_t workerStack = 256 * 1024;

/** How a run ended. */
enum Outcome { ended, outOfMemory, trapped };

}  // namespace

EXPORT(allocate) void* allocate(uint32_t bytes) { return wasm_memory::allocate(bytes); }
EXPORT(release) void release(void* memory) { wasm_memory::release(memory); }

EXPORT(argumentBlock) double* argumentBlock() { return arguments; }
EXPORT(kernelCount) uint32_t countOfKernels() { return kernelCount; }
/** Of a kernel; ends in 0. */
EXPORT(kernelName) const char* nameOfKernel(uint32_t index) { return index < kernelCount ? kernelNames[index] : nullptr; }

/** `from`: arguments of the kernel; every thread that launches has its own. */
EXPORT(run) int32_t run(uint32_t index, const double* from) {
  wasm::table[index](from);
  if (parallel::anyTrapped()) return trapped;
  return parallel::takeFailure() ? outOfMemory : ended;
}

/** Whether the thread that calls run may sleep; a browser's page may not. */
EXPORT(setMayWait) void setMayWait(int32_t may) { parallel::setMayWait(may != 0); }

/** Bytes of a worker's block: its thread-local variables, then its stack, which grows down from the end. */
EXPORT(workerBytes) uint32_t workerBytes() { return workerStack; }
EXPORT(join) void join() { parallel::workAlone(); }
EXPORT(leave) void leave() { parallel::releaseScratch(); }
EXPORT(work) void work() { parallel::work(); }
EXPORT(taskTrapped) void taskTrapped() { parallel::taskTrapped(); }
EXPORT(stop) void stop() { parallel::stop(); }
/** Workers that have come up, and the calling thread. */
EXPORT(threads) int32_t threads() { return parallel::threads(); }
