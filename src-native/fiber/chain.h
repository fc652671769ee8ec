// Chains: a fiber that somebody resumed, its root, and every fiber above it up to the one that runs, its tip.
// A task or an effect's handler suspends a chain as a whole, from inside its tip, past all the resumers in
// between, and continues it there. Nobody else can continue a fiber of a sleeping chain.
//
//     main -> root -> ... -> tip        leave(root): main goes on, as if root had yielded
//     main -> other                     enter(root): tip goes on, and main waits for root again
//                                       hand_over(root, other): both in one switch
#pragma once

#include "fiber/switching.h"

namespace greenfiber::fiber {

// Puts the chain to sleep that the running fiber is the tip of; who waited for it is to be continued.
[[gnu::always_inline]] inline Fiber& cut(Runtime& runtime, Fiber& root) {
  Fiber& tip = runtime.running();
  tip.state = State::kAsleepInChain;
  root.tip = &tip;
  Fiber& resumer = root.resumer != nullptr ? *root.resumer : runtime.main();
  root.resumer = nullptr;
  runtime.shares().uninstall_chain(root, resumer);
  return resumer;
}

// The same, for good: `value` answers who waited. why_not_parkable has been asked.
[[gnu::always_inline]] inline void leave_chain(const Info& info, Runtime& runtime, Fiber& root,
                                               v8::Local<v8::Value> value) {
  const ContinuationData data(info, runtime);
  Fiber& resumer = cut(runtime, root);
  sleep_until_continued(info, runtime, resumer, value, data);
}

// Continues a chain where it sleeps and waits for its root.
[[gnu::always_inline]] inline void enter_chain(const Info& info, Signal signal) {
  Runtime& runtime = *Runtime::current();
  Fiber& root = fiber_argument(info, runtime);
  if (!root.is_asleep_chain()) [[unlikely]]
    return raise_code(runtime, ErrorCode::kRunning);
  if (!can_wait(runtime)) [[unlikely]]
    return refuse_resume(runtime, root);
  Fiber& tip = *root.tip;
  root.tip = nullptr;
  runtime.shares().install_chain(root);
  runtime.signal = signal;
  wait_for(info, runtime, root, tip, info[1], nullptr);
}

}  // namespace greenfiber::fiber
