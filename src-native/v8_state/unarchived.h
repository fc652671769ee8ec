// Swaps what belongs to a native stack although V8 archives it for no thread.
#pragma once

#include <cstring>

#include "v8_state/thread_record.h"

namespace greenfiber::v8_state {

// Only V8 12 has the vector of objects to destroy before a sudden shutdown.
inline constexpr bool kHasSuddenShutdownVector = V8_MAJOR_VERSION == 12;

inline void save_unarchived(const Layout& layout, ThreadRecord& from) {
  from.formatting_stack_trace = *layout.formatting_stack_trace;
  if constexpr (kHasSuddenShutdownVector) {
    std::memcpy(from.sudden_shutdown, layout.sudden_shutdown_vector, sizeof from.sudden_shutdown);
  }
}

inline void restore_unarchived(const Layout& layout, const ThreadRecord& to) {
  *layout.formatting_stack_trace = to.formatting_stack_trace;
  if constexpr (kHasSuddenShutdownVector) {
    std::memcpy(layout.sudden_shutdown_vector, to.sudden_shutdown, sizeof to.sudden_shutdown);
  }
}

}  // namespace greenfiber::v8_state
