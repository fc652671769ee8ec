// Swaps what belongs to a native stack although V8 archives it for no thread. All of it is rare, so a switch
// only looks: a stack that has such state is marked, and leaves V8 without it behind.
#pragma once

#include "v8_state/thread_record.h"

namespace greenfiber::v8_state {

[[gnu::cold]] void set_aside_unarchived(const Layout& layout, ThreadRecord& from);
[[gnu::cold]] void put_back_unarchived(const Layout& layout, ThreadRecord& to);

// V8 archives its chain of scopes that postpone interrupts if it archives at all.
enum class InterruptScopes { kOurs, kArchivedByV8 };

template <InterruptScopes kScopes>
[[gnu::always_inline]] inline void save_unarchived(const Layout& layout, ThreadRecord& from) {
  bool present = *layout.formatting_stack_trace != 0;
  if constexpr (kScopes == InterruptScopes::kOurs) present |= *layout.interrupt_scopes != 0;
  if constexpr (kHasSuddenShutdownVector) {
    present |= layout.sudden_shutdown_vector[0] != layout.sudden_shutdown_vector[1];
  }
  if (present) [[unlikely]]
    set_aside_unarchived(layout, from);
}

[[gnu::always_inline]] inline void restore_unarchived(const Layout& layout, ThreadRecord& to) {
  if (to.has_unarchived) [[unlikely]]
    put_back_unarchived(layout, to);
}

}  // namespace greenfiber::v8_state
