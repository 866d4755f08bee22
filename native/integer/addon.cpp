// The Node-API side of integer programs: they are opened once, with weights packed for this processor, and run over
// images. A thread has one arena for all images it takes; images are tasks, and where there is only one its steps are.
#include "addon.h"

#include <stdlib.h>
#include <string.h>

#include <new>
#include <vector>

#include "../parallel.h"
#include "program.h"

namespace baseline {
extern const integer::Interpreter wholeNumbers;
}
#ifdef WITH_AVX2
namespace avx2 {
extern const integer::Interpreter wholeNumbers;
}
#endif
#ifdef WITH_AVX512
namespace avx512 {
extern const integer::Interpreter wholeNumbers;
}
#endif

namespace {

using namespace integer;

struct InstructionSet {
  const Interpreter* interpreter;
  bool (*present)();
};

// From the widest to the one that every processor has.
const InstructionSet sets[] = {
#ifdef WITH_AVX512
    {&avx512::wholeNumbers,
     [] {
       return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
     }},
#endif
#ifdef WITH_AVX2
    {&avx2::wholeNumbers, [] { return (bool)__builtin_cpu_supports("avx2"); }},
#endif
    {&baseline::wholeNumbers, [] { return true; }},
};

/**
 * The widest that is present, or the one SHIFTADDNAS_ISA names. A processor with AVX-512 but without its dot products
 * has the float kernels of avx512 and these of avx2.
 */
const Interpreter* choose() {
  const char* wanted = getenv("SHIFTADDNAS_ISA");
  const bool any = !wanted || !*wanted || strcmp(wanted, "avx512") == 0;
  for (const InstructionSet& set : sets)
    if (set.present() && (any || strcmp(wanted, set.interpreter->name) == 0)) return set.interpreter;
  return nullptr;
}

const Interpreter* chosen = nullptr;

struct Open {
  const Interpreter* interpreter;
  std::vector<void*> blocks;
  Program* program = nullptr;
  explicit Open(const Interpreter* with) : interpreter(with) {}
  ~Open() {
    for (void* block : blocks) free(block);
  }
};

void* take(void* context, int64_t bytes) {
  void* memory = nullptr;
  const size_t size = ((size_t)bytes + 63) / 64 * 64;
  if (posix_memalign(&memory, 64, size) != 0) return nullptr;
  memset(memory, 0, size);
  try {
    ((Open*)context)->blocks.push_back(memory);
  } catch (...) {
    free(memory);
    return nullptr;
  }
  return memory;
}

napi_value fail(napi_env env, const char* code, const char* sentence) {
  napi_throw_error(env, code, sentence);
  return nullptr;
}

napi_value noMemory(napi_env env) { return fail(env, "ERR_OUT_OF_MEMORY", "the system has no memory for this program"); }

template <typename T>
bool arrayOf(napi_env env, napi_value value, napi_typedarray_type wanted, T** data, size_t* length) {
  napi_typedarray_type type;
  return napi_get_typedarray_info(env, value, &type, length, (void**)data, nullptr, nullptr) == napi_ok && type == wanted;
}

/** The interpreter of a name among those present; null when there is none. */
const Interpreter* named(napi_env env, napi_value value) {
  char name[16] = {};
  if (napi_get_value_string_utf8(env, value, name, sizeof name, nullptr) != napi_ok) return nullptr;
  for (const InstructionSet& set : sets)
    if (set.present() && strcmp(name, set.interpreter->name) == 0) return set.interpreter;
  return nullptr;
}

/** open(code, numbers, isa) -> a program */
napi_value open(napi_env env, napi_callback_info info) {
  size_t count = 3, length, bytes;
  napi_value given[3], result;
  const int32_t* code;
  const uint8_t* numbers;
  napi_get_cb_info(env, info, &count, given, nullptr, nullptr);
  const Interpreter* interpreter = count < 3 ? nullptr : named(env, given[2]);
  if (!interpreter || !arrayOf(env, given[0], napi_int32_array, &code, &length) || !arrayOf(env, given[1], napi_uint8_array, &numbers, &bytes))
    return fail(env, "ERR_INVALID_ARG", "open takes code, numbers and an instruction set that is present");
  Open* opened = new (std::nothrow) Open(interpreter);
  if (!opened) return noMemory(env);
  opened->program = interpreter->prepare(code, numbers, {take, opened});
  if (!opened->program) {
    delete opened;
    return noMemory(env);
  }
  napi_create_external(env, opened, [](napi_env, void* data, void*) { delete (Open*)data; }, nullptr, &result);
  return result;
}

Open* programOf(napi_env env, napi_value value) {
  void* data = nullptr;
  napi_get_value_external(env, value, &data);
  return (Open*)data;
}

/** The arena and the scratch memory of the calling thread for one image; null when there is none. */
uint8_t* roomFor(const Program& p) {
  const int64_t arena = (p.arenaBytes + 127) / 64 * 64, scratch = (p.scratchBytes + 127) / 64 * 64;
  return (uint8_t*)parallel::scratch(parallel::taskA, (arena + scratch) / 4 + 32);
}

uint8_t* scratchIn(const Program& p, uint8_t* room) { return room + (p.arenaBytes + 127) / 64 * 64; }

/** run(program, images, logits): bytes [count, h, w, c] -> int16 [count, classes] */
napi_value run(napi_env env, napi_callback_info info) {
  size_t count = 3, bytes, length;
  napi_value given[3];
  const uint8_t* images;
  int16_t* logits;
  napi_get_cb_info(env, info, &count, given, nullptr, nullptr);
  Open* opened = count < 3 ? nullptr : programOf(env, given[0]);
  if (!opened || !arrayOf(env, given[1], napi_uint8_array, &images, &bytes) || !arrayOf(env, given[2], napi_int16_array, &logits, &length))
    return fail(env, "ERR_INVALID_ARG", "run takes a program, images and room for logits");
  const Program& p = *opened->program;
  const Value &first = p.values[0], &last = p.values[p.stepCount];
  const int64_t size = first.length(), classes = last.length(), n = (int64_t)bytes / size;
  if ((int64_t)bytes != n * size || (int64_t)length != n * classes) return fail(env, "ERR_INVALID_ARG", "images and logits do not fit the program");
  parallelFor(n, [&](int64_t i) {
    uint8_t* room = roomFor(p);
    if (!room) return;
    memcpy(room + first.at, images + i * size, size);
    opened->interpreter->run(&p, 0, p.stepCount, room, scratchIn(p, room));
    if (last.wide) {
      memcpy(logits + i * classes, room + last.at, classes * 2);
    } else {
      for (int64_t k = 0; k < classes; k++) logits[i * classes + k] = (int16_t)(room[last.at + k] - 128);
    }
  });
  return parallel::takeFailure() ? noMemory(env) : nullptr;
}

/** values(program, image, out): every value of one image, int16, one behind the other */
napi_value values(napi_env env, napi_callback_info info) {
  size_t count = 3, bytes, length;
  napi_value given[3];
  const uint8_t* image;
  int16_t* out;
  napi_get_cb_info(env, info, &count, given, nullptr, nullptr);
  Open* opened = count < 3 ? nullptr : programOf(env, given[0]);
  if (!opened || !arrayOf(env, given[1], napi_uint8_array, &image, &bytes) || !arrayOf(env, given[2], napi_int16_array, &out, &length))
    return fail(env, "ERR_INVALID_ARG", "values takes a program, an image and room for values");
  const Program& p = *opened->program;
  int64_t total = 0;
  for (int32_t i = 0; i <= p.stepCount; i++) total += p.values[i].length();
  if ((int64_t)bytes != p.values[0].length() || (int64_t)length != total)
    return fail(env, "ERR_INVALID_ARG", "image and values do not fit the program");
  uint8_t* room = roomFor(p);
  if (!room) return noMemory(env);
  memcpy(room + p.values[0].at, image, bytes);
  for (int32_t i = 0; i <= p.stepCount; i++) {
    if (i > 0) opened->interpreter->run(&p, i - 1, i, room, scratchIn(p, room));
    const Value& v = p.values[i];
    const uint8_t* from = room + v.at;
    for (int64_t k = 0; k < v.length(); k++) *out++ = v.wide ? ((const int16_t*)from)[k] : (int16_t)(from[k] - 128);
  }
  return nullptr;
}

void define(napi_env env, napi_value object, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, object, name, function);
}

}  // namespace

napi_value makeInteger(napi_env env) {
  chosen = choose();
  if (!chosen) return fail(env, "ERR_UNSUPPORTED", "SHIFTADDNAS_ISA names an instruction set that is not here");
  napi_value object, text;
  napi_create_object(env, &object);
  napi_create_string_utf8(env, chosen->name, NAPI_AUTO_LENGTH, &text);
  napi_set_named_property(env, object, "isa", text);
  napi_value all;
  uint32_t present = 0;
  napi_create_array(env, &all);
  for (const InstructionSet& set : sets) {
    if (!set.present()) continue;
    napi_create_string_utf8(env, set.interpreter->name, NAPI_AUTO_LENGTH, &text);
    napi_set_element(env, all, present++, text);
  }
  napi_set_named_property(env, object, "isas", all);
  define(env, object, "open", open);
  define(env, object, "run", run);
  define(env, object, "values", values);
  return object;
}
