// The kernels of one instruction set in a process of their own: for sanitizers, and for other processors under an
// emulator. Commands come on standard input, answers go to standard output; src/backends/testing/process-machine.ts
// is the other side. Built by scripts/check-kernels.mjs, with -DISA=name; no part of the addon.
//
//   command   three doubles: what to do and two numbers; then the data of a write, or the arguments of a run
//   answer    one double (address, threads, 1 for a run that failed), or the bytes that were asked for
//
// Every block is an allocation of its own, and beyond the elements that a buffer has, blocks and scratch memory are
// closed: under AddressSanitizer one float too far ends the process. What is handed out is filled with NaN first, so
// a kernel that reads what nobody wrote shows in its result.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "parallel.h"

#if defined(__SANITIZE_ADDRESS__)
#define CLOSED_ENDS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CLOSED_ENDS 1
#endif
#endif
#ifdef CLOSED_ENDS
#include <malloc.h>
#include <sanitizer/asan_interface.h>
#endif

typedef void (*Kernel)(const double*);

namespace ISA {
extern const Kernel table[];
}

namespace {

const char* const kernelNames[] = {
#define KERNEL(name) #name,
#include "kernels.def"
};
constexpr size_t kernelCount = sizeof kernelNames / sizeof *kernelNames;
constexpr size_t argumentCount = 64;

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)
const char* const isa = TEXT(ISA);

/** Numbers known to process-machine.ts. */
enum What { describe, allocate, release, narrow, write, read, run, setThreads };

struct Command {
  double what, first, second;
};

bool receive(void* to, size_t bytes) { return fread(to, 1, bytes, stdin) == bytes; }

void send(const void* from, size_t bytes) {
  if (fwrite(from, 1, bytes, stdout) != bytes || fflush(stdout) != 0) exit(1);
}

void answer(double number) { send(&number, sizeof number); }

void* at(double address) { return (void*)(uintptr_t)address; }

/** From now on `bytes` of the block may be used, and they hold NaN. */
void open(void* block, size_t bytes) {
#ifdef CLOSED_ENDS
  const size_t all = malloc_usable_size(block);
  __asan_unpoison_memory_region(block, bytes);
  __asan_poison_memory_region((char*)block + bytes, all - bytes);
#endif
  memset(block, 0xff, bytes);
}

double allocated(double bytes) {
  void* block = nullptr;
  if (posix_memalign(&block, 64, (size_t)bytes) != 0) return 0;
  return (double)(uintptr_t)block;
}

/** The instruction set, then the kernels, a line each. */
void describeAll() {
  size_t length = strlen(isa) + 1;
  for (const char* name : kernelNames) length += strlen(name) + 1;
  answer((double)length);
  printf("%s\n", isa);
  for (const char* name : kernelNames) printf("%s\n", name);
  fflush(stdout);
}

bool obey(const Command& command) {
  static double arguments[argumentCount];
  const size_t bytes = (size_t)command.second;
  switch ((What)(int)command.what) {
    case describe: describeAll(); return true;
    case allocate: answer(allocated(command.first)); return true;
    case release: free(at(command.first)); return true;
    case narrow: open(at(command.first), bytes); return true;
    case write: return receive(at(command.first), bytes);
    case read: send(at(command.first), bytes); return true;
    case run:
      if (bytes != sizeof arguments || !receive(arguments, bytes) || !(command.first >= 0 && command.first < kernelCount)) return false;
      ISA::table[(size_t)command.first](arguments);
      answer(parallel::takeFailure() ? 1 : 0);
      return true;
    case setThreads:
      parallel::setThreads((int)command.first);
      answer(parallel::threads());
      return true;
  }
  return false;
}

bool processorHas() {
#if defined(__x86_64__)
  if (strcmp(isa, "avx2") == 0) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (strcmp(isa, "avx512") == 0)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma");
#endif
  return true;
}

}  // namespace

namespace parallel {

/** parallel.cpp's own, which is compiled with another name here. */
float* plainScratch(Slot slot, int64_t floats);

float* scratch(Slot slot, int64_t floats) {
  float* block = plainScratch(slot, floats);
  if (block) open(block, (size_t)floats * sizeof(float));
  return block;
}

}  // namespace parallel

/** Status 2: this processor lacks the instruction set. */
int main() {
  if (!processorHas()) {
    fprintf(stderr, "this processor does not have %s\n", isa);
    return 2;
  }
  for (Command command; receive(&command, sizeof command);)
    if (!obey(command)) {
      fprintf(stderr, "a command of the kernel program was cut off or is unknown\n");
      return 1;
    }
  parallel::setThreads(1);
  return 0;
}
