// The beginning and the end of a body.
#include "fiber/callbacks.h"
#include "fiber/chain.h"

namespace greenfiber::fiber {

namespace {

// (fiber, stackSize, frame, resource, asyncId, triggerId): `frame` is the AsyncContextFrame that the body starts
// in; resource and ids are undefined unless the fiber has an AsyncResource of its own.
void describe_body(const Info& info, Runtime& runtime, Fiber& target) {
  target.first_self = target.first_resource = slot_of(info[0]);
  node_state::AsyncStack& async = runtime.async();
  if (info[3]->IsUndefined()) [[likely]] {
    target.first_trigger_id = async.current_id();
    target.first_async_id = async.new_id();
  } else {
    target.first_resource = slot_of(info[3]);
    target.first_async_id = info[4].As<v8::Number>()->Value();
    target.first_trigger_id = info[5].As<v8::Number>()->Value();
  }
}

void assign_body(const Info& info, Runtime& runtime, Fiber& target) {
  describe_body(info, runtime, target);
  runtime.assign(target);
}

Fiber* acquire_stack(const Info& info, Runtime& runtime) {
  if (!runtime.release_terminated()) [[unlikely]]
    return nullptr;
  stack::Error error = stack::Error::kNone;
  Fiber* target = runtime.acquire(
      static_cast<std::size_t>(v8_state::small_integer(tagged_word(info[1]))), error);
  if (target == nullptr) raise_code(runtime, ErrorCode::kOutOfMemory);
  return target;
}

Fiber* acquire_for_start(const Info& info, Runtime& runtime) {
  const Fiber& self = runtime.running();
  if (runtime.inspecting || runtime.below_wasm_stack()) {
    return raise_code(runtime, ErrorCode::kNotYieldable), nullptr;
  }
  if (self.nesting >= runtime.max_nesting()) {
    return raise_code(runtime, ErrorCode::kNesting), nullptr;
  }
  return acquire_stack(info, runtime);
}

// Where the frame is that the body starts in; null: this V8 knows none.
const Word* frame_argument(const Info& info) {
  return v8_state::kHasContinuationData ? slot_of(info[2]) : nullptr;
}

void start_and_wait(const Info& info, bool belongs_to_task) {
  Runtime& runtime = *Runtime::current();
  Fiber* target = acquire_for_start(info, runtime);
  if (target == nullptr) [[unlikely]]
    return;
  assign_body(info, runtime, *target);
  target->belongs_to_task = belongs_to_task;
  wait_for(info, runtime, *target, *target, info[0], frame_argument(info));
}

void end_body(const Info& info, Runtime& runtime, Fiber& self, bool failed) {
  if (!runtime.stacks().may_park(self)) {
    self.failed = failed;
    return;
  }
  Fiber& to = runtime.return_to_resumer(self);
  runtime.park(self);
  runtime.signal = failed ? Signal::kRaise : Signal::kNone;
  Tagged next = runtime.switch_parked(self, to);
  info.GetReturnValue().Set(local_over(&next));
}

void end_body(const Info& info, bool failed) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  self.roots[kOutcome] = runtime.outcome().take();
  end_body(info, runtime, self, failed);
}

}  // namespace

// start(...): runs a new body until it first suspends.
void start(const Info& info) { start_and_wait(info, false); }

// startTask(...): the same for the root of a chain, which has nobody to yield to.
void start_task(const Info& info) { start_and_wait(info, true); }

// startOver(..., root): the running chain sleeps, and the body of another task begins in its place.
void start_over(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& root = runtime.stacks().fiber_of(v8_state::small_integer(tagged_word(info[6])));
  const Refusal refusal = why_not_parkable(runtime, root);
  if (refusal != Refusal::kNone) [[unlikely]] {
    return refuse_suspension(runtime, runtime.running(), refusal);
  }
  Fiber* target = acquire_stack(info, runtime);
  if (target == nullptr) [[unlikely]]
    return;
  const ContinuationData data(info, runtime);
  Fiber& resumer = cut(runtime, root);
  assign_body(info, runtime, *target);
  target->belongs_to_task = true;
  target->state = State::kRunning;
  target->resumer = &resumer;
  target->nesting = root.nesting;
  resumer.resuming = target;
  if (const Word* frame = frame_argument(info)) *runtime.continuation_data() = *frame;
  sleep_until_continued(info, runtime, *target, info[0], data);
}

// startTransfer(...): as start, but by transfer.
void start_transfer(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  if (!can_transfer(runtime, self)) return;
  Fiber* target = acquire_for_start(info, runtime);
  if (target == nullptr) return;
  describe_body(info, runtime, *target);
  runtime.shares().uninstall_all();
  runtime.assign(*target);
  target->nesting = 0;
  transfer_to(info, runtime, *target, info[0], frame_argument(info));
}

// finish(), fail(): the end of a body, whose result or error lies in RuntimeHooks.outcome. Answers the next body's
// fiber, or undefined when this stack has to go.
void finish(const Info& info) { end_body(info, false); }
void fail(const Info& info) { end_body(info, true); }

// finishTask(other): the end of a task's body. The chain that `other` is the root of goes on in its place; -1: who
// waited for the task. Answers as finish does; when this stack has to go first, `other` answers who waited.
void finish_task(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  const std::int32_t handle = v8_state::small_integer(tagged_word(info[0]));
  if (handle < 0 || self.resumer == nullptr || !runtime.stacks().may_park(self)) {
    self.roots[kOutcome] = tagged_word(info[0]);
    return end_body(info, runtime, self, false);
  }
  Fiber& other = runtime.stacks().fiber_of(handle);
  if (!other.is_asleep_chain()) [[unlikely]]
    return raise_code(runtime, ErrorCode::kRunning);
  Fiber& resumer = *self.resumer;
  runtime.shares().uninstall_chain(self, resumer);
  runtime.park(self);
  Fiber& tip = continue_chain(runtime, other, resumer, self.nesting);
  Tagged next = runtime.switch_parked(self, tip);
  info.GetReturnValue().Set(local_over(&next));
}

// restart(fiber, ...): the body of a task has ended, and that of another one begins on the same stack. Answers
// the handle.
void restart(const Info& info) {
  Runtime& runtime = *Runtime::current();
  Fiber& self = runtime.running();
  Fiber* const resumer = self.resumer;
  runtime.shares().uninstall_chain(self, resumer != nullptr ? *resumer : runtime.main());
  assign_body(info, runtime, self);
  self.resumer = resumer;
  self.belongs_to_task = true;
  if (const Word* frame = frame_argument(info)) *runtime.continuation_data() = *frame;
}

// sweep(): tells JavaScript about the fibers that V8 terminated, and gives their stacks back.
void sweep(const Info&) { Runtime::current()->release_terminated(); }

}  // namespace greenfiber::fiber
