// Between a fiber and its resumer: resume, raise, kill, yield; and between equals: transfer.
#include "fiber/callbacks.h"

namespace greenfiber::fiber {

namespace {

// A task is its scheduler's to end.
bool can_raise(Runtime& runtime, const Fiber& target, const Fiber& tip) {
  if (tip.state != State::kTransferred && tip.state != State::kSuspended) return false;
  return !target.belongs_to_task && can_wait(runtime);
}

// Raises `error` at the tip of the fibers that `target` waits for, and waits for `target`, whoever did so before.
void raise_and_wait(const Info& info, Runtime& runtime, Fiber& target, Fiber& tip) {
  runtime.shares().install_line(target, tip);
  runtime.signal = Signal::kRaise;
  wait_for(info, runtime, target, tip, info[1], nullptr);
}

[[gnu::cold, gnu::noinline]] void yield_or_refuse(const Info& info, Runtime& runtime, Fiber& self) {
  const Refusal refusal = why_not_yieldable(runtime, self);
  if (refusal == Refusal::kTask && self.is_handled) return yield_around(info, runtime, self);
  refuse_suspension(runtime, self, refusal);
}

// A fiber that yielded with a chain is continued by `enter`, which takes the same arguments.
[[gnu::cold, gnu::noinline]] void enter_or_refuse(const Info& info, Runtime& runtime, Fiber& target,
                                                  v8::FunctionCallback enter) {
  if (target.yielded_with_chain()) return enter(info);
  refuse_resume(runtime, target);
}

void transfer_or_refuse(const Info& info, Runtime& runtime, Fiber& target,
                        v8::Local<v8::Value> value) {
  Fiber& self = runtime.running();
  if (&target == &self) return info.GetReturnValue().Set(value);
  if (target.state != State::kTransferred) return raise_code(runtime, ErrorCode::kTransfer);
  if (!can_transfer(runtime, self)) return;
  runtime.shares().uninstall_all();
  runtime.shares().install_all(target);
  transfer_to(info, runtime, target, value, nullptr);
}

}  // namespace

// resume(handle, value)
void resume(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& target = fiber_argument(info, runtime);
  if (target.state != State::kSuspended || !can_wait(runtime)) [[unlikely]] {
    return enter_or_refuse(info, runtime, target, enter);
  }
  runtime.shares().install(target);
  wait_for(info, runtime, target, target, info[1], nullptr);
}

// raise(handle, error): continues a suspended fiber, also one suspended by transfer, by raising `error` in it; if it
// waits for others, in the innermost one.
void raise_in(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& target = fiber_argument(info, runtime);
  Fiber& tip = target.innermost();
  if (&tip == &runtime.running()) return raise(runtime, info[1]);
  if (!can_raise(runtime, target, tip)) {
    return enter_or_refuse(info, runtime, target, enter_raise);
  }
  raise_and_wait(info, runtime, target, tip);
}

// kill(handle, error): the same, and every later suspension of the fiber, and of those that it waits for, raises `error`
// again. Refused if the running fiber is among these.
void kill(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& target = fiber_argument(info, runtime);
  Fiber& tip = target.innermost();
  if (&tip == &runtime.running()) return raise_code(runtime, ErrorCode::kWaits);
  if (!can_raise(runtime, target, tip)) {
    return enter_or_refuse(info, runtime, target, enter_kill);
  }
  for (Fiber* fiber = &tip; fiber != &target; fiber = fiber->resumer) {
    runtime.kill(*fiber, info[1]);
  }
  runtime.kill(target, info[1]);
  raise_and_wait(info, runtime, target, tip);
}

// condemn(error): from now on every suspension of the running fiber raises `error`.
void condemn(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber* fiber = &runtime.running();
  for (; fiber != nullptr && !fiber->is_main(); fiber = fiber->resumer) {
    runtime.kill(*fiber, info[0]);
    if (!fiber->is_handled) break;
  }
}

// yield(value)
void yield(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  if (why_not_yieldable(runtime, self) != Refusal::kNone) [[unlikely]] {
    return yield_or_refuse(info, runtime, self);
  }
  const ContinuationData data(info, runtime);
  self.state = State::kSuspended;
  Fiber& resumer = runtime.return_to_resumer(self);
  self.resumer = nullptr;
  sleep_until_continued(info, runtime, resumer, info[0], data);
}

// transfer(handle, value): leaves the running flow for a fiber that is away.
void transfer(const Info& info) {
  Runtime& runtime = *Runtime::current();
  transfer_or_refuse(info, runtime, fiber_argument(info, runtime), info[1]);
}

// transferToMain(value)
void transfer_to_main(const Info& info) {
  Runtime& runtime = *Runtime::current();
  transfer_or_refuse(info, runtime, runtime.main(), info[0]);
}

}  // namespace greenfiber::fiber
