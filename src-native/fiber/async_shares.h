// Which fibers have their share of Node's async context (node_state/async_stack.h) installed, and in which order: the
// running one, on top of those that wait for it, and main's at the bottom.
//
// A share comes off with everything above it. What a chain took along when it was cut off is put back as it lay.
#pragma once

#include "fiber/fiber.h"
#include "node_state/async_stack.h"

namespace greenfiber::fiber {

class AsyncShares {
 public:
  // `context` outlives this.
  AsyncShares(v8::Isolate* isolate, const v8::Global<v8::Context>& context,
              const node_state::AsyncPlaces& places)
      : stack_(isolate, context, places) {}

  node_state::AsyncStack& stack() { return stack_; }

  // Puts the fiber's share on top, or cuts it off with everything above it. CAUTION: may allocate, as does everything
  // here.
  void install(Fiber& fiber);
  void uninstall(Fiber& fiber);
  // The same for `first` and all that it waits for, up to `tip`.
  void install_line(Fiber& first, const Fiber& tip);
  // For a transfer from one line to another, which main may lie under or not.
  void uninstall_all();
  void install_all(Fiber& tip);
  // The same for a chain that goes to sleep: everything above `resumer`. See chain.cc.
  void uninstall_chain(Fiber& root, const Fiber& resumer);
  void install_chain(Fiber& root);

 private:
  Fiber& take_off_top();

  node_state::AsyncStack stack_;
  Fiber* top_ = nullptr;  // null: main's, which is always there
};

[[gnu::always_inline]] inline void AsyncShares::install(Fiber& fiber) {
  stack_.enter(fiber.async);
  fiber.below = top_;
  top_ = &fiber;
}

[[gnu::always_inline]] inline Fiber& AsyncShares::take_off_top() {
  Fiber* const top = top_;
  stack_.leave(top->async);
  top_ = top->below;
  return *top;
}

[[gnu::always_inline]] inline void AsyncShares::uninstall(Fiber& fiber) {
  while (&take_off_top() != &fiber) [[unlikely]] {
    }
}

[[gnu::always_inline]] inline void AsyncShares::uninstall_chain(Fiber& root, const Fiber& resumer) {
  Fiber* chain = nullptr;
  while (top_ != nullptr && top_ != &resumer) {
    Fiber& top = take_off_top();
    top.below = chain;
    chain = &top;
  }
  root.chain = chain;
}

[[gnu::always_inline]] inline void AsyncShares::install_chain(Fiber& root) {
  for (Fiber* fiber = root.chain; fiber != nullptr;) {
    Fiber* above = fiber->below;
    install(*fiber);
    fiber = above;
  }
}

}  // namespace greenfiber::fiber
