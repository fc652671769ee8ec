// Between a fiber and its resumer: resume, raise, kill, yield; and between equals: transfer.
#include "fiber/callbacks.h"

namespace greenfiber::fiber {

namespace {

bool can_raise(Runtime& runtime, const Fiber& target) {
  if (target.state != State::kTransferred && target.state != State::kSuspended) return false;
  return can_wait(runtime);
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

}  // namespace

// resume(handle, value)
void resume(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& target = fiber_argument(info, runtime);
  if (target.state != State::kSuspended || !can_wait(runtime)) [[unlikely]] {
    return enter_or_refuse(info, runtime, target, enter);
  }
  runtime.install(target);
  wait_for(info, runtime, target, target, info[1], nullptr);
}

// raise(handle, error): continues a suspended fiber, also one suspended by transfer, by raising `error` in it.
void raise_in(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& target = fiber_argument(info, runtime);
  if (!can_raise(runtime, target)) {
    return enter_or_refuse(info, runtime, target, enter_raise);
  }
  runtime.install(target);
  runtime.signal = Signal::kRaise;
  wait_for(info, runtime, target, target, info[1], nullptr);
}

// kill(handle, error): the same, and every later suspension of the fiber raises `error` again.
void kill(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& target = fiber_argument(info, runtime);
  if (!can_raise(runtime, target)) {
    return enter_or_refuse(info, runtime, target, enter_kill);
  }
  runtime.kill(target, info[1]);
  runtime.install(target);
  runtime.signal = Signal::kRaise;
  wait_for(info, runtime, target, target, info[1], nullptr);
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

// transfer(handle, value): leaves the running flow; only a transfer, or the end of a transferred fiber, comes
// back.
void transfer(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  Fiber& target = fiber_argument(info, runtime);
  if (&target == &self) return info.GetReturnValue().Set(info[1]);
  if (target.state != State::kTransferred) return raise_code(runtime, ErrorCode::kTransfer);
  if (!can_transfer(runtime, self)) return;
  if (!self.is_main()) runtime.uninstall(self);
  runtime.install(target);
  transfer_to(info, runtime, target, info[1], nullptr);
}

}  // namespace greenfiber::fiber
