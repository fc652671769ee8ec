#include "fiber/switching.h"

#include <tuple>

namespace greenfiber::fiber {

namespace {

// A killed fiber that suspends this often all the same is terminated (lib/fiber/fiber.ts: return()).
constexpr int kMaxRaises = 100;

// Microtasks that a fiber drains which waits for the running one would be run by nobody meanwhile.
Refusal why_not_transferable(Runtime& runtime, const Fiber& self) {
  if (self.is_main()) {
    const bool fixed = runtime.inspecting || runtime.below_wasm_stack();
    return fixed ? Refusal::kNotYieldable : Refusal::kNone;
  }
  const Refusal refusal = why_not_suspendable(runtime, self);
  if (refusal != Refusal::kNone) return refusal;
  for (const Fiber* fiber = self.resumer; fiber != nullptr && !fiber->is_main();
       fiber = fiber->resumer) {
    if (runtime.async().drains_microtasks(fiber->async)) return Refusal::kNotYieldable;
  }
  return self.is_handled ? Refusal::kTransfer : Refusal::kNone;
}

}  // namespace

void raise_code(Runtime& runtime, ErrorCode code) {
  v8::Local<v8::Value> number = v8::Integer::New(runtime.isolate(), static_cast<int>(code));
  v8::Local<v8::Value> error = runtime.call(runtime.hooks().make_error, number);
  if (!error->IsUndefined()) raise(runtime, error);
}

Tagged answer_inspections(Runtime& runtime, Tagged value) {
  Fiber& self = runtime.running();
  v8::Isolate* isolate = runtime.isolate();
  while (runtime.signal == Signal::kInspect) {
    runtime.signal = Signal::kNone;
    Fiber& asker = runtime.left();
    v8::HandleScope scope(isolate);
    v8::Local<v8::Value> trace;
    {
      const v8_state::JoinsAside joins(runtime.joins());
      v8::TryCatch try_catch(isolate);
      trace = runtime.call(runtime.hooks().capture, v8::Undefined(isolate));
      // It is the asker's: this stack goes on sleeping.
      if (try_catch.HasTerminated()) {
        isolate->CancelTerminateExecution();
        isolate->TerminateExecution();
      }
    }
    value = runtime.switch_fibers(self, asker, trace);
  }
  return value;
}

void answer_end(const Info& info, Runtime& runtime, Tagged value) {
  const Signal signal = runtime.signal;
  runtime.signal = Signal::kNone;
  Fiber& left = runtime.left();
  v8::Isolate* isolate = runtime.isolate();
  v8::Local<v8::Value> result = v8::Local<v8::Value>::New(isolate, local_over(&value));
  if (signal == Signal::kTerminated) {
    const bool killed_hard = left.killed_hard;
    runtime.keep_terminated(left, result.As<v8::Object>());
    info.GetReturnValue().SetUndefined();
    if (!killed_hard) runtime.terminate();
    return;
  }
  const bool failed = signal == Signal::kRaise || left.failed;
  if (signal == Signal::kRetired) runtime.stacks().release(left);
  if (!failed) {
    info.GetReturnValue().Set(result);
    return;
  }
  runtime.call(runtime.hooks().splice, result);
  info.GetReturnValue().SetUndefined();
  raise(runtime, result);
}

void answer_signal(const Info& info, Runtime& runtime, Tagged value) {
  // Who raises an error waits for us; a body that ends with one has parked its stack.
  const bool is_end = runtime.signal != Signal::kRaise || runtime.left().state == State::kParked;
  if (is_end) return answer_end(info, runtime, value);
  runtime.signal = Signal::kNone;
  v8::Local<v8::Value> error = v8::Local<v8::Value>::New(runtime.isolate(), local_over(&value));
  info.GetReturnValue().SetUndefined();
  raise(runtime, error);
}

void refuse_suspension(Runtime& runtime, Fiber& self, Refusal refusal) {
  switch (refusal) {
    case Refusal::kNotInFiber:
      return raise_code(runtime, ErrorCode::kNotInFiber);
    case Refusal::kNotYieldable:
      return raise_code(runtime, ErrorCode::kNotYieldable);
    case Refusal::kTransfer:
      return raise_code(runtime, ErrorCode::kTransfer);
    case Refusal::kTask:
      return raise_code(runtime, ErrorCode::kTask);
    case Refusal::kOutside:
      return raise_code(runtime, ErrorCode::kOutside);
    default:
      break;
  }
  Fiber* killed = &self;
  while (!killed->killed) killed = killed->resumer;  // else the root of its chain
  if (++killed->raises < kMaxRaises) {
    raise(runtime,
          v8::Local<v8::Value>::New(runtime.isolate(), local_over(&killed->roots[kKillError])));
    return;
  }
  // It swallows every error and goes on suspending: V8 unwinds it without running its handlers.
  killed->killed_hard = true;
  runtime.terminate();
}

bool can_transfer(Runtime& runtime, Fiber& self) {
  const Refusal refusal = why_not_transferable(runtime, self);
  if (refusal != Refusal::kNone) refuse_suspension(runtime, self, refusal);
  return refusal == Refusal::kNone;
}

void refuse_resume(Runtime& runtime, const Fiber& target) {
  switch (target.yielded_with_chain() ? State::kSuspended : target.state) {
    case State::kSuspended:
      break;
    case State::kTransferred:
      return raise_code(runtime, ErrorCode::kTransfer);
    case State::kFinished:
      return raise_code(runtime, ErrorCode::kFinished);
    default:
      return raise_code(runtime, ErrorCode::kRunning);
  }
  const bool nested = runtime.running().nesting >= runtime.max_nesting();
  raise_code(runtime, nested ? ErrorCode::kNesting : ErrorCode::kNotYieldable);
}

void abandon_resumer(Fiber& resumer) {
  resumer.state = State::kTransferred;
  resumer.resuming = nullptr;
}

}  // namespace greenfiber::fiber
