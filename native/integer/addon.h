// The object `integer` of the addon; src/deploy/integer/native.ts says what its functions do.
#pragma once
#include <node_api.h>

/** Null, with a JavaScript error, where SHIFTADDNAS_ISA names an instruction set that is not here. */
napi_value makeInteger(napi_env env);
