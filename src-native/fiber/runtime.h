// Everything greenfiber owns in one Node environment: the engine, the stacks, the fiber that runs.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "context/flow_locals.h"
#include "fiber/error_code.h"
#include "fiber/fiber.h"
#include "fiber/stack_page.h"
#include "stack/pool.h"
#include "v8_state/after_isolate.h"
#include "v8_state/calibration.h"
#include "v8_state/direct_engine.h"
#include "v8_state/gc_guard.h"
#include "v8_state/handover_box.h"
#include "v8_state/locker_engine.h"
#include "v8_state/node_api_scopes.h"
#include "v8_state/safepoint.h"

namespace greenfiber::fiber {

struct RuntimeOptions {
  std::size_t stack_size = 256 * 1024;
  std::size_t stack_pool_size = 256;  // released stacks that keep their pages
  std::size_t max_stacks = 0;         // 0: no limit
  bool prefer_locker = false;
};

// What V8's and Node's own C++ code may use below the limit at which JavaScript is told that its stack is
// full: compilers, module loaders and other addons run without checking (docs/stack-sizes.md).
inline constexpr std::size_t kHeadroom = 48 * 1024;

// How a switch ends for the side that is continued, besides with a value.
enum class Signal : std::uint8_t {
  kNone,
  kRaise,       // raise the value
  kInspect,     // answer your stack trace and go on sleeping
  kRetired,     // the fiber we come from is gone: its stack is to be released
  kTerminated,  // V8 terminated the fiber we come from; the value is its JavaScript object
};

struct Counters {
  double created = 0, finished = 0, switches = 0;
  std::uint32_t alive = 0, suspended = 0, parked = 0;
};

class Runtime {
 public:
  // The runtime of the calling thread's environment; null before it is loaded.
  static Runtime* current() { return current_; }

  // `addon`: this addon's own environment of Node-API. CAUTION: runs JavaScript. `failure` says what was missed when the
  // runtime cannot work.
  static std::unique_ptr<Runtime> create(napi_env addon, v8::Isolate* isolate,
                                         const RuntimeOptions& options, std::string& failure);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // The functions of RuntimeHooks in lib/native.ts; `make_error` makes the error of an ErrorCode.
  struct Hooks {
    v8::Global<v8::Function> main, capture, make_error, splice, forget, nothing, uses_domains,
        leave_domains, enter_domains;
  };

  v8::Isolate* isolate() const { return isolate_; }
  v8::Local<v8::Context> context() { return context_.Get(isolate_); }
  Hooks& hooks() { return hooks_; }
  // Undefined when the hook throws; whatever it throws stays pending, so the callback returns to JavaScript next.
  v8::Local<v8::Value> call(const v8::Global<v8::Function>& hook, v8::Local<v8::Value> argument);
  bool is_direct() const { return direct_.has_value(); }
  // Null under the locker engine: V8 walks all stacks.
  const v8_state::Generations* generations() const {
    return direct_ ? &direct_->generations() : nullptr;
  }
  const std::string& direct_failure() const { return direct_failure_; }

  Fiber& running() { return *running_; }
  Fiber& main() { return main_; }
  v8_state::AsyncStack& async() { return *async_; }
  std::uint32_t max_nesting() const { return kMaxNesting; }

  // Ends the running JavaScript now, not at its next stack check.
  void terminate();

  // Inlined into each callback, down to the jump: the processor predicts returns by the calls it has seen, so
  // a frame between the callback and the jump would be a misprediction on the other side.
  //
  // Continues `to` with `value` and answers what `from` is given when it is continued. Asynchronous context
  // is the caller's business. CAUTION: may allocate before it leaves and after it is back; the answer is raw, and has
  // to be put into a slot before anything else.
  Tagged switch_fibers(Fiber& from, Fiber& to, v8::Local<v8::Value> value);
  // The same for a stack that is parked, with its outcome, of which it keeps nothing.
  Tagged switch_parked(Fiber& from, Fiber& to);

  // A fiber for a new body: a parked one, or a new stack. Null: *error says why.
  Fiber* acquire(std::size_t stack_size, stack::Error& error);
  // Gives the fiber its next body, which first_self is the JavaScript object of. It runs when the fiber is switched to.
  // CAUTION: may allocate.
  void assign(Fiber& fiber);
  // After a body: the fiber may wait for another one, or has to leave for good.
  bool may_park(const Fiber& fiber) const;
  void park(Fiber& fiber);
  // Whom the running fiber answers: its resumer, or main when it has none. Afterwards its share of the async
  // context is cut off and the other's in place.
  Fiber& return_to_resumer(Fiber& self);

