// Sums over the processes that `mpirun` started, for data-parallel training. OpenMPI is loaded when it is asked for
// and not before: the addon does not depend on it. Its handles are addresses of its own symbols, which is why other
// MPI libraries, whose handles are numbers, are refused.
//
// The order of a sum is that of the ranks: every rank sums one piece of all ranks' arrays and hands it to the others.
// The same number of ranks so gives the same bits, whatever route the library takes.
#include "mpi.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <cstdint>
#include <initializer_list>
#include <type_traits>

namespace {

typedef void* Handle;

struct Library {
  int (*init)(int*, char***, int, int*);
  int (*rank)(Handle, int*);
  int (*size)(Handle, int*);
  int (*alltoall)(const void*, int, Handle, void*, int, Handle, Handle);
  int (*allgather)(const void*, int, Handle, void*, int, Handle, Handle);
  int (*broadcast)(void*, int, Handle, int, Handle);
  int (*barrier)(Handle, Handle*);
  int (*test)(Handle*, int*, void*);
  int (*finalize)();
  Handle world, floats, bytes;
};

Library mpi = {};
int myRank = 0, ranks = 1;
bool open_ = false, leaving = false;
Handle farewell = nullptr;

/** Null, or what is missing. */
const char* load() {
  void* library = nullptr;
  for (const char* name : {"libmpi.so.40", "libmpi.so", "libmpi.dylib"})
    if (!library) library = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
  if (!library) return "OpenMPI's library is not there (libmpi.so.40); on Debian: apt-get install openmpi-bin";
  auto find = [&](auto& to, const char* name) { return (to = (std::remove_reference_t<decltype(to)>)dlsym(library, name)) != nullptr; };
  if (!find(mpi.world, "ompi_mpi_comm_world") || !find(mpi.floats, "ompi_mpi_float") || !find(mpi.bytes, "ompi_mpi_byte"))
    return "the MPI library that was found is not OpenMPI";
  if (!find(mpi.init, "MPI_Init_thread") || !find(mpi.rank, "MPI_Comm_rank") || !find(mpi.size, "MPI_Comm_size") ||
      !find(mpi.alltoall, "MPI_Alltoall") || !find(mpi.allgather, "MPI_Allgather") || !find(mpi.broadcast, "MPI_Bcast") ||
      !find(mpi.barrier, "MPI_Ibarrier") || !find(mpi.test, "MPI_Test") || !find(mpi.finalize, "MPI_Finalize"))
    return "the OpenMPI library that was found lacks functions of MPI 3";
  return nullptr;
}

napi_value fail(napi_env env, const char* text) {
  napi_throw_error(env, "ERR_MPI", text);
  return nullptr;
}

void number(napi_env env, napi_value object, const char* name, double value) {
  napi_value property;
  napi_create_double(env, value, &property);
  napi_set_named_property(env, object, name, property);
}

/** open() -> {rank, size}; blocks until every process of the run is there. */
napi_value open(napi_env env, napi_callback_info) {
  if (!open_) {
    const char* missing = load();
    if (missing) return fail(env, missing);
    int provided;
    if (mpi.init(nullptr, nullptr, 0, &provided) != 0) return fail(env, "MPI could not be started");
    mpi.rank(mpi.world, &myRank);
    mpi.size(mpi.world, &ranks);
    open_ = true;
  }
  napi_value result;
  napi_create_object(env, &result);
  number(env, result, "rank", myRank);
  number(env, result, "size", ranks);
  return result;
}

/** sum(address, length): the floats there become their sum over all ranks. */
napi_value sum(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value value[2];
  double address, length;
  if (!open_ || napi_get_cb_info(env, info, &count, value, nullptr, nullptr) != napi_ok || count < 2 ||
      napi_get_value_double(env, value[0], &address) != napi_ok || napi_get_value_double(env, value[1], &length) != napi_ok)
    return fail(env, "sum takes the address and number of floats, after open");
  float* mine = (float*)(uintptr_t)address;
  const int64_t n = (int64_t)length, each = (n + ranks - 1) / ranks;
  if (each > INT32_MAX) return fail(env, "sum: too many floats for one message");
  float* padded = (float*)malloc((size_t)(each * ranks) * 4 + 64);
  float* pieces = (float*)malloc((size_t)(each * ranks) * 4 + 64);
  if (!padded || !pieces) {
    free(padded);
    free(pieces);
    return fail(env, "the system has no memory for a sum over ranks");
  }
  memcpy(padded, mine, (size_t)n * 4);
  memset(padded + n, 0, (size_t)(each * ranks - n) * 4);
  int error = mpi.alltoall(padded, (int)each, mpi.floats, pieces, (int)each, mpi.floats, mpi.world);
  for (int rank = 1; rank < ranks; rank++) {
    const float* other = pieces + rank * each;
    for (int64_t i = 0; i < each; i++) pieces[i] += other[i];
  }
  if (!error) error = mpi.allgather(pieces, (int)each, mpi.floats, padded, (int)each, mpi.floats, mpi.world);
  memcpy(mine, padded, (size_t)n * 4);
  free(padded);
  free(pieces);
  if (error) return fail(env, "a sum over ranks failed: is every process still running?");
  return nullptr;
}

/** broadcast(bytes): all ranks hold rank 0's bytes afterwards; the same number everywhere. */
napi_value broadcast(napi_env env, napi_callback_info info) {
  size_t count = 1, bytes;
  napi_value value, buffer;
  napi_typedarray_type type;
  void* data;
  size_t offset;
  if (!open_ || napi_get_cb_info(env, info, &count, &value, nullptr, nullptr) != napi_ok || count < 1 ||
      napi_get_typedarray_info(env, value, &type, &bytes, &data, &buffer, &offset) != napi_ok || type != napi_uint8_array ||
      bytes > INT32_MAX)
    return fail(env, "broadcast takes a Uint8Array of at most 2 GiB, after open");
  if (mpi.broadcast(data, (int)bytes, mpi.bytes, 0, mpi.world) != 0) return fail(env, "a broadcast failed");
  return nullptr;
}

/** left() -> whether every rank has called it. The first call says that this one is done; it never blocks. */
napi_value left(napi_env env, napi_callback_info) {
  int done = 1;
  if (open_ && !leaving) leaving = mpi.barrier(mpi.world, &farewell) == 0;
  if (open_ && leaving) mpi.test(&farewell, &done, nullptr);
  napi_value result;
  napi_get_boolean(env, done != 0, &result);
  return result;
}

napi_value close(napi_env, napi_callback_info) {
  if (open_) mpi.finalize();
  open_ = false;
  return nullptr;
}

}  // namespace

napi_value makeMpi(napi_env env) {
  napi_value object, function;
  napi_create_object(env, &object);
  const struct {
    const char* name;
    napi_callback callback;
  } functions[] = {{"open", open}, {"sum", sum}, {"broadcast", broadcast}, {"left", left}, {"close", close}};
  for (const auto& f : functions) {
    napi_create_function(env, f.name, NAPI_AUTO_LENGTH, f.callback, nullptr, &function);
    napi_set_named_property(env, object, f.name, function);
  }
  return object;
}
