#include "fiber/callbacks.h"

#include <tuple>

namespace greenfiber::fiber {

namespace {

using Info = v8::FunctionCallbackInfo<v8::Value>;
using v8_state::local_over;
using v8_state::tagged_word;

// A killed fiber that suspends this often all the same is terminated (lib/fiber.ts: return()).
constexpr int kMaxRaises = 100;

// --- What every switch has in common ----------------------------------------------------------------------

// Keeps the caller's continuation-preserved data (AsyncLocalStorage's frame) across a switch. It waits in the
// slot of the callback's return value: V8 visits that slot, and nothing has to be allocated.
class ContinuationData {
 public:
  ContinuationData(const Info& info, Word* place)
      : return_value_(info.GetReturnValue()), place_(place) {
    if constexpr (kExists) return_value_.Set(local_over(place_));
  }
  void restore() const {
    if constexpr (kExists) *place_ = tagged_word(return_value_.Get());
  }

 private:
  static constexpr bool kExists = V8_MAJOR_VERSION >= 12;
  v8::ReturnValue<v8::Value> return_value_;
  Word* place_;
};

void raise(Runtime& runtime, v8::Local<v8::Value> error) {
  runtime.isolate()->ThrowException(error);
}

void raise_code(Runtime& runtime, ErrorCode code) {
  v8::Isolate* isolate = runtime.isolate();
  v8::Local<v8::Value> number = v8::Integer::New(isolate, static_cast<int>(code));
  v8::Local<v8::Value> error;
  if (runtime.hooks()
          .make_error.Get(isolate)
          ->Call(runtime.context(), v8::Undefined(isolate), 1, &number)
          .ToLocal(&error)) {
    raise(runtime, error);
  }
}

// Runs on a sleeping fiber's stack, as often as somebody asks, until the fiber is really continued.
[[gnu::cold, gnu::noinline]] Tagged answer_inspections(Runtime& runtime, Fiber& self,
                                                       Tagged value) {
  while (runtime.signal == Signal::kInspect) {
    runtime.signal = Signal::kNone;
    Fiber& asker = runtime.left();
    v8::HandleScope scope(runtime.isolate());
    v8::TryCatch try_catch(runtime.isolate());
    v8::Local<v8::Value> trace = v8::Undefined(runtime.isolate());
    std::ignore = runtime.hooks()
                      .capture.Get(runtime.isolate())
                      ->Call(runtime.context(), trace, 0, nullptr)
                      .ToLocal(&trace);
    value = runtime.switch_fibers(self, asker, tagged_word(trace));
  }
  return value;
}

// The rest of a callback that was continued with more than a value: by the end of the fiber it went to.
[[gnu::cold, gnu::noinline]] void answer_end(const Info& info, Runtime& runtime, Tagged value) {
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
  if (signal == Signal::kRetired) runtime.release(left);
  if (!failed) {
    info.GetReturnValue().Set(result);
    return;
  }
  v8::Local<v8::Value> ignored;
  std::ignore = runtime.hooks()
                    .splice.Get(isolate)
                    ->Call(runtime.context(), v8::Undefined(isolate), 1, &result)
                    .ToLocal(&ignored);
  info.GetReturnValue().SetUndefined();
  raise(runtime, result);
}

// The rest of a callback in which a fiber slept, when it is continued with an error.
[[gnu::cold, gnu::noinline]] void answer_error(const Info& info, Runtime& runtime, Tagged value) {
  runtime.signal = Signal::kNone;
  v8::Local<v8::Value> error = v8::Local<v8::Value>::New(runtime.isolate(), local_over(&value));
  info.GetReturnValue().SetUndefined();
  raise(runtime, error);
}

Fiber& fiber_argument(const Info& info, Runtime& runtime) {
  return runtime.fiber_of(v8_state::small_integer(tagged_word(info[0])));
}

// --- Resume -------------------------------------------------------------------------------------------------

bool can_wait(Runtime& runtime) {
  return runtime.running().nesting < runtime.max_nesting() && !runtime.inspecting &&
         !runtime.below_wasm_stack();
}

// Why the running flow cannot wait for `target`, or nothing when it can.
[[gnu::cold, gnu::noinline]] void refuse_resume(Runtime& runtime, const Fiber& target) {
  switch (target.state) {
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

// `target` transferred away and is now continued by somebody else: who resumed it first waits for nobody any
// more, and can only be transferred to, or ended.
[[gnu::cold, gnu::noinline]] void abandon_resumer(Fiber& resumer) {
  resumer.state = State::kTransferred;
  resumer.resuming = nullptr;
}

// Switches to `target` as its resumer and waits to be answered. The target's async context is installed.
[[gnu::always_inline]] inline void wait_for(const Info& info, Runtime& runtime, Fiber& target,
                                            Tagged value, const Word* new_data) {
  Fiber& self = runtime.running();
  const ContinuationData data(info, runtime.continuation_data());
  if (new_data != nullptr) *runtime.continuation_data() = *new_data;
  self.state = State::kResuming;
  self.resuming = &target;
  target.state = State::kRunning;
  if (target.resumer != nullptr) [[unlikely]]
    abandon_resumer(*target.resumer);
  target.resumer = &self;
  target.nesting = self.nesting + 1;
  value = runtime.switch_fibers(self, target, value);
  if (runtime.signal == Signal::kInspect) [[unlikely]] {
    value = answer_inspections(runtime, self, value);
  }
  self.state = State::kRunning;
  self.resuming = nullptr;
  data.restore();
  if (runtime.signal != Signal::kNone) [[unlikely]]
    return answer_end(info, runtime, value);
  info.GetReturnValue().Set(local_over(&value));
}

// resume(handle, value)
void resume(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& target = fiber_argument(info, runtime);
  if (target.state != State::kSuspended || !can_wait(runtime)) [[unlikely]] {
    return refuse_resume(runtime, target);
  }
  runtime.install(target);
  wait_for(info, runtime, target, tagged_word(info[1]), nullptr);
}

bool can_raise(Runtime& runtime, const Fiber& target) {
  if (target.state != State::kTransferred && target.state != State::kSuspended) return false;
  return can_wait(runtime);
}

// raise(handle, error): continues a suspended fiber, also one suspended by transfer, by raising `error` in it.
void raise_in(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& target = fiber_argument(info, runtime);
  if (!can_raise(runtime, target)) return refuse_resume(runtime, target);
  runtime.install(target);
  runtime.signal = Signal::kRaise;
  wait_for(info, runtime, target, tagged_word(info[1]), nullptr);
}

// kill(handle, error): the same, and every later suspension of the fiber raises `error` again.
void kill(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& target = fiber_argument(info, runtime);
  if (!can_raise(runtime, target)) return refuse_resume(runtime, target);
  target.killed = true;
  target.roots[kKillError] = tagged_word(info[1]);
  runtime.install(target);
  runtime.signal = Signal::kRaise;
  wait_for(info, runtime, target, tagged_word(info[1]), nullptr);
}

// condemn(error): from now on every suspension of the running fiber raises `error`.
void condemn(const Info& info) {
  Fiber& self = Runtime::current()->running();
  if (self.is_main()) return;
  self.killed = true;
  self.roots[kKillError] = tagged_word(info[0]);
}

// --- Yield --------------------------------------------------------------------------------------------------

enum class Refusal { kNone, kNotInFiber, kNotYieldable, kTransfer, kKilled };

[[gnu::always_inline]] inline Refusal why_not_yieldable(Runtime& runtime, const Fiber& self) {
  if (self.is_main()) return Refusal::kNotInFiber;
  if (runtime.inspecting || runtime.async().drains_microtasks(self.async) ||
      runtime.below_wasm_stack()) {
    return Refusal::kNotYieldable;
  }
  if (self.killed) return Refusal::kKilled;
  return self.resumer == nullptr ? Refusal::kTransfer : Refusal::kNone;
}

void refuse_suspension(Runtime& runtime, Fiber& self, Refusal refusal) {
  switch (refusal) {
    case Refusal::kNotInFiber:
      return raise_code(runtime, ErrorCode::kNotInFiber);
    case Refusal::kNotYieldable:
      return raise_code(runtime, ErrorCode::kNotYieldable);
    case Refusal::kTransfer:
      return raise_code(runtime, ErrorCode::kTransfer);
    default:
      break;
  }
  if (++self.raises < kMaxRaises) {
    raise(runtime,
          v8::Local<v8::Value>::New(runtime.isolate(), local_over(&self.roots[kKillError])));
    return;
  }
  // It swallows every error and goes on suspending: V8 unwinds it without running its handlers.
  self.killed_hard = true;
  runtime.terminate();
}

[[gnu::cold, gnu::noinline]] void refuse_yield(Runtime& runtime, Fiber& self) {
  refuse_suspension(runtime, self, why_not_yieldable(runtime, self));
}

// yield(value)
void yield(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  if (why_not_yieldable(runtime, self) != Refusal::kNone) [[unlikely]] {
    return refuse_yield(runtime, self);
  }
  const ContinuationData data(info, runtime.continuation_data());
  self.state = State::kSuspended;
  Fiber& resumer = runtime.return_to_resumer(self);
  self.resumer = nullptr;
  Tagged value = runtime.switch_fibers(self, resumer, tagged_word(info[0]));
  if (runtime.signal == Signal::kInspect) [[unlikely]] {
    value = answer_inspections(runtime, self, value);
  }
  data.restore();
  if (runtime.signal != Signal::kNone) [[unlikely]]
    return answer_error(info, runtime, value);
  info.GetReturnValue().Set(local_over(&value));
}

// --- Birth and end ------------------------------------------------------------------------------------------

// start(fiber, stackSize, frame, resource, asyncId, triggerId): runs a new body until it first suspends.
// `frame` is the AsyncContextFrame it starts in; resource and ids are undefined unless the fiber has an
// AsyncResource of its own.
Fiber* prepare_start(const Info& info, Runtime& runtime) {
  const Fiber& self = runtime.running();
  if (runtime.inspecting || runtime.below_wasm_stack()) {
    return raise_code(runtime, ErrorCode::kNotYieldable), nullptr;
  }
  if (self.nesting >= runtime.max_nesting()) {
    return raise_code(runtime, ErrorCode::kNesting), nullptr;
  }
  runtime.release_terminated();
  stack::Error error = stack::Error::kNone;
  Fiber* target = runtime.acquire(
      static_cast<std::size_t>(v8_state::small_integer(tagged_word(info[1]))), error);
  if (target == nullptr) return raise_code(runtime, ErrorCode::kOutOfMemory), nullptr;
  target->resource = tagged_word(info[0]);
  v8_state::AsyncStack& async = runtime.async();
  if (info[3]->IsUndefined()) [[likely]] {
    target->first_trigger_id = async.current_id();
    target->first_async_id = async.new_id();
  } else {
    target->resource = tagged_word(info[3]);
    target->first_async_id = info[4].As<v8::Number>()->Value();
    target->first_trigger_id = info[5].As<v8::Number>()->Value();
  }
  runtime.assign(*target, tagged_word(info[0]));
  return target;
}

const Word* frame_or_none(const Tagged& frame) { return V8_MAJOR_VERSION >= 12 ? &frame : nullptr; }

void start(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber* target = prepare_start(info, runtime);
  if (target == nullptr) [[unlikely]]
    return;
  const Tagged frame = tagged_word(info[2]);
  wait_for(info, runtime, *target, tagged_word(info[0]), frame_or_none(frame));
}

// finish(result), fail(error): the end of a body. Answers the next body's fiber, or undefined when this stack
// has to go.
void end_body(const Info& info, bool failed) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  if (!runtime.may_park(self)) {
    self.roots[kOutcome] = tagged_word(info[0]);
    self.failed = failed;
    return;
  }
  Fiber& to = runtime.return_to_resumer(self);
  runtime.park(self);
  runtime.signal = failed ? Signal::kRaise : Signal::kNone;
  Tagged next = runtime.switch_fibers(self, to, tagged_word(info[0]));
  info.GetReturnValue().Set(local_over(&next));
}

void finish(const Info& info) { end_body(info, false); }
void fail(const Info& info) { end_body(info, true); }

// --- Transfer -----------------------------------------------------------------------------------------------

// Leaves the running flow for `target`; only a transfer, or the end of a transferred fiber, comes back.
void transfer_to(const Info& info, Runtime& runtime, Fiber& target, Tagged value,
                 const Word* new_data) {
  Fiber& self = runtime.running();
  const ContinuationData data(info, runtime.continuation_data());
  if (new_data != nullptr) *runtime.continuation_data() = *new_data;
  self.state = State::kTransferred;
  target.state = State::kRunning;
  target.nesting = 0;
  value = runtime.switch_fibers(self, target, value);
  if (runtime.signal == Signal::kInspect) value = answer_inspections(runtime, self, value);
  self.state = State::kRunning;
  data.restore();
  if (runtime.signal == Signal::kNone) return info.GetReturnValue().Set(local_over(&value));
  // Main is continued by the end of a fiber, a fiber by a transfer or an error.
  return self.is_main() ? answer_end(info, runtime, value) : answer_error(info, runtime, value);
}

// Whether the running flow may be left by a transfer.
bool can_leave(Runtime& runtime, Fiber& self) {
  if (self.is_main()) return !runtime.inspecting && !runtime.below_wasm_stack();
  const Refusal refusal = why_not_yieldable(runtime, self);
  if (refusal == Refusal::kNone || refusal == Refusal::kTransfer) return true;
  refuse_suspension(runtime, self, refusal);
  return false;
}

// transfer(handle, value)
void transfer(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  Fiber& target = fiber_argument(info, runtime);
  if (&target == &self) return info.GetReturnValue().Set(info[1]);
  if (target.state != State::kTransferred) return raise_code(runtime, ErrorCode::kTransfer);
  if (!can_leave(runtime, self)) return;
  if (!self.is_main()) runtime.uninstall(self);
  runtime.install(target);
  transfer_to(info, runtime, target, tagged_word(info[1]), nullptr);
}

// startTransfer(...): as start, but by transfer.
void start_transfer(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  if (!can_leave(runtime, self)) return;
  if (!self.is_main()) runtime.uninstall(self);
  Fiber* target = prepare_start(info, runtime);
  if (target == nullptr) {
    if (!self.is_main()) runtime.install(self);
    return;
  }
  const Tagged frame = tagged_word(info[2]);
  target->resumer = nullptr;
  transfer_to(info, runtime, *target, tagged_word(info[0]), frame_or_none(frame));
}

// --- Looking ------------------------------------------------------------------------------------------------

// current(): the running Fiber, or undefined.
void current(const Info& info) {
  Fiber& self = Runtime::current()->running();
  if (!self.is_main()) info.GetReturnValue().Set(local_over(&self.roots[kSelf]));
}

// isYieldable()
void is_yieldable(const Info& info) {
  Runtime& runtime = *Runtime::current();
  const Refusal refusal = why_not_yieldable(runtime, runtime.running());
  info.GetReturnValue().Set(refusal == Refusal::kNone || refusal == Refusal::kKilled);
}

// state(handle): enum State
void state(const Info& info) {
  const Fiber& fiber = fiber_argument(info, *Runtime::current());
  info.GetReturnValue().Set(static_cast<int>(fiber.state));
}

// innermost(handle): the Fiber at the end of the chain of resumes that begins with this one.
void innermost(const Info& info) {
  const Fiber* fiber = &fiber_argument(info, *Runtime::current());
  while (fiber->resuming != nullptr) fiber = fiber->resuming;
  info.GetReturnValue().Set(local_over(&fiber->roots[kSelf]));
}

// inspect(handle): the stack trace of a fiber that is not running, taken on its own stack.
void inspect(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& target = fiber_argument(info, runtime);
  const bool asleep = target.state == State::kSuspended || target.state == State::kTransferred ||
                      target.state == State::kResuming;
  if (!asleep || runtime.inspecting) return;
  Fiber& self = runtime.running();
  const ContinuationData data(info, runtime.continuation_data());
  runtime.inspecting = true;
  runtime.signal = Signal::kInspect;
  Tagged trace = runtime.switch_fibers(self, target, 0);
  runtime.inspecting = false;
  data.restore();
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

// sweep(): tells JavaScript about the fibers that V8 terminated, and gives their stacks back.
void sweep(const Info&) { Runtime::current()->release_terminated(); }

// trackDomains(): see Runtime::track_domains.
void track_domains(const Info&) { Runtime::current()->track_domains(); }

struct Definition {
  const char* name;
  v8::FunctionCallback callback;
};

constexpr Definition kDefinitions[] = {
    {"resume", resume},     {"raise", raise_in},
    {"kill", kill},         {"condemn", condemn},
    {"yield", yield},       {"start", start},
    {"finish", finish},     {"fail", fail},
    {"transfer", transfer}, {"startTransfer", start_transfer},
    {"current", current},   {"isYieldable", is_yieldable},
    {"state", state},       {"innermost", innermost},
    {"inspect", inspect},   {"currentFrame", current_frame},
    {"sweep", sweep},       {"trackDomains", track_domains},
};

}  // namespace

void define_callbacks(v8::Isolate* isolate, v8::Local<v8::Context> context,
                      v8::Local<v8::Object> target) {
  for (const Definition& definition : kDefinitions) {
    v8::Local<v8::String> name = v8::String::NewFromUtf8(isolate, definition.name).ToLocalChecked();
    v8::Local<v8::FunctionTemplate> shape = v8::FunctionTemplate::New(isolate, definition.callback);
    shape->RemovePrototype();
    shape->SetClassName(name);
    target->Set(context, name, shape->GetFunction(context).ToLocalChecked()).Check();
  }
}

}  // namespace greenfiber::fiber
