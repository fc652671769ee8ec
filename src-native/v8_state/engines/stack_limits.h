// Gives V8 the limit of the stack that runs now.
#pragma once

#include <atomic>

#include "v8_state/layout.h"

namespace greenfiber::v8_state {

// Another OS thread requests an interrupt (a finished compile job, worker.terminate()) by overwriting the
// effective limit with a value above every stack, and V8 takes the request back by storing the real limit.
// So the real limit is stored first, and the effective one only by compare-and-exchange: a request is never
// lost, and a limit that somebody restored from the old real one is replaced.
inline constexpr Word kHighestStack = Word{1} << 56;  // what no program's memory reaches

inline void set_stack_limit(const Layout& layout, Word limit) {
  for (const StackLimitPlace& place : layout.stack_limits) {
    Word expected = *place.real;
    std::atomic_ref<Word>(*place.real).store(limit, std::memory_order_relaxed);
    std::atomic_ref<Word> effective(*place.effective);
    while (!effective.compare_exchange_strong(expected, limit)) {
      if (expected > kHighestStack) break;  // an interrupt is requested: leave it
    }
  }
}

}  // namespace greenfiber::v8_state
