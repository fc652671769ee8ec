#include "fiber/runtime.h"

#include <malloc.h>

#include <algorithm>
#include <new>
#include <utility>

#include "v8_state/engine_flags.h"
#include "v8_state/safepoint.h"

namespace greenfiber::fiber {

constinit thread_local Runtime* Runtime::current_ = nullptr;

namespace {

// Room for four million stacks of the default size; address space alone costs nothing.
constexpr std::size_t kReservation = std::size_t{1} << 40;

// So many released stacks leave enough behind in malloc to look for it: V8 allocates three vectors for each.
constexpr std::size_t kWorthMallocTrim = 4096;

stack::Options pool_options(const RuntimeOptions& options) {
  stack::Options result;
  result.default_stack_size = options.stack_size;
  result.pool_size = options.stack_pool_size;
  result.max_slots = options.max_stacks;
  result.reservation = kReservation;
  result.hot_page = kTopPages;
  return result;
}

}  // namespace

Runtime::Runtime(v8::Isolate* isolate, const RuntimeOptions& options)
    : locals_(context::FlowLocals::locate()),
      isolate_(isolate),
      after_isolate_(isolate),
      options_(options),
      context_(isolate, isolate->GetCurrentContext()) {
  main_.state = State::kRunning;
  nobody_.state = State::kFinished;
  main_.async.installed = true;  // always: it lies below all others
}

std::unique_ptr<Runtime> Runtime::create(napi_env addon, v8::Isolate* isolate,
                                         const RuntimeOptions& options, std::string& failure) {
  if (current_ != nullptr) {
    failure = "a thread to itself (another copy of greenfiber is loaded in this one)";
    return nullptr;
  }
  if (!context::kSupported) {
    failure = "an x86-64 processor with the System V ABI";
    return nullptr;
  }
  if (context::shadow_stack_active()) {
    failure = "a process without a CET shadow stack";
    return nullptr;
  }
  v8_state::set_engine_flags(isolate);
  std::unique_ptr<Runtime> runtime(new Runtime(isolate, options));
  runtime->stacks_ = std::make_unique<stack::Pool>(pool_options(options));
  if (runtime->stacks_->error() != stack::Error::kNone) {
    failure = std::string("address space for stacks: ") + describe(runtime->stacks_->error());
    return nullptr;
  }
  runtime->pages_ = runtime->stacks_->extent().low;
  runtime->page_count_ = static_cast<std::uint32_t>(runtime->stacks_->extent().size() / kPageSize);
  failure = v8_state::find_async_places(isolate, runtime->places_);
  if (failure.empty()) failure = v8_state::find_microtask_places(isolate, runtime->places_);
  if (failure.empty()) {
    failure =
        v8_state::NodeApiScopes::find(addon, isolate, runtime->places_, runtime->node_api_scopes_);
  }
  if (!failure.empty()) return nullptr;
  runtime->async_.emplace(isolate, runtime->context_, runtime->places_);

  if (options.prefer_locker) {
    runtime->direct_failure_ = "the locker engine was asked for";
  } else {
    runtime->direct_failure_ = runtime->start_direct();
  }
  if (!runtime->is_direct()) {
    failure = isolate->IsExecutionTerminating()
                  ? "time: the JavaScript that loads it is being terminated"
                  : runtime->start_locker();
  }
  if (!failure.empty()) return nullptr;
  runtime->gc_guard_.emplace(isolate, runtime->layout_);
  current_ = runtime.get();
  return runtime;
}

const v8_state::ThreadRecord& Runtime::running_record(const void* self) {
  return static_cast<const Runtime*>(self)->running_->record;
}

std::string Runtime::start_direct() {
  v8_state::Calibration calibration = v8_state::calibrate(isolate_);
  if (!calibration.ok()) return calibration.failure;
  layout_ = std::move(calibration.layout);
  direct_.emplace(isolate_, layout_, main_.record,
                  v8_state::DirectEngine::Running{running_record, this});
  return "";
}

std::string Runtime::start_locker() {
  v8_state::ThreadIdentity identity;
  std::string missed = v8_state::find_thread_identity(isolate_, identity);
  if (!missed.empty()) return missed;
  v8_state::Calibration calibration = v8_state::calibrate_for_locker(isolate_);
  if (!calibration.ok()) return calibration.failure;
  layout_ = std::move(calibration.layout);
  locker_.emplace(isolate_, layout_, identity, main_.record);
  return "";
}

Runtime::~Runtime() {
  if (current_ == this) current_ = nullptr;
  // V8 may still look at stacks on which somebody sleeps; and under our own feet nothing can be unmapped: then the
  // address space goes with the process.
  if (counters_.alive > 0) {
    stack::Pool* stacks = stacks_.release();
    if (running_ == &main_) {
      after_isolate_.call([](void* pool) { delete static_cast<stack::Pool*>(pool); }, stacks);
    }
  }
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
  if (parked_ != nullptr && (stack_size == 0 || stack_size == options_.stack_size)) [[likely]] {
    Fiber* fiber = parked_;
    parked_ = fiber->next_parked;
    if (--counters_.parked < parked_low_water_) parked_low_water_ = counters_.parked;
    return fiber;
  }
  return create_fiber(stack_size == 0 ? options_.stack_size : stack_size, error);
}

Fiber* Runtime::create_fiber(std::size_t stack_size, stack::Error& error) {
  stack::Acquired acquired = stacks_->acquire(stack_size);
  error = acquired.error;
  if (!acquired) return nullptr;
  const StackPage page = StackPage::of(acquired.slot);
  auto* fiber = new (page.fiber()) Fiber(acquired.slot);
  const auto top = reinterpret_cast<Word>(page.stack_top());
  const auto low = reinterpret_cast<Word>(acquired.slot.low);
  const v8_state::StackBounds bounds{top, low + kHeadroom, low};
  fiber->may_park = stack_size == options_.stack_size;
  if (direct_) {
    direct_->adopt(fiber->record, page.handles(), bounds);
  } else {
    locker_->adopt(fiber->record, bounds);
  }
  fiber->suspended = context::prepare(page.stack_top(), fiber_entry, fiber);
  fiber->bottom = context::bottom_frame(page.stack_top());
  ++counters_.alive;
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
  install(fiber);
}

bool Runtime::may_park(const Fiber& fiber) const {
  return fiber.may_park && counters_.parked < std::min(kMaxParked, options_.stack_pool_size);
}

void Runtime::park(Fiber& fiber) {
  fiber.state = State::kParked;
  fiber.next_parked = parked_;
  parked_ = &fiber;
  ++counters_.parked;
  // Whoever waits for the next body, for as long as that may take, keeps nothing of the last one.
  const Tagged outcome = fiber.roots[kOutcome];
  clear_roots(fiber);
  fiber.roots[kOutcome] = outcome;
  if (fiber.async.pushed) [[unlikely]]
    fiber.async.pushed.reset();
}

void Runtime::release(Fiber& fiber) {
  const stack::Slot slot = fiber.slot;
  fiber.~Fiber();
  // For live_low; volatile, since for the compiler there is no object any more.
  *const_cast<std::byte* volatile*>(&fiber.slot.high) = nullptr;
  stacks_->release(slot);
  --counters_.alive;
  ++released_;
}

std::byte* Runtime::live_low(const void* self, stack::Slot slot) {
  Fiber& fiber = *StackPage::of(slot).fiber();
  if (fiber.slot.high != slot.high) return StackPage::of(slot).page;  // released, or not begun
  const auto& runtime = *static_cast<const Runtime*>(self);
  if (&fiber == runtime.running_) return slot.low;
  if (fiber.found_deep == 0) fiber.found_deep = runtime.tick_;
  if (runtime.tick_ - fiber.found_deep < kKeptDeep) return slot.low;
  return reinterpret_cast<std::byte*>(fiber.suspended);
}

bool Runtime::trim_idle() {
  ++tick_;
  retire_parked(counters_.parked - (parked_low_water_ + 1) / 2);
  parked_low_water_ = counters_.parked;
  const std::size_t warm = stacks_->trim_idle();
  const bool sweeps = stacks_->sweep({live_low, this});
  // Once the burst is over: malloc keeps what is freed, in pieces too small to be given back one by one.
  if (released_ >= kWorthMallocTrim && released_ == released_before_) {
    malloc_trim(0);
    released_ = 0;
  }
  released_before_ = released_;
  return warm > 0 || sweeps || counters_.alive > 0 || released_ >= kWorthMallocTrim;
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
    release(*fiber);
    terminated_.pop_back();
  }
  return true;
}

void Runtime::retire_parked(std::uint32_t keep) {
  while (counters_.parked > keep) {
    stack::Error none;
    Fiber& fiber = *acquire(options_.stack_size, none);
    fiber.state = State::kRunning;
    fiber.resumer = running_;
    fiber.failed = false;
    install(fiber);
    // No next body: it leaves for good.
    switch_fibers(*running_, fiber, v8::Undefined(isolate_));
    if (signal == Signal::kTerminated) isolate_->TerminateExecution();  // that was for others
    signal = Signal::kNone;
    release(left());
  }
}

void Runtime::configure(std::size_t stack_size, std::size_t pool_size) {
  if (stack_size != options_.stack_size) retire_parked(0);
  options_.stack_size = stack_size;
  options_.stack_pool_size = pool_size;
  stacks_->set_pool_size(pool_size);
}

void Runtime::uninstall_all() {
  while (top_installed_ != nullptr) uninstall(*top_installed_);
}

void Runtime::reinstall(Fiber& fiber) { install(fiber); }

}  // namespace greenfiber::fiber
