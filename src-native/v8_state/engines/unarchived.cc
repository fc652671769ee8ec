#include "v8_state/engines/unarchived.h"

#include <cstring>
#include <new>
#include <utility>

namespace greenfiber::v8_state {

void set_aside_unarchived(const Layout& layout, ThreadRecord& from) {
  from.has_unarchived = true;
  from.formatting_stack_trace = *layout.formatting_stack_trace;
  *layout.formatting_stack_trace = 0;
  if (layout.interrupt_scopes != nullptr) {
    from.interrupt_scopes = std::exchange(*layout.interrupt_scopes, 0);
  }
  if constexpr (kHasSuddenShutdownVector) {
    Word* vector = layout.sudden_shutdown_vector;
    std::memset(from.sudden_shutdown, 0, sizeof from.sudden_shutdown);
    if (vector[0] == vector[1]) return;
    std::memcpy(from.sudden_shutdown, vector, sizeof from.sudden_shutdown);
    std::memset(vector, 0, sizeof from.sudden_shutdown);
  }
}

void put_back_unarchived(const Layout& layout, ThreadRecord& to) {
  to.has_unarchived = false;
  *layout.formatting_stack_trace = to.formatting_stack_trace;
  if (layout.interrupt_scopes != nullptr) {
    *layout.interrupt_scopes = std::exchange(to.interrupt_scopes, 0);
  }
  if constexpr (kHasSuddenShutdownVector) {
    if (to.sudden_shutdown[0] == 0) return;
    Word* vector = layout.sudden_shutdown_vector;
    ::operator delete(
        reinterpret_cast<void*>(vector[0]));  // the empty buffer of the stack that was left
    std::memcpy(vector, to.sudden_shutdown, sizeof to.sudden_shutdown);
    std::memset(to.sudden_shutdown, 0, sizeof to.sudden_shutdown);
  }
}

}  // namespace greenfiber::v8_state
