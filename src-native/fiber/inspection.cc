// Looking at fibers without continuing them.
#include "fiber/callbacks.h"

namespace greenfiber::fiber {

namespace {

// Handled bodies are nobody's fibers: who runs in one is the fiber around it.
Fiber& outside_of_handled(Fiber& fiber) {
  Fiber* outer = &fiber;
  while (outer->is_handled && outer->resumer != nullptr) outer = outer->resumer;
  return *outer;
}

}  // namespace

// current(): the running Fiber, or undefined.
void current(const Info& info) {
  Fiber& self = outside_of_handled(Runtime::current()->running());
  if (self.roots != nullptr) info.GetReturnValue().Set(local_over(&self.roots[kSelf]));
}

// isYieldable()
void is_yieldable(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  Refusal refusal = why_not_yieldable(runtime, self);
  Fiber* owner = nullptr;
  if (self.is_handled) refusal = why_not_yieldable_around(runtime, self, owner);
  info.GetReturnValue().Set(refusal == Refusal::kNone || refusal == Refusal::kKilled);
}

// isParkable(root): whether `leave` would suspend the chain here.
void is_parkable(const Info& info) {
  Runtime& runtime = *Runtime::current();
  const Refusal refusal = why_not_parkable(runtime, fiber_argument(info, runtime));
  info.GetReturnValue().Set(refusal == Refusal::kNone || refusal == Refusal::kKilled);
}

// state(handle): enum State
void state(const Info& info) {
  const Fiber& fiber = fiber_argument(info, *Runtime::current());
  const State state = fiber.yielded_with_chain() ? State::kSuspended : fiber.state;
  info.GetReturnValue().Set(static_cast<int>(state));
}

// mainState(): enum State
void main_state(const Info& info) {
  info.GetReturnValue().Set(static_cast<int>(Runtime::current()->main().state));
}

// resumedBy(handle): the Fiber that this one waits for, or undefined.
void resumed_by(const Info& info) {
  const Fiber& fiber = fiber_argument(info, *Runtime::current());
  const Fiber* next = fiber.resuming != nullptr ? fiber.resuming : fiber.tip;
  if (next != nullptr && next != &fiber) info.GetReturnValue().Set(local_over(&next->roots[kSelf]));
}

// inspect(handle): the stack trace of a fiber that is not running, taken on its own stack.
void inspect(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& target = fiber_argument(info, runtime);
  const bool asleep = target.state == State::kSuspended || target.state == State::kTransferred ||
                      target.state == State::kResuming || target.state == State::kAsleepInChain;
  if (!asleep || runtime.inspecting) return;
  Fiber& self = runtime.running();
  const ContinuationData data(info, runtime);
  runtime.inspecting = true;
  runtime.signal = Signal::kInspect;
  Tagged trace = runtime.switch_fibers(self, target, v8::Undefined(runtime.isolate()));
  runtime.inspecting = false;
  data.restore(runtime);
  info.GetReturnValue().Set(local_over(&trace));
}

// currentFrame(evenIfHooked): the AsyncContextFrame that a fiber created now starts in; null when async hooks
// want to see an AsyncResource first.
void current_frame(const Info& info) {
  Runtime& runtime = *Runtime::current();
  if (runtime.async().has_init_hooks() && !info[0]->IsTrue()) [[unlikely]] {
    return info.GetReturnValue().SetNull();
  }
  if (Word* place = runtime.continuation_data()) info.GetReturnValue().Set(local_over(place));
}

// fulfilledValue(promise, otherwise): what a promise was fulfilled with; `otherwise` for any other promise.
void fulfilled_value(const Info& info) {
  if (!info[0]->IsPromise()) return info.GetReturnValue().Set(info[1]);
  v8::Local<v8::Promise> promise = info[0].As<v8::Promise>();
  const bool fulfilled = promise->State() == v8::Promise::kFulfilled;
  info.GetReturnValue().Set(fulfilled ? promise->Result() : info[1]);
}

}  // namespace greenfiber::fiber
