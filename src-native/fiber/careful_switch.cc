// Switches that take along what belongs to a stack and can only be moved by running V8: the arrays that are being joined,
// domains, open scopes of Node-API addons, a C++ exception that is being handled.
#include <tuple>
#include <utility>

#include "fiber/cpu_limits.h"
#include "fiber/runtime.h"
#include "v8_state/call_to_the_end.h"
#include "v8_state/engines/stack_limits.h"
#include "v8_state/safepoint.h"

namespace greenfiber::fiber {

namespace {

// Taken from the headroom for hooks that run near the end of a stack.
constexpr Word kHookStack = 16 * 1024;

}  // namespace

v8::MaybeLocal<v8::Value> Runtime::call_to_the_end(const v8::Global<v8::Function>& hook,
                                                   v8::Local<v8::Value> argument) {
  const v8_state::JoinsAside joins(layout_.join_stack);
  const Word limit = running_->is_main() ? layout_.main_stack_limit : running_->record.stack_limit;
  v8_state::set_stack_limit(layout_, limit - kHookStack);
  const auto result = v8_state::call_to_the_end(isolate_, context(), hook.Get(isolate_), argument);
  v8_state::set_stack_limit(layout_, limit);
  return result;
}

bool Runtime::uses_domains() {
  if (hooks_without_domains_ == kUsesDomains) return true;
  if (shares_->stack().before_hooks() == hooks_without_domains_) return false;
  v8::Local<v8::Value> none = v8::Undefined(isolate_);
  const bool loaded = call_to_the_end(hooks_.uses_domains, none).FromMaybe(none)->IsTrue();
  hooks_without_domains_ = loaded ? kUsesDomains : shares_->stack().before_hooks();
  return loaded;
}

void Runtime::watch_next_switch() {
  if (watches_switch_) return;
  watches_switch_ = true;
  hooks_before_watch_ = std::exchange(hooks_without_domains_, kWatchesSwitch);
}

void Runtime::unwatch_switch() {
  if (!watches_switch_) return;
  watches_switch_ = false;
  hooks_without_domains_ = hooks_before_watch_;
}

Tagged Runtime::switch_carefully(Fiber& from, Fiber& to, v8::Local<v8::Value> value) {
  if (watches_switch_) cpu_limits_->on_switch();
  v8::HandleScope scope(isolate_);
  const context::FlowLocals locals = context::FlowLocals::take(locals_);
  // First, and put back last.
  v8::Local<v8::Array> joins;
  if (!layout_.join_stack.empty()) joins = layout_.join_stack.take();
  v8::Local<v8::Value> domains = v8::Undefined(isolate_);
  if (uses_domains()) {
    domains = call_to_the_end(hooks_.leave_domains, domains).FromMaybe(domains);
  }
  node_api_scopes_.take(&from);

  Tagged answer = switch_stacks(from, to, v8_state::tagged_word(value));

  node_api_scopes_.put_back(&from);
  locals.restore(locals_);
  const auto held = v8::Local<v8::Value>::New(isolate_, v8_state::local_over(&answer));
  v8_state::safepoint(isolate_);
  // V8 does not run the end of a body that it terminates, which leaves its domains.
  if (!domains->IsUndefined() || (signal == Signal::kTerminated && uses_domains())) {
    std::ignore = call_to_the_end(hooks_.enter_domains, domains);
  }
  if (!joins.IsEmpty()) layout_.join_stack.put_back(joins);
  return v8_state::tagged_word(held);
}

// Its body has ended: no join and no domain is left to be taken along.
Tagged Runtime::switch_parked_carefully(Fiber& from, Fiber& to) {
  if (watches_switch_) cpu_limits_->on_switch();
  const context::FlowLocals locals = context::FlowLocals::take(locals_);
  if (!layout_.join_stack.empty()) {
    v8::HandleScope scope(isolate_);
    std::ignore = layout_.join_stack.take();
  }
  node_api_scopes_.take(&from);
  const Tagged next = switch_stacks(from, to, take_outcome(from));
  node_api_scopes_.put_back(&from);
  locals.restore(locals_);
  return next;
}

}  // namespace greenfiber::fiber
