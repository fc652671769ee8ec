// Moving V8's tagged words in and out of handles without making handles.
//
// A v8::Local is the address of a slot that holds a tagged word. Between two native stacks nothing can
// allocate, so the word itself may travel in a register; on either side it lives in a slot that V8 visits.
#pragma once

#include <node_version.h>
#include <v8-internal.h>
#include <v8.h>

#include <cstdint>

#ifdef V8_ENABLE_DIRECT_HANDLE
#error "greenfiber needs a V8 whose v8::Local is the address of a slot"
#endif

namespace greenfiber::v8_state {

using Word = std::uintptr_t;
using Tagged = v8::internal::Address;

// A word of memory that is not ours to know: V8's, or that of a frame which may be gone. AddressSanitizer would take the
// latter for a mistake.
[[gnu::no_sanitize_address, gnu::noinline]] inline Word foreign_word(const void* at) {
  return *static_cast<const Word*>(at);
}

// The slot behind a local handle.
template <typename T>
inline Tagged* slot_of(const v8::Local<T>& handle) {
  Tagged* slot;
  static_assert(sizeof(handle) == sizeof(slot));
  __builtin_memcpy(&slot, &handle, sizeof slot);
  return slot;
}

// The slot of a callback's return value: V8 visits it, and hands on what it holds when the callback returns.
template <typename T>
inline Tagged* slot_of(const v8::ReturnValue<T>& value) {
  Tagged* slot;
  static_assert(sizeof value == sizeof slot);
  __builtin_memcpy(&slot, &value, sizeof slot);
  return slot;
}

template <typename T>
inline Tagged tagged_word(const v8::Local<T>& handle) {
  return *slot_of(handle);
}

// A local handle over a slot that the caller keeps alive, and that V8 visits if it can allocate meanwhile.
template <typename T = v8::Value>
inline v8::Local<T> local_over(Tagged* slot) {
  v8::Local<T> handle;
  __builtin_memcpy(static_cast<void*>(&handle), &slot, sizeof slot);
  return handle;
}

// The slot of a global handle is a slot like any other.
template <typename T>
inline v8::Local<T> local_of(const v8::Global<T>& global) {
  v8::Local<T> handle;
  static_assert(sizeof handle == sizeof global);
  __builtin_memcpy(static_cast<void*>(&handle), &global, sizeof handle);
  return handle;
}

inline bool is_small_integer(Tagged word) { return (word & 1) == 0; }

inline std::int32_t small_integer(Tagged word) {
  return static_cast<std::int32_t>(v8::internal::Internals::SmiValue(word));
}

}  // namespace greenfiber::v8_state
