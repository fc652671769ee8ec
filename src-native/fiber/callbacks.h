// The functions that lib/native.ts calls. They are plain V8 function callbacks: a Node-API callback would
// check its handle scopes when it ends, which two fibers interleaved in one callback would fail.
#pragma once

#include <v8.h>

#include "fiber/runtime.h"

namespace greenfiber::fiber {

// Puts the functions on `target`. Raw handles of fibers are part of this interface: lib/fiber.ts keeps them
// in private fields, and drops one before its fiber can be reused.
void define_callbacks(v8::Isolate* isolate, v8::Local<v8::Context> context,
                      v8::Local<v8::Object> target);

}  // namespace greenfiber::fiber
