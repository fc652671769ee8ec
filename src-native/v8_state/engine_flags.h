// V8's flags that fibers need. They belong to the process: the first environment that loads greenfiber sets them.
//
//     --no-wasm-code-gc            wasm code is collected when no frame of the *current* stack runs it
//     --no-move-object-start       arrays are shortened in place under handles that only the current scopes are told of
//     --no-turbo-fast-api-calls    V8 12 on: a collection or a deoptimisation that begins inside a fast API call takes the
//                                  caller of that call for the top frame of every archived thread
//     --no-wasm-to-js-generic-wrapper   V8 12: an import that is exported again loses its code when its wrapper is replaced
//                                  while calls of it are under way; two calls do, and fibers make that the rule
#pragma once

#include <v8.h>

namespace greenfiber::v8_state {

// Sets the flags, and throws away code that the isolate optimised without them: when it returns, no code of this isolate
// makes fast API calls, nor will any. CAUTION: waits for compile jobs, and deoptimises everything.
void set_engine_flags(v8::Isolate* isolate);

// Throws optimised code away; what runs goes on unoptimised. CAUTION: waits for compile jobs.
void deoptimize_all(v8::Isolate* isolate);

}  // namespace greenfiber::v8_state