  // Must be called before a root of a suspended fiber is written to: see v8_state/generations.h.
  void touch(Fiber& fiber) {
    if (direct_) [[likely]]
      direct_->touch(fiber.record);
  }
  // From now on every suspension of the fiber raises `error`.
  void kill(Fiber& fiber, v8::Local<v8::Value> error) {
    touch(fiber);
    fiber.killed = true;
    fiber.roots[kKillError] = v8_state::tagged_word(error);
  }
  // RuntimeHooks.outcome in lib/native.ts: what a body ended with.
  const v8_state::HandoverBox& outcome() const { return outcome_; }
  // CAUTION: allocates. False: the array is not one that can be looked into.
  bool take_outcomes_from(v8::Local<v8::Array> array);

  // Whom the switch under way left; whoever is continued may ask.
  Fiber& left() { return *previous_; }
  // Gives back the stack of a fiber that has left for good.
  void release(Fiber& fiber);
  // Fibers that V8 terminated keep their slot until JavaScript has been told.
  void keep_terminated(Fiber& fiber, v8::Local<v8::Object> self);
  // False: telling it threw (the stack is full), and what it threw is pending.
  bool release_terminated() { return terminated_.empty() || sweep_terminated(); }

  // Puts the fiber's share of Node's async context on, or cuts it off with everything above it. CAUTION: may
  // allocate, as does everything that calls them.
  void install(Fiber& fiber);
  void uninstall(Fiber& fiber);
  void uninstall_all();
  // The same for a chain that goes to sleep: everything above `resumer`. See chain.cc.
  void uninstall_chain(Fiber& root, const Fiber& resumer);
  void install_chain(Fiber& root);
  // A transfer may have cut off the share of a fiber that waits.
  void reinstall_if_cut_off(Fiber& fiber) {
    if (!fiber.async.installed) [[unlikely]]
      reinstall(fiber);
  }

  // A handle is the number of the page that the fiber lies in; it is never shown to users.
  std::int32_t handle_of(const Fiber& fiber) const;
  // For a handle that is no live fiber's, one that is finished.
  Fiber& fiber_of(std::int32_t handle);

  // Has the processor load what continuing that fiber will touch first: itself and the frames that it sleeps in, which
  // lie where those of the running one do if both sleep in the same call. Costs some nanoseconds, and saves the
  // waits for memory where they are in no cache.
  void fetch_ahead(std::int32_t handle);

  // Whether V8 runs JavaScript on behalf of one of WebAssembly's stacks: see v8_state/wasm_stacks.h.
  bool below_wasm_stack() const {
    if constexpr (V8_MAJOR_VERSION < 13) return false;
    if (direct_) [[likely]]
      return direct_->wasm_stacks().below_one();
    return layout_.thread_local_top()[v8_state::kLeftForWasmAt] != 0;
  }
  // Null under the locker engine, which has no way to keep them.
  v8_state::WasmStacks* wasm_stacks() { return direct_ ? &direct_->wasm_stacks() : nullptr; }

  Word* continuation_data() const { return layout_.continuation_data; }
  v8_state::JoinStack& joins() { return layout_.join_stack; }
  const v8_state::AsyncPlaces& async_places() const { return places_; }
  stack::Pool& stacks() { return *stacks_; }
  // For fibers started from now on.
  void configure(std::size_t stack_size, std::size_t pool_size);
  Counters& counters() { return counters_; }
  // For a timer: gives back memory that nobody needs any more, a bounded piece at a time. False: there is
  // nothing left to look after.
  bool trim_idle();

  Signal signal = Signal::kNone;
  bool inspecting = false;  // a stack trace is being taken: nothing may switch

