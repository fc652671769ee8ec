// Tells the processor that this thread waits in a loop.
#pragma once

namespace greenfiber::offload {

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb"
               :
               :
               : "memory");  // `yield` does nothing on most cores; this takes some 10 to 40 ns
#endif
}

}  // namespace greenfiber::offload
