// Chains: a fiber that somebody resumed, its root, and every fiber above it up to the one that runs, its tip.
// A task or an effect's handler suspends a chain as a whole, from inside its tip, past all the resumers in
// between, and continues it there. Nobody else can continue a fiber of a sleeping chain.
//
//     main -> root -> ... -> tip        leave(root): main goes on, as if root had yielded
//     main -> other                     enter(root): tip goes on, and main waits for root again
//                                       hand_over(root, other): both in one switch
#include "fiber/callbacks.h"

namespace greenfiber::fiber {

namespace {

// enter(root, value): continues a chain where it sleeps and waits for its root.
void enter_with(const Info& info, Signal signal) {
  Runtime& runtime = *Runtime::current();
  Fiber& root = fiber_argument(info, runtime);
  if (!root.is_asleep_chain()) [[unlikely]]
    return raise_code(runtime, ErrorCode::kRunning);
  if (!can_wait(runtime)) [[unlikely]]
    return refuse_resume(runtime, root);
  Fiber& tip = *root.tip;
  root.tip = nullptr;
  runtime.install_chain(root);
  runtime.signal = signal;
  wait_for(info, runtime, root, tip, tagged_word(info[1]), nullptr);
}

}  // namespace

// leave(root, value): the chain sleeps; `value` answers who waits for its root.
void leave(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& root = fiber_argument(info, runtime);
  const Refusal refusal = why_not_parkable(runtime, root);
  if (refusal != Refusal::kNone) [[unlikely]] {
    return refuse_suspension(runtime, runtime.running(), refusal);
  }
  const ContinuationData data(info, runtime.continuation_data());
  Fiber& resumer = cut(runtime, root);
  runtime.reinstall_if_cut_off(resumer);
  sleep_until_continued(info, runtime, resumer, tagged_word(info[1]), data);
}

void enter(const Info& info) { enter_with(info, Signal::kNone); }

// enterRaise(root, error): raises `error` where the chain sleeps.
void enter_raise(const Info& info) { enter_with(info, Signal::kRaise); }

// enterKill(root, error): the same, and every later suspension of each of its fibers raises `error` again.
void enter_kill(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& root = fiber_argument(info, runtime);
  if (root.is_asleep_chain() && can_wait(runtime)) {
    Fiber* fiber = root.tip;
    for (; fiber != nullptr && fiber != &root; fiber = fiber->resumer) {
      fiber->kill(tagged_word(info[1]));
    }
    root.kill(tagged_word(info[1]));
  }
  enter_with(info, Signal::kRaise);
}

// handOver(root, other): the running chain sleeps, and the other one goes on in its place.
void hand_over(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& root = fiber_argument(info, runtime);
  Fiber& other = runtime.fiber_of(v8_state::small_integer(tagged_word(info[1])));
  const Refusal refusal = why_not_parkable(runtime, root);
  if (refusal != Refusal::kNone) [[unlikely]] {
    return refuse_suspension(runtime, runtime.running(), refusal);
  }
  if (!other.is_asleep_chain()) [[unlikely]]
    return raise_code(runtime, ErrorCode::kRunning);
  const ContinuationData data(info, runtime.continuation_data());
  const std::uint32_t nesting = root.nesting;
  Fiber& resumer = cut(runtime, root);
  Fiber& tip = continue_chain(runtime, other, resumer, nesting);
  sleep_until_continued(info, runtime, tip, tagged_word(v8::Undefined(runtime.isolate())), data);
}

}  // namespace greenfiber::fiber
