// What the callbacks that leave a stack have in common: the caller's state across a switch, the reasons why a
// place cannot be left, and how a side that is continued with more than a value answers.
#pragma once

#include <v8.h>

#include "fiber/runtime.h"

namespace greenfiber::fiber {

using Info = v8::FunctionCallbackInfo<v8::Value>;
using v8_state::local_over;
using v8_state::slot_of;
using v8_state::tagged_word;

// Keeps the caller's continuation-preserved data (AsyncLocalStorage's frame) across a switch. It waits in the
// slot of the callback's return value: V8 visits that slot, and nothing has to be allocated.
class ContinuationData {
 public:
  ContinuationData(const Info& info, const Runtime& runtime)
      : slot_(v8_state::slot_of(info.GetReturnValue())) {
    if constexpr (kExists) *slot_ = *runtime.continuation_data();
  }
  void restore(const Runtime& runtime) const {
    if constexpr (kExists) *runtime.continuation_data() = *slot_;
  }
  // What the callback answers, from now on in that slot.
  void answer(Tagged value) const { *slot_ = value; }

 private:
  static constexpr bool kExists = v8_state::kHasContinuationData;
  Tagged* slot_;
};

// A termination under way is no error's to replace.
inline void raise(Runtime& runtime, v8::Local<v8::Value> error) {
  if (!runtime.isolate()->IsExecutionTerminating()) runtime.isolate()->ThrowException(error);
}
void raise_code(Runtime& runtime, ErrorCode code);

// Runs on a sleeping fiber's stack, as often as somebody asks, until the fiber is really continued.
[[gnu::cold, gnu::noinline]] Tagged answer_inspections(Runtime& runtime, Tagged value);
// The rest of a callback that was continued with more than a value: by the end of the fiber it went to.
[[gnu::cold, gnu::noinline]] void answer_end(const Info& info, Runtime& runtime, Tagged value);
// The rest of a callback in which a flow slept, when it is continued by an error that somebody raises there, or by the
// end of a fiber that was entered by transfer.
[[gnu::cold, gnu::noinline]] void answer_signal(const Info& info, Runtime& runtime, Tagged value);

// The first argument: a handle.
inline Fiber& fiber_argument(const Info& info, Runtime& runtime) {
  return runtime.stacks().fiber_of(v8_state::small_integer(tagged_word(info[0])));
}

// Why the running flow may not be suspended.
enum class Refusal { kNone, kNotInFiber, kNotYieldable, kTransfer, kTask, kOutside, kKilled };

// For a suspension that the resumer does not see: by a transfer, or together with the resumer.
[[gnu::always_inline]] inline Refusal why_not_suspendable(Runtime& runtime, const Fiber& self) {
  if (self.is_main()) return Refusal::kNotInFiber;
  if (runtime.inspecting || runtime.async().drains_microtasks(self.async) ||
      runtime.below_wasm_stack()) {
    return Refusal::kNotYieldable;
  }
  return self.killed ? Refusal::kKilled : Refusal::kNone;
}

[[gnu::always_inline]] inline Refusal why_not_yieldable(Runtime& runtime, const Fiber& self) {
  const Refusal refusal = why_not_suspendable(runtime, self);
  if (refusal != Refusal::kNone) return refusal;
  if (self.belongs_to_task) return Refusal::kTask;
  return self.resumer == nullptr ? Refusal::kTransfer : Refusal::kNone;
}

// For the chain whose tip is the running fiber. Microtasks that one of its fibers drains would be run by nobody
// while it sleeps.
inline Refusal why_not_parkable(Runtime& runtime, const Fiber& root) {
  const Fiber& tip = runtime.running();
  const Refusal refusal = why_not_suspendable(runtime, tip);
  if (refusal != Refusal::kNone || &tip == &root) [[likely]]
    return refusal;
  for (const Fiber* fiber = &tip; fiber->is_waited_for(); fiber = fiber->resumer) {
    if (runtime.async().drains_microtasks(fiber->async)) return Refusal::kNotYieldable;
    if (fiber == &root) return root.killed ? Refusal::kKilled : Refusal::kNone;
  }
  return Refusal::kOutside;
}

[[gnu::cold, gnu::noinline]] void refuse_suspension(Runtime& runtime, Fiber& self, Refusal refusal);

// Whether the running flow can wait for a fiber that it resumes; if not, refuse_resume says why.
inline bool can_wait(Runtime& runtime) {
  return runtime.running().nesting < runtime.max_nesting() && !runtime.inspecting &&
         !runtime.below_wasm_stack();
}
[[gnu::cold, gnu::noinline]] void refuse_resume(Runtime& runtime, const Fiber& target);

// Somebody else continues whom `resumer` waits for: it waits for nobody any more, as if it had transferred away.
[[gnu::cold, gnu::noinline]] void abandon_resumer(Fiber& resumer);

// Continues `target` as the resumer of `child` and waits to be answered. The two differ when a line of fibers that wait
// for each other goes on at its tip. Their async context is installed.
[[gnu::always_inline]] inline void wait_for(const Info& info, Runtime& runtime, Fiber& child,
                                            Fiber& target, v8::Local<v8::Value> given,
                                            const Word* new_data) {
  Fiber& self = runtime.running();
  const ContinuationData data(info, runtime);
  if (new_data != nullptr) *runtime.continuation_data() = *new_data;
  self.state = State::kResuming;
  self.resuming = &child;
  target.state = State::kRunning;
  if (child.resumer != nullptr) [[unlikely]]
    abandon_resumer(*child.resumer);
  child.resumer = &self;
  child.nesting = self.nesting + 1;
  Tagged value = runtime.switch_fibers(self, target, given);
  Runtime& back = *Runtime::current();
  if (back.signal == Signal::kInspect) [[unlikely]] {
    value = answer_inspections(back, value);
  }
  back.running().state = State::kRunning;
  back.running().resuming = nullptr;
  data.restore(back);
  if (back.signal != Signal::kNone) [[unlikely]]
    return answer_end(info, back, value);
  data.answer(value);
}

// Makes a sleeping chain go on in the place of one that `resumer` waited for; answers its tip.
[[gnu::always_inline]] inline Fiber& continue_chain(Runtime& runtime, Fiber& root, Fiber& resumer,
                                                    std::uint32_t nesting) {
  Fiber& tip = *root.tip;
  root.tip = nullptr;
  runtime.shares().install_chain(root);
  resumer.resuming = &root;
  root.resumer = &resumer;
  root.nesting = nesting;
  tip.state = State::kRunning;
  return tip;
}

// Leaves the running flow, which only the caller's counterpart continues, and answers what it is given.
[[gnu::always_inline]] inline void sleep_until_continued(const Info& info, Runtime& runtime,
                                                         Fiber& to, v8::Local<v8::Value> given,
                                                         const ContinuationData& data) {
  Tagged value = runtime.switch_fibers(runtime.running(), to, given);
  Runtime& back = *Runtime::current();
  if (back.signal == Signal::kInspect) [[unlikely]] {
    value = answer_inspections(back, value);
  }
  back.running().state = State::kRunning;
  data.restore(back);
  if (back.signal != Signal::kNone) [[unlikely]]
    return answer_signal(info, back, value);
  data.answer(value);
}

// Whether the running flow may be left by a transfer; raises if not.
bool can_transfer(Runtime& runtime, Fiber& self);

// Leaves the running flow for `target`, whose async context is installed; only a transfer, an error, or the end of a
// fiber that was entered by transfer comes back.
inline void transfer_to(const Info& info, Runtime& runtime, Fiber& target,
                        v8::Local<v8::Value> given, const Word* new_data) {
  const ContinuationData data(info, runtime);
  if (new_data != nullptr) *runtime.continuation_data() = *new_data;
  runtime.running().state = State::kTransferred;
  target.state = State::kRunning;
  sleep_until_continued(info, runtime, target, given, data);
}

}  // namespace greenfiber::fiber
