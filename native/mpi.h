// The object `mpi` of the addon; src/cluster/mpi.ts says what its functions do.
#pragma once
#include <node_api.h>

napi_value makeMpi(napi_env env);
