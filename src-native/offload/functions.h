// What lib/offload/native.ts calls.
#pragma once

#include <napi.h>

namespace greenfiber::offload {

// openOffload(complete, completed): the functions. `complete(count)` is called when the batches whose numbers are in
// the first `count` places of the Int32Array `completed` have been run. Once in an environment.
Napi::Value open(const Napi::CallbackInfo& info);

}  // namespace greenfiber::offload
