// Where the calling thread's thread-local variables lie, those of the C library and of V8 among them.
#pragma once

#include <cstdint>
#include <vector>

namespace greenfiber::v8_state {

// The thread-local storage of one loaded module.
struct ThreadLocals {
  std::uintptr_t begin, end;
};

std::vector<ThreadLocals> thread_locals();

}  // namespace greenfiber::v8_state
