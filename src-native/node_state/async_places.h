// Where Node keeps the async execution context of the running code, found by calibration with public
// node::CallbackScope objects of known ids.
#pragma once

#include <node.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "node_state/resource_stack.h"

namespace greenfiber::node_state {

// Indices that Node's JavaScript uses too (lib/internal/async_hooks.js); the calibration confirms the ones
// it can provoke.
enum AsyncField : std::size_t { kInitHooks = 0, kBeforeHooks = 1, kStackLength = 7 };
enum AsyncId : std::size_t { kExecutionId = 0, kTriggerId = 1, kIdCounter = 2 };

struct AsyncPlaces {
  std::uint32_t* fields = nullptr;  // enum AsyncField
  double* ids = nullptr;            // enum AsyncId
  Word* stack_data = nullptr;  // points to the word that points to the saved (id, trigger) pairs
  Word* stack_capacity = nullptr;     // in doubles
  Word* callback_depth = nullptr;     // nesting of callback scopes
  ResourceStack resources;            // the native half
  Tagged** resource_array = nullptr;  // v8::Global<v8::Array>: the JavaScript half

  // The context's microtask queue.
  Word* microtask_counts = nullptr;  // two 32-bit counters: nested scopes, and suppressions
  const std::uint8_t* microtasks_running = nullptr;

  double* stack() const { return reinterpret_cast<double*>(*stack_data); }

  // A JSArray is { map, properties, elements, length }.
  static constexpr std::size_t kArrayLength = v8::internal::Internals::kJSObjectHeaderSize;
  std::uint32_t resource_array_length() const {
    return static_cast<std::uint32_t>(
        small_integer(*reinterpret_cast<Tagged*>(**resource_array - 1 + kArrayLength)));
  }
};

// Called inside AsyncResource.runInAsyncScope of `resource`: whether the array was found right.
bool confirm_resource_array(v8::Local<v8::Context> context, const AsyncPlaces& places,
                            v8::Local<v8::Value> resource);

// Both return an empty string or what was missed. CAUTION: run JavaScript.
std::string find_async_places(v8::Isolate* isolate, AsyncPlaces& places);
std::string find_microtask_places(v8::Isolate* isolate, AsyncPlaces& places);

}  // namespace greenfiber::node_state
