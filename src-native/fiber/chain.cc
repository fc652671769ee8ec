// What leaves and continues whole chains: see chain.h.
#include "fiber/chain.h"

#include "fiber/callbacks.h"

namespace greenfiber::fiber {

// leave(root, value): the chain sleeps; `value` answers who waits for its root.
void leave(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& root = fiber_argument(info, runtime);
  const Refusal refusal = why_not_parkable(runtime, root);
  if (refusal != Refusal::kNone) [[unlikely]] {
    return refuse_suspension(runtime, runtime.running(), refusal);
  }
  leave_chain(info, runtime, root, info[1]);
}

// enter(root, value): continues a chain where it sleeps and waits for its root.
void enter(const Info& info) { enter_chain(info, Signal::kNone); }

// enterRaise(root, error): raises `error` where the chain sleeps.
void enter_raise(const Info& info) { enter_chain(info, Signal::kRaise); }

// enterKill(root, error): the same, and every later suspension of each of its fibers raises `error` again.
void enter_kill(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& root = fiber_argument(info, runtime);
  if (root.is_asleep_chain() && can_wait(runtime)) {
    Fiber* fiber = root.tip;
    for (; fiber != nullptr && fiber != &root; fiber = fiber->resumer) {
      runtime.kill(*fiber, info[1]);
    }
    runtime.kill(root, info[1]);
  }
  enter_chain(info, Signal::kRaise);
}

// handOver(root, other, ahead): the running chain sleeps, and the other one goes on in its place; `ahead` will be handed
// over to soon, if it is not negative.
void hand_over(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& root = fiber_argument(info, runtime);
  Fiber& other = runtime.stacks().fiber_of(v8_state::small_integer(tagged_word(info[1])));
  const Refusal refusal = why_not_parkable(runtime, root);
  if (refusal != Refusal::kNone) [[unlikely]] {
    return refuse_suspension(runtime, runtime.running(), refusal);
  }
  if (!other.is_asleep_chain()) [[unlikely]]
    return raise_code(runtime, ErrorCode::kRunning);
  const std::int32_t ahead = v8_state::small_integer(tagged_word(info[2]));
  if (ahead >= 0) runtime.stacks().fetch_ahead(ahead, runtime.running());
  const ContinuationData data(info, runtime);
  const std::uint32_t nesting = root.nesting;
  Fiber& resumer = cut(runtime, root);
  Fiber& tip = continue_chain(runtime, other, resumer, nesting);
  sleep_until_continued(info, runtime, tip, v8::Undefined(runtime.isolate()), data);
}

}  // namespace greenfiber::fiber
