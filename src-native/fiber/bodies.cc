// The bodies that run on a native stack, one after the other.
#include "fiber/runtime.h"
#include "v8_state/safepoint.h"

namespace greenfiber::fiber {

// The whole life of a native stack: bodies one after the other, then away for good.
void Runtime::fiber_entry(context::Transfer first, void* argument) {
  Fiber& self = *static_cast<Fiber*>(argument);
  self.watch.arrived();
  Runtime& runtime = *current_;
  runtime.land(first);
  v8_state::ThreadRecord* next = nullptr;
  Tagged outcome = 0;
  auto live = [&] {
    Fiber* to = nullptr;
    outcome = runtime.run_bodies(self, to);
    self.state = State::kFinished;
    runtime.running_ = to;
    runtime.previous_ = &self;
    runtime.signal = self.terminated ? Signal::kTerminated : Signal::kRetired;
    next = &to->record;
  };
  if (runtime.direct_) {
    live();
    runtime.direct_->enter(*next);
    runtime.direct_->forget(self.record);
  } else {
    runtime.locker_->run_thread(self.record, next, live);
  }
  self.watch.leave_for_good(runtime.running_->watch);
  context::switch_to_final(runtime.running_->suspended, reinterpret_cast<void*>(outcome));
}

Tagged Runtime::run_bodies(Fiber& self, Fiber*& next) {
  v8::HandleScope scope(isolate_);
  // A fresh handle block: the root slots are neighbours.
  v8::Local<v8::Value> undefined = v8::Undefined(isolate_);
  self.roots = v8_state::slot_of(v8::Local<v8::Value>::New(isolate_, undefined));
  for (std::size_t i = 1; i < kRootSlotCount; ++i) v8::Local<v8::Value>::New(isolate_, undefined);
  v8::Context::Scope context_scope(context());
  begin_body(self);
  shares_->install(self);
  self.terminated = !run_main(self);
  next = &return_to_resumer(self);
  return self.roots[self.terminated ? kSelf : kOutcome];
}

// False: only a termination ends the JavaScript half without an outcome.
bool Runtime::run_main(Fiber& self) {
  v8::HandleScope scope(isolate_);
  v8::TryCatch try_catch(isolate_);
  v8::Local<v8::Value> handle = v8::Integer::New(isolate_, stacks_.handle_of(self));
  v8::Local<v8::Value> ignored;
  v8_state::safepoint(isolate_);
  const bool ended = hooks_.main.Get(isolate_)
                         ->Call(context(), v8::Undefined(isolate_), 1, &handle)
                         .ToLocal(&ignored);
  if (!ended && self.killed_hard) isolate_->CancelTerminateExecution();
  return ended;
}

void Runtime::begin_body(Fiber& self) {
  touch(self);
  clear_roots(self);
  self.roots[kSelf] = *self.first_self;
  self.roots[kResource] = *self.first_resource;
  self.async.begin(self.first_async_id, self.first_trigger_id, &self.roots[kResource]);
}

void Runtime::clear_roots(Fiber& self) const {
  const Tagged undefined = v8_state::tagged_word(v8::Undefined(isolate_));
  for (std::size_t i = 0; i < kRootSlotCount; ++i) self.roots[i] = undefined;
}

bool Runtime::take_outcomes_from(v8::Local<v8::Array> array) {
  outcome_ = v8_state::HandoverBox(isolate_, array);
  return outcome_.is_right(isolate_, context());
}

}  // namespace greenfiber::fiber