 private:
  Runtime(v8::Isolate* isolate, const RuntimeOptions& options);
  static const v8_state::ThreadRecord& running_record(const void* self);
  std::string start_direct();
  std::string start_locker();
  void retire_parked(std::uint32_t keep);
  static std::byte* live_low(const void* self, stack::Slot slot);
  Fiber* create_fiber(std::size_t stack_size, stack::Error& error);
  Tagged switch_stacks(Fiber& from, Fiber& to, Tagged value);
  // Takes along what belongs to `from` and can only be moved by running V8.
  bool needs_care() {
    return async_->before_hooks() != hooks_without_domains_ || !layout_.join_stack.empty() ||
           context::FlowLocals::handles_exception(locals_) || node_api_scopes_.any_open();
  }
  [[gnu::cold]] Tagged switch_carefully(Fiber& from, Fiber& to, v8::Local<v8::Value> value);
  [[gnu::cold]] Tagged switch_parked_carefully(Fiber& from, Fiber& to);
  Tagged take_outcome(Fiber& fiber) const;
  // Whether the program has loaded node:domain. A domain is never active without the module's `before` hook, so it is asked
  // for when their number has changed; once it is there, every switch is a careful one.
  bool uses_domains();
  void land(const context::Transfer& transfer);
  context::Transfer switch_threads(Fiber& from, Fiber& to, Tagged value);
  [[gnu::cold]] bool sweep_terminated();
  // For hooks that neither a termination nor a full stack must cut short: see v8_state/call_to_the_end.h.
  v8::MaybeLocal<v8::Value> call_to_the_end(const v8::Global<v8::Function>& hook,
                                            v8::Local<v8::Value> argument);
  [[gnu::cold]] void reinstall(Fiber& fiber);
  static void fiber_entry(context::Transfer first, void* argument);
  // Answers the outcome of the last one; the share of the async context is `next`'s by then.
  Tagged run_bodies(Fiber& self, Fiber*& next);
  bool run_main(Fiber& self);
  void begin_body(Fiber& self);
  void clear_roots(Fiber& self) const;

  static constexpr std::uint32_t kMaxNesting = 10'000;
  static constexpr std::size_t kMaxParked = 256;
  // Ticks that a fiber sleeps before the pages go that it used below: one that is continued now and then would
  // pay for them again each time.
  static constexpr std::uint32_t kKeptDeep = 10;

  [[gnu::tls_model("initial-exec")]] static constinit thread_local Runtime* current_;

  // Hot.
  static constexpr std::uint32_t kUsesDomains = -1;  // a number of hooks that there never is
  std::uint32_t hooks_without_domains_ = 0;
  Fiber* running_ = &main_;
  Fiber* previous_ = nullptr;  // who was left by the switch under way
  std::optional<v8_state::AsyncStack> async_;
  v8_state::NodeApiScopes node_api_scopes_;
  std::optional<v8_state::DirectEngine> direct_;
  std::optional<v8_state::LockerEngine> locker_;
  v8_state::HandoverBox outcome_;
  context::FlowLocals::Place locals_;
  StackPage page_of(std::int32_t handle) const {
    return {pages_ + static_cast<std::uint32_t>(handle) * kPageSize};
  }
  std::byte* pages_ = nullptr;  // where handles count from
  std::uint32_t page_count_ = 0;
  Fiber* parked_ = nullptr;
  Fiber* top_installed_ = nullptr;
  Counters counters_;
  std::uint32_t parked_low_water_ = 0;  // the fewest parked since the last trim_idle
  std::uint32_t tick_ = 0;              // counts the calls of trim_idle
  std::size_t released_ = 0;            // stacks, since malloc was last trimmed
  std::size_t released_before_ = 0;     // the same at the last trim_idle

