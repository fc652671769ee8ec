#include "fiber/runtime.h"

#include <utility>

#include "fiber/cpu_limits.h"
#include "fiber/slow_tasks.h"
#include "v8_state/engine_flags.h"
#include "v8_state/safepoint.h"

namespace greenfiber::fiber {

constinit thread_local Runtime* Runtime::current_ = nullptr;

Runtime::Runtime(napi_env addon, v8::Isolate* isolate, const RuntimeOptions& options)
    : locals_(context::FlowLocals::locate()),
      stacks_(isolate, options),
      isolate_(isolate),
      addon_(addon),
      context_(isolate, isolate->GetCurrentContext()) {
  main_.state = State::kRunning;
  main_.async.installed = true;  // always: it lies below all others
}

std::unique_ptr<Runtime> Runtime::create(napi_env addon, v8::Isolate* isolate,
                                         const RuntimeOptions& options, v8_state::Steps& steps) {
  const auto misses = [&](const char* part, const char* name, std::string missed) {
    return !steps.note(part, name, std::move(missed)).empty();
  };
  const char* const alone = "a thread to itself (another copy of greenfiber is loaded in this one)";
  if (misses("process", "a thread to itself", current_ == nullptr ? "" : alone)) return nullptr;
  const char* const processor = "an x86-64 or AArch64 processor with the ABI of Linux";
  if (misses("process", "a processor that is known", context::kSupported ? "" : processor)) {
    return nullptr;
  }
  const char* const no_shadow = "a process without a shadow stack (CET, GCS)";
  if (misses("process", "no shadow stack", context::shadow_stack_active() ? no_shadow : "")) {
    return nullptr;
  }
  v8_state::set_engine_flags(isolate);
  std::unique_ptr<Runtime> runtime(new Runtime(addon, isolate, options));
  const stack::Error error = runtime->stacks_.error();
  std::string no_space;
  if (error != stack::Error::kNone) {
    no_space = std::string("address space for stacks: ") + describe(error);
  }
  if (misses("process", "address space for stacks", std::move(no_space))) return nullptr;
  node_state::AsyncPlaces& places = runtime->places_;
  if (misses("node", "the async context", node_state::find_async_places(isolate, places)) ||
      misses("node", "microtasks", node_state::find_microtask_places(isolate, places)) ||
      misses("node", "scopes of Node-API",
             node_state::NodeApiScopes::find(addon, isolate, places, runtime->node_api_scopes_))) {
    return nullptr;
  }
  runtime->shares_.emplace(isolate, runtime->context_, runtime->places_);

  if (options.prefer_locker) {
    runtime->direct_failure_ = "the locker engine was asked for";
  } else {
    runtime->direct_failure_ = runtime->start_direct(steps);
  }
  if (!runtime->is_direct()) {
    const char* const time = "time: the JavaScript that loads it is being terminated";
    if (misses("process", "time", isolate->IsExecutionTerminating() ? time : "") ||
        !runtime->start_locker(steps).empty()) {
      return nullptr;
    }
  }
  runtime->gc_guard_.emplace(isolate, runtime->layout_);
  current_ = runtime.get();
  return runtime;
}

const v8_state::ThreadRecord& Runtime::running_record(const void* self) {
  return static_cast<const Runtime*>(self)->running_->record;
}

std::string Runtime::start_direct(v8_state::Steps& steps) {
  v8_state::Calibration calibration = v8_state::calibrate(isolate_, steps);
  if (!calibration.ok()) return calibration.failure;
  layout_ = std::move(calibration.layout);
  direct_.emplace(isolate_, layout_, main_.record,
                  v8_state::DirectEngine::Running{running_record, this});
  return "";
}

std::string Runtime::start_locker(v8_state::Steps& steps) {
  v8_state::ThreadIdentity identity;
  std::string missed = steps.note("locker", "the thread's number in V8",
                                  v8_state::find_thread_identity(isolate_, identity));
  if (!missed.empty()) return missed;
  v8_state::Calibration calibration = v8_state::calibrate_for_locker(isolate_, steps);
  if (!calibration.ok()) return calibration.failure;
  layout_ = std::move(calibration.layout);
  locker_.emplace(isolate_, layout_, identity, main_.record);
  if constexpr (v8_state::kHasWasmStacks) {
    const v8_state::Calibration threads = v8_state::calibrate_for_wasm_stacks(isolate_);
    if (threads.ok()) locker_->keep_wasm_stacks(threads.layout);
  }
  return "";
}

Runtime::~Runtime() {
  if (current_ == this) current_ = nullptr;
  watchdog_.reset();  // its thread looks at the others
  cpu_limits_.reset();
  slow_tasks_.reset();
  stacks_.leave_to_isolate(running_ != &main_);
  if (direct_) {
    direct_->for_each_record([&](v8_state::ThreadRecord& record) {
      if (record.is_main) return;
      auto& fiber = reinterpret_cast<Fiber&>(record);
      fiber.async.~AsyncSegment();
      fiber.handled_tags.~vector();
    });
    direct_.reset();
  }
}

context::Transfer Runtime::switch_threads(Fiber& from, Fiber& to, Tagged value) {
  return locker_->switch_threads(from.record, to.record, [&] {
    from.watch.leave_for(to.watch);
    const auto landed = context::switch_to(to.suspended, reinterpret_cast<void*>(value));
    from.watch.arrived();
    land(landed);
    return landed;
  });
}

Fiber* Runtime::acquire(std::size_t stack_size, stack::Error& error) {
  v8_state::safepoint(isolate_);
  Fiber* const parked = stacks_.take_parked(stack_size);
  return parked != nullptr ? parked : create_fiber(stack_size, error);
}

Fiber* Runtime::create_fiber(std::size_t stack_size, stack::Error& error) {
  Fiber* const fiber = stacks_.place(stack_size, error);
  if (fiber == nullptr) return nullptr;
  const StackPage page = StackPage::of(fiber->slot);
  const auto top = reinterpret_cast<Word>(page.stack_top());
  const auto low = reinterpret_cast<Word>(fiber->slot.low);
  const v8_state::StackBounds bounds{top, low + kHeadroom, low};
  if (direct_) {
    direct_->adopt(fiber->record, page.handles(), bounds);
  } else {
    locker_->adopt(fiber->record, bounds);
  }
  fiber->suspended = context::prepare(page.stack_top(), fiber_entry, fiber);
  fiber->bottom = context::bottom_frame(page.stack_top());
  return fiber;
}

void Runtime::assign(Fiber& fiber) {
  fiber.resumer = nullptr;
  fiber.killed = false;
  fiber.raises = 0;
  fiber.belongs_to_task = fiber.is_handled = false;
  fiber.tip = nullptr;
  if (fiber.roots == nullptr) return;  // run_bodies makes the roots first
  begin_body(fiber);
  shares_->install(fiber);
}

void Runtime::park(Fiber& fiber) {
  stacks_.park(fiber);
  // Whoever waits for the next body, for as long as that may take, keeps nothing of the last one.
  const Tagged outcome = fiber.roots[kOutcome];
  clear_roots(fiber);
  fiber.roots[kOutcome] = outcome;
  if (fiber.async.pushed) [[unlikely]]
    fiber.async.pushed.reset();
}

bool Runtime::trim_idle() {
  retire_parked(stacks_.tick());
  return stacks_.trim(*running_);
}

void Runtime::keep_terminated(Fiber& fiber, v8::Local<v8::Object> self) {
  terminated_.emplace_back(&fiber, v8::Global<v8::Object>(isolate_, self));
}

v8::Local<v8::Value> Runtime::call(const v8::Global<v8::Function>& hook,
                                   v8::Local<v8::Value> argument) {
  v8::Local<v8::Value> result;
  v8_state::safepoint(isolate_);
  if (hook.Get(isolate_)->Call(context(), v8::Undefined(isolate_), 1, &argument).ToLocal(&result)) {
    return result;
  }
  return v8::Undefined(isolate_);
}

void Runtime::terminate() {
  isolate_->TerminateExecution();
  // The request is served by the next function that starts; let it be this one, so that nothing else runs.
  v8::HandleScope scope(isolate_);
  call(hooks_.nothing, v8::Undefined(isolate_));
}

bool Runtime::sweep_terminated() {
  while (!terminated_.empty()) {
    v8::HandleScope scope(isolate_);
    auto& [fiber, self] = terminated_.back();
    if (call_to_the_end(hooks_.forget, self.Get(isolate_)).IsEmpty()) return false;
    stacks_.release(*fiber);
    terminated_.pop_back();
  }
  return true;
}

void Runtime::retire_parked(std::uint32_t keep) {
  while (stacks_.parked() > keep) {
    v8_state::safepoint(isolate_);
    Fiber& fiber = *stacks_.take_parked(0);
    fiber.state = State::kRunning;
    fiber.resumer = running_;
    fiber.failed = false;
    shares_->install(fiber);
    // No next body: it leaves for good.
    switch_fibers(*running_, fiber, v8::Undefined(isolate_));
    if (signal == Signal::kTerminated) isolate_->TerminateExecution();  // that was for others
    signal = Signal::kNone;
    stacks_.release(left());
  }
}

void Runtime::configure(std::size_t stack_size, std::size_t pool_size) {
  if (stack_size != stacks_.stack_size()) retire_parked(0);
  stacks_.configure(stack_size, pool_size);
}

Fiber& Runtime::return_to_main_line() {
  shares_->uninstall_all();
  Fiber& to = main_.innermost();
  shares_->install_all(to);
  return to;
}

}  // namespace greenfiber::fiber
