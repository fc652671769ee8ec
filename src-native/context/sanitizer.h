// Tells AddressSanitizer and Valgrind which stack is running. Both guess wrongly when rsp jumps.
//
// Build switches: GREENFIBER_ASAN (found by itself under -fsanitize=address) and
// GREENFIBER_VALGRIND (set to 1 by hand; needs valgrind/valgrind.h, and costs a few instructions
// only when a stack is made). In ordinary builds StackWatch is empty and every call disappears.
//
//   StackWatch fiber(low, size);  StackWatch host = StackWatch::of_this_thread();
//   host.leave_for(fiber);  switch_to(...);  host.arrived();    // the resumer
//   fiber.arrived();  ...  fiber.leave_for(host);  switch_to(...);  fiber.arrived();   // the fiber
//   fiber.leave_for_good(host);  switch_to_final(...);
#pragma once

#include <cstddef>

#if !defined(GREENFIBER_ASAN)
#if defined(__SANITIZE_ADDRESS__)  // gcc
#define GREENFIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)  // clang
#define GREENFIBER_ASAN 1
#endif
#endif
#endif
#if !defined(GREENFIBER_ASAN)
#define GREENFIBER_ASAN 0
#endif
#if !defined(GREENFIBER_VALGRIND)
#define GREENFIBER_VALGRIND 0
#endif

#if GREENFIBER_ASAN
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if GREENFIBER_VALGRIND
#include <valgrind/valgrind.h>
#endif

namespace greenfiber::context {

// One per stack, as long as the stack exists.
class StackWatch {
 public:
  StackWatch(void* low, std::size_t size) {
#if GREENFIBER_ASAN
    low_ = low;
    size_ = size;
    forget_flow();  // Of an earlier stack at this address.
#endif
#if GREENFIBER_VALGRIND
    valgrind_id_ = VALGRIND_STACK_REGISTER(low, static_cast<char*>(low) + size);
    registered_ = true;
#endif
    static_cast<void>(low);
    static_cast<void>(size);
  }

#if GREENFIBER_VALGRIND
  ~StackWatch() {
    if (registered_) VALGRIND_STACK_DEREGISTER(valgrind_id_);
  }
#else
  ~StackWatch() = default;
#endif

  // The stack that the operating system gave this thread. Valgrind knows it already.
  static StackWatch of_this_thread() { return StackWatch(ThisThread{}); }

  StackWatch(const StackWatch&) = delete;
  StackWatch& operator=(const StackWatch&) = delete;

  // Immediately before switch_to: this stack is left, `next` is entered.
  void leave_for(const StackWatch& next) {
#if GREENFIBER_ASAN
    __sanitizer_start_switch_fiber(&fake_stack_, next.low_, next.size_);
#endif
    static_cast<void>(next);
  }

  // Immediately before switch_to_final: the flow on this stack is finished.
  void leave_for_good(const StackWatch& next) {
#if GREENFIBER_ASAN
    forget_flow();
    __sanitizer_start_switch_fiber(nullptr, next.low_, next.size_);
#endif
    static_cast<void>(next);
  }

  // The flow on this stack was abandoned while suspended. No epilogue of its frames will unpoison
  // their red zones, and the next flow would stumble over them.
  void forget_flow() {
#if GREENFIBER_ASAN
    ASAN_UNPOISON_MEMORY_REGION(low_, size_);
    fake_stack_ = nullptr;
#endif
  }

  // Immediately after switch_to has returned here, and first of all in the entry function.
  void arrived() {
#if GREENFIBER_ASAN
    __sanitizer_finish_switch_fiber(fake_stack_, nullptr, nullptr);
#endif
  }

 private:
  struct ThisThread {};

  explicit StackWatch(ThisThread) {
#if GREENFIBER_ASAN
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
      pthread_attr_getstack(&attributes, &low_, &size_);
      pthread_attr_destroy(&attributes);
    }
#endif
  }

#if GREENFIBER_ASAN
  void* low_ = nullptr;
  std::size_t size_ = 0;
  void* fake_stack_ = nullptr;
#endif
#if GREENFIBER_VALGRIND
  unsigned valgrind_id_ = 0;
  bool registered_ = false;
#endif
};

}  // namespace greenfiber::context