  v8::Isolate* isolate_;
  v8_state::AfterIsolate after_isolate_;
  RuntimeOptions options_;
  v8_state::Layout layout_;
  v8_state::AsyncPlaces places_;
  std::optional<v8_state::GcGuard> gc_guard_;
  std::string direct_failure_;
  v8::Global<v8::Context> context_;
  Hooks hooks_;
  std::unique_ptr<stack::Pool> stacks_;
  std::vector<std::pair<Fiber*, v8::Global<v8::Object>>> terminated_;
  Fiber main_;
  Fiber nobody_;  // for handles that are nobody's
};

[[gnu::always_inline]] inline void Runtime::land(const context::Transfer& transfer) {
  if (transfer.from == nullptr) return;
  previous_->suspended = transfer.from;
  previous_->found_deep = 0;
  if (running_->bottom != nullptr) context::link_resumer(running_->bottom, transfer.from);
}

[[gnu::always_inline]] inline Tagged Runtime::switch_fibers(Fiber& from, Fiber& to,
                                                            v8::Local<v8::Value> value) {
  v8_state::safepoint(isolate_);
  if (needs_care()) [[unlikely]]
    return switch_carefully(from, to, value);
  return switch_stacks(from, to, v8_state::tagged_word(value));
}

[[gnu::always_inline]] inline Tagged Runtime::switch_parked(Fiber& from, Fiber& to) {
  v8_state::safepoint(isolate_);
  if (needs_care()) [[unlikely]]
    return switch_parked_carefully(from, to);
  return switch_stacks(from, to, take_outcome(from));
}

inline Tagged Runtime::take_outcome(Fiber& fiber) const {
  const Tagged outcome = fiber.roots[kOutcome];
  fiber.roots[kOutcome] = v8_state::tagged_word(v8::Undefined(isolate_));
  return outcome;
}

[[gnu::always_inline]] inline Tagged Runtime::switch_stacks(Fiber& from, Fiber& to, Tagged value) {
  const int error_number = *locals_.errno_address;
  context::Transfer transfer;
  running_ = &to;
  previous_ = &from;
  if (direct_) [[likely]] {
    direct_->swap(from.record, to.record);
    from.watch.leave_for(to.watch);
    transfer = context::switch_to(to.suspended, reinterpret_cast<void*>(value));
    current_->running_->watch.arrived();
    current_->land(transfer);
  } else {
    transfer = switch_threads(from, to, value);
  }
  // Asked for again, like everything that is needed after a switch: the switch clobbers every register, and what
  // is alive across it would lie in memory before it, too.
  *current_->locals_.errno_address = error_number;
  return reinterpret_cast<Tagged>(transfer.payload);
}

[[gnu::always_inline]] inline void Runtime::install(Fiber& fiber) {
  async_->enter(fiber.async);
  fiber.below = top_installed_;
  top_installed_ = &fiber;
}

[[gnu::always_inline]] inline void Runtime::uninstall(Fiber& fiber) {
  for (;;) {
    Fiber* top = top_installed_;
    async_->leave(top->async);
    top_installed_ = top->below;
    if (top == &fiber) [[likely]]
      return;
  }
}

[[gnu::always_inline]] inline Fiber& Runtime::return_to_resumer(Fiber& self) {
  if (self.resumer == nullptr) [[unlikely]] {
    uninstall_all();
    return main_;
  }
  Fiber& to = *self.resumer;
  uninstall(self);
  reinstall_if_cut_off(to);
  return to;
}

[[gnu::always_inline]] inline void Runtime::uninstall_chain(Fiber& root, const Fiber& resumer) {
  Fiber* chain = nullptr;
  while (top_installed_ != nullptr && top_installed_ != &resumer) {
    Fiber* top = top_installed_;
    async_->leave(top->async);
    top_installed_ = top->below;
    top->below = chain;
    chain = top;
  }
  root.chain = chain;
}

[[gnu::always_inline]] inline void Runtime::install_chain(Fiber& root) {
  for (Fiber* fiber = root.chain; fiber != nullptr;) {
    Fiber* above = fiber->below;
    install(*fiber);
    fiber = above;
  }
}

inline std::int32_t Runtime::handle_of(const Fiber& fiber) const {
  auto* at = reinterpret_cast<const std::byte*>(&fiber);
  return static_cast<std::int32_t>(static_cast<std::size_t>(at - pages_) / kPageSize);
}

[[gnu::always_inline]] inline void Runtime::fetch_ahead(std::int32_t handle) {
  constexpr std::ptrdiff_t kLine = 64;
  constexpr std::ptrdiff_t kBelow = 3 * kLine;    // what the switch pushes
  constexpr std::ptrdiff_t kFrames = 14 * kLine;  // up to the caller in JavaScript
  const auto* here = static_cast<const std::byte*>(__builtin_frame_address(0));
  const std::ptrdiff_t depth = reinterpret_cast<const std::byte*>(running_) - here;
  const std::byte* fiber = reinterpret_cast<const std::byte*>(page_of(handle).fiber());
  for (std::ptrdiff_t at = 0; at < std::ptrdiff_t{sizeof(Fiber)}; at += kLine) {
    __builtin_prefetch(fiber + at, 1);
  }
  const std::ptrdiff_t low = std::min(depth + kBelow, std::ptrdiff_t{kStackInPage});
  const std::ptrdiff_t high = std::max(depth - kFrames, std::ptrdiff_t{0});
  for (std::ptrdiff_t at = low; at > high; at -= kLine) __builtin_prefetch(fiber - at, 1);
}

[[gnu::always_inline]] inline Fiber& Runtime::fiber_of(std::int32_t handle) {
  if (static_cast<std::uint32_t>(handle) >= page_count_) [[unlikely]]
    return nobody_;
  const StackPage page = page_of(handle);
  Fiber& fiber = *page.fiber();
  return fiber.slot.high == page.page + kTopPages ? fiber : nobody_;
}

}  // namespace greenfiber::fiber
