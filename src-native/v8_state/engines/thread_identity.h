// V8's notion of "which thread am I": a C++ thread_local of the V8 library. The locker engine gives every
// fiber a value of its own.
#pragma once

#include <cstdint>
#include <string>

#include <v8.h>

#include "v8_state/tagged.h"

namespace greenfiber::v8_state {

struct ThreadIdentity {
  std::int32_t* thread_id = nullptr;  // V8's thread id of the calling OS thread
};

// Finds it in the calling thread's thread-local storage: the word whose change makes v8::Locker::IsLocked deny the lock.
// The isolate must be locked by this thread.
std::string find_thread_identity(v8::Isolate* isolate, ThreadIdentity& identity);

}  // namespace greenfiber::v8_state
