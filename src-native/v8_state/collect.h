// Collections at will, by what V8 does in public: for the self-test.
#pragma once

#include <v8.h>

namespace greenfiber::v8_state {

// One collection of the young generation, at least.
void collect_young(v8::Isolate* isolate);

// One full collection, at least. CAUTION: V8 runs no finalizer in it, but forgets code that has not run for a while.
void collect_all(v8::Isolate* isolate);

}  // namespace greenfiber::v8_state
