// No switch for this architecture or ABI yet: everything compiles, and says so at run time.
// To add one, write context_<architecture>_<abi>.h and .S and select them in context.h.
#pragma once

#include <cstdlib>

#include "frames.h"

namespace greenfiber::context {

inline constexpr bool kSupported = false;
inline constexpr const char* kImplementation = "unsupported";

// Whoever calls these has not looked at kSupported.
inline Transfer switch_to(SuspendedFrame*, void*) { std::abort(); }
inline Transfer switch_to_out_of_line(SuspendedFrame*, void*) { std::abort(); }
inline Transfer switch_to_preserving_fp(SuspendedFrame*, void*) { std::abort(); }
[[noreturn]] inline void switch_to_final(SuspendedFrame*, void*) { std::abort(); }
inline SuspendedFrame* prepare(void*, Entry, void*) { std::abort(); }
inline bool shadow_stack_active() { return false; }

}  // namespace greenfiber::context
