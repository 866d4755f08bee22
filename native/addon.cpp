// The Node-API side: memory, the argument block, and a table of kernels chosen for this processor.
//
// JavaScript writes a kernel's arguments as doubles into one shared block and calls run(index): no objects cross
// the boundary on a launch. Nothing here throws a C++ exception; failures become JavaScript errors.
#include <node_api.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <unordered_set>

#include "integer/addon.h"
#include "mpi.h"
#include "parallel.h"

typedef void (*Kernel)(const double*);

namespace baseline {
extern const Kernel table[];
}
#ifdef WITH_AVX2
namespace avx2 {
extern const Kernel table[];
}
#endif
#ifdef WITH_AVX512
namespace avx512 {
extern const Kernel table[];
}
#endif

namespace {

const char* const kernelNames[] = {
#define KERNEL(name) #name,
#include "kernels.def"
};
constexpr uint32_t kernelCount = sizeof kernelNames / sizeof *kernelNames;
constexpr size_t argumentCount = 64;

struct InstructionSet {
  const char* name;
  const Kernel* table;
  bool (*present)();
};

// From the widest to the one that every processor has.
const InstructionSet sets[] = {
#ifdef WITH_AVX512
    {"avx512", avx512::table,
     [] {
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma");
     }},
#endif
#ifdef WITH_AVX2
    {"avx2", avx2::table, [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }},
#endif
    {"baseline", baseline::table, [] { return true; }},
};

std::atomic<const InstructionSet*> chosen{nullptr};  // threads may load the addon at the same time
std::atomic<int> environments{0};

struct Instance {
  double* arguments;
  napi_ref block;
  // What this environment allocated: a thread can be ended at any time, and gives nothing back itself.
  std::unordered_set<void*> blocks;
};

napi_value fail(napi_env env, const char* code, const char* sentence) {
  napi_throw_error(env, code, sentence);
  return nullptr;
}

/** Up to two arguments of a call, and whose call it is. */
struct Call {
  napi_value value[2] = {};
  size_t count = 2;
  Instance* instance = nullptr;
  Call(napi_env env, napi_callback_info info) { napi_get_cb_info(env, info, &count, value, nullptr, (void**)&instance); }
};

bool remember(Instance* instance, void* memory) {
  try {
    instance->blocks.insert(memory);
    return true;
  } catch (...) {
    return false;
  }
}

bool numberOf(napi_env env, napi_value value, double* to) { return napi_get_value_double(env, value, to) == napi_ok && *to >= 0; }

bool bytesOf(napi_env env, napi_value value, void** data, size_t* bytes) {
  napi_typedarray_type type;
  size_t length;
  if (napi_get_typedarray_info(env, value, &type, &length, data, nullptr, nullptr) != napi_ok) return false;
  switch (type) {
    case napi_int16_array:
    case napi_uint16_array:
      length *= 2;
      break;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      length *= 4;
      break;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      length *= 8;
      break;
    default:
      break;
  }
  *bytes = length;
  return true;
}

napi_value allocate(napi_env env, napi_callback_info info) {
  Call call(env, info);
  double bytes;
  if (!numberOf(env, call.value[0], &bytes) || bytes > 9e15) return fail(env, "ERR_INVALID_ARG", "allocate: bytes must be a number >= 0");
  size_t size = ((size_t)bytes + 127) / 64 * 64;
  void* memory = nullptr;
  if (posix_memalign(&memory, 64, size) != 0) memory = nullptr;
  if (memory && !remember(call.instance, memory)) {
    free(memory);
    memory = nullptr;
  }
  if (!memory) return fail(env, "ERR_OUT_OF_MEMORY", "the system has no more memory");
  napi_value result;
  napi_create_double(env, (double)(uintptr_t)memory, &result);
  return result;
}

napi_value release(napi_env env, napi_callback_info info) {
  Call call(env, info);
  double address;
  if (!numberOf(env, call.value[0], &address)) return fail(env, "ERR_INVALID_ARG", "free: address must be a number");
  void* memory = (void*)(uintptr_t)address;
  if (call.instance->blocks.erase(memory) == 0) return fail(env, "ERR_INVALID_ARG", "free: nothing was allocated at this address here");
  free(memory);
  return nullptr;
}

napi_value copy(napi_env env, napi_callback_info info, bool toMemory) {
  Call call(env, info);
  double address;
  void* data;
  size_t bytes;
  if (!numberOf(env, call.value[0], &address) || !bytesOf(env, call.value[1], &data, &bytes))
    return fail(env, "ERR_INVALID_ARG", "read and write take an address and a typed array");
  if (bytes == 0) return nullptr;
  void* memory = (void*)(uintptr_t)address;
  if (toMemory)
    memcpy(memory, data, bytes);
  else
    memcpy(data, memory, bytes);
  return nullptr;
}

napi_value write(napi_env env, napi_callback_info info) { return copy(env, info, true); }
napi_value read(napi_env env, napi_callback_info info) { return copy(env, info, false); }

napi_value run(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  Instance* instance;
  uint32_t kernel;
  if (napi_get_cb_info(env, info, &count, &value, nullptr, (void**)&instance) != napi_ok || count < 1 ||
      napi_get_value_uint32(env, value, &kernel) != napi_ok || kernel >= kernelCount)
    return fail(env, "ERR_INVALID_ARG", "run: no kernel has this index");
  chosen.load(std::memory_order_relaxed)->table[kernel](instance->arguments);
  if (parallel::takeFailure()) return fail(env, "ERR_OUT_OF_MEMORY", "the system has no memory for a kernel's scratch space");
  return nullptr;
}

napi_value setThreads(napi_env env, napi_callback_info info) {
  Call call(env, info);
  double threads;
  if (!numberOf(env, call.value[0], &threads) || threads < 1 || threads > 1024)
    return fail(env, "ERR_INVALID_ARG", "setThreads: threads must be between 1 and 1024");
  parallel::setThreads((int)threads);
  return nullptr;
}

napi_value workAlone(napi_env, napi_callback_info) {
  parallel::workAlone();
  return nullptr;
}

napi_value threads(napi_env env, napi_callback_info) {
  napi_value result;
  napi_create_int32(env, parallel::threads(), &result);
  return result;
}

/** With the last environment the workers end, so that the library can be unloaded. */
void leave(void* data) {
  Instance* instance = (Instance*)data;
  for (void* memory : instance->blocks) free(memory);
  delete instance;
  if (environments.fetch_sub(1) == 1) parallel::setThreads(1);
}

/** The widest instruction set that is present, or the one SHIFTADDNAS_ISA names; null if that is not there. */
const InstructionSet* choose() {
  const char* wanted = getenv("SHIFTADDNAS_ISA");
  for (const InstructionSet& set : sets)
    if (set.present() && (!wanted || !*wanted || strcmp(wanted, set.name) == 0)) return &set;
  return nullptr;
}

void define(napi_env env, napi_value exports, const char* name, napi_callback callback, void* data) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1() { return 8; }

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  const InstructionSet* set = choose();
  chosen = set;
  if (!set)
    return fail(env, "ERR_UNSUPPORTED",
                "SHIFTADDNAS_ISA names an instruction set that this processor or this build does not have: use baseline, avx2 or "
                "avx512, or leave it unset");
  Instance* instance = new (std::nothrow) Instance{};
  napi_value buffer, block, text, names;
  if (!instance || napi_create_arraybuffer(env, argumentCount * sizeof(double), (void**)&instance->arguments, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_float64_array, argumentCount, buffer, 0, &block) != napi_ok ||
      napi_create_reference(env, buffer, 1, &instance->block) != napi_ok) {
    delete instance;
    return fail(env, "ERR_OUT_OF_MEMORY", "the system has no more memory");
  }
  environments.fetch_add(1);
  napi_add_env_cleanup_hook(env, leave, instance);

  napi_create_string_utf8(env, set->name, NAPI_AUTO_LENGTH, &text);
  napi_set_named_property(env, exports, "isa", text);
  napi_create_array_with_length(env, kernelCount, &names);
  for (uint32_t i = 0; i < kernelCount; i++) {
    napi_create_string_utf8(env, kernelNames[i], NAPI_AUTO_LENGTH, &text);
    napi_set_element(env, names, i, text);
  }
  napi_set_named_property(env, exports, "kernels", names);
  napi_set_named_property(env, exports, "arguments", block);
  define(env, exports, "allocate", allocate, instance);
  define(env, exports, "free", release, instance);
  define(env, exports, "write", write, nullptr);
  define(env, exports, "read", read, nullptr);
  define(env, exports, "run", run, instance);
  define(env, exports, "setThreads", setThreads, nullptr);
  define(env, exports, "threads", threads, nullptr);
  define(env, exports, "workAlone", workAlone, nullptr);
  napi_set_named_property(env, exports, "mpi", makeMpi(env));
  if (napi_value integer = makeInteger(env)) napi_set_named_property(env, exports, "integer", integer);
  return exports;
}
