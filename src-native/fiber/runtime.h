// Everything greenfiber owns in one Node environment, and who runs: the engine, the keeper of stacks, the shares of
// Node's async context, and the switch from one fiber to another, which goes through all of them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "context/flow_locals.h"
#include "fiber/async_shares.h"
#include "fiber/error_code.h"
#include "fiber/fiber.h"
#include "fiber/runtime_options.h"
#include "fiber/stack_keeper.h"
#include "initial_exec.h"
#include "node_state/node_api_scopes.h"
#include "node_state/stopping.h"
#include "v8_state/calibration/calibration.h"
#include "v8_state/engines/direct_engine.h"
#include "v8_state/engines/locker_engine.h"
#include "v8_state/gc_guard.h"
#include "v8_state/handover_box.h"
#include "v8_state/safepoint.h"

namespace greenfiber::fiber {

// How a switch ends for the side that is continued, besides with a value.
enum class Signal : std::uint8_t {
  kNone,
  kRaise,       // raise the value
  kInspect,     // answer your stack trace and go on sleeping
  kRetired,     // the fiber we come from is gone: its stack is to be released
  kTerminated,  // V8 terminated the fiber we come from; the value is its JavaScript object
};

class CpuLimits;
class SlowTasks;
class Watchdog;

class Runtime {
 public:
  // The runtime of the calling thread's environment; null before it is loaded.
  static Runtime* current() { return current_; }

  // `addon`: this addon's own environment of Node-API. CAUTION: runs JavaScript. `steps` are told what was looked for;
  // null, when the runtime cannot work: the last of them has missed it.
  static std::unique_ptr<Runtime> create(napi_env addon, v8::Isolate* isolate,
                                         const RuntimeOptions& options, v8_state::Steps& steps);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // The functions of RuntimeHooks in lib/native/native.ts; `make_error` makes the error of an ErrorCode.
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
  StackKeeper& stacks() { return stacks_; }
  AsyncShares& shares() { return *shares_; }
  node_state::AsyncStack& async() { return shares_->stack(); }
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
  // After a body: the fiber waits for another one.
  void park(Fiber& fiber);
  // Whom the running fiber answers: its resumer; when it has none, the innermost fiber that main waits for, or main.
  // Afterwards its share of the async context is cut off and the other's in place.
  Fiber& return_to_resumer(Fiber& self);

  // Must be called before a root of a suspended fiber is written to: see v8_state/generations/generations.h.
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
  // RuntimeHooks.outcome in lib/native/native.ts: what a body ended with.
  const v8_state::HandoverBox& outcome() const { return outcome_; }
  // CAUTION: allocates. False: the array is not one that can be looked into.
  bool take_outcomes_from(v8::Local<v8::Array> array);

  // Whom the switch under way left; whoever is continued may ask.
  Fiber& left() { return *previous_; }
  // Fibers that V8 terminated keep their slot until JavaScript has been told.
  void keep_terminated(Fiber& fiber, v8::Local<v8::Object> self);
  // False: telling it threw (the stack is full), and what it threw is pending.
  bool release_terminated() { return terminated_.empty() || sweep_terminated(); }

  // Whether V8 runs JavaScript on behalf of one of WebAssembly's stacks: see v8_state/engines/wasm_stacks.h.
  bool below_wasm_stack() const {
    if constexpr (!v8_state::kHasWasmStacks) return false;
    if (direct_) [[likely]]
      return direct_->wasm_stacks().below_one();
    if (const auto* const stacks = locker_->wasm_stacks()) return stacks->below_one();
    return layout_.thread_local_top()[v8_state::kLeftForWasmAt] != 0;
  }
  // Null: they must not be used.
  v8_state::WasmStacks* wasm_stacks() {
    return direct_ ? &direct_->wasm_stacks() : locker_->wasm_stacks();
  }

  Word* continuation_data() const { return layout_.continuation_data; }
  v8_state::JoinStack& joins() { return layout_.join_stack; }
  const node_state::AsyncPlaces& async_places() const { return places_; }
  // For fibers started from now on.
  void configure(std::size_t stack_size, std::size_t pool_size);
  // Made when they are first asked for. Null: the watchdog's thread cannot be started.
  CpuLimits* cpu_limits();
  SlowTasks* slow_tasks();
  // Has the next switch tell the limits of processor time, without a question of its own on the way of those that need not.
  void watch_next_switch();
  void unwatch_switch();
  // Whether Node is about to end this environment: then a termination was asked for.
  bool is_stopping() const { return node_state::is_stopping(addon_); }
  Fiber* const& running_place() const { return running_; }
  // For a timer: gives back memory that nobody needs any more, a bounded piece at a time. False: there is
  // nothing left to look after.
  bool trim_idle();

  Signal signal = Signal::kNone;
  bool inspecting = false;  // a stack trace is being taken: nothing may switch

 private:
  Runtime(napi_env addon, v8::Isolate* isolate, const RuntimeOptions& options);
  static const v8_state::ThreadRecord& running_record(const void* self);
  std::string start_direct(v8_state::Steps& steps);
  std::string start_locker(v8_state::Steps& steps);
  void retire_parked(std::uint32_t keep);
  Fiber* create_fiber(std::size_t stack_size, stack::Error& error);
  Tagged switch_stacks(Fiber& from, Fiber& to, Tagged value);
  // Takes along what belongs to `from` and can only be moved by running V8.
  bool needs_care() {
    return shares_->stack().before_hooks() != hooks_without_domains_ ||
           !layout_.join_stack.empty() || context::FlowLocals::handles_exception(locals_) ||
           node_api_scopes_.any_open();
  }
  [[gnu::cold]] Tagged switch_carefully(Fiber& from, Fiber& to, v8::Local<v8::Value> value);
  [[gnu::cold]] Tagged switch_parked_carefully(Fiber& from, Fiber& to);
  Tagged take_outcome(Fiber& fiber) const;
  Watchdog* watchdog();
  // The watchdog's. It runs no JavaScript.
  static void on_interrupt(v8::Isolate* isolate, void* data);
  // Whether the program has loaded node:domain. A domain is never active without the module's `before` hook, so it is asked
  // for when their number has changed; once it is there, every switch is a careful one.
  bool uses_domains();
  void land(const context::Transfer& transfer);
  context::Transfer switch_threads(Fiber& from, Fiber& to, Tagged value);
  [[gnu::cold]] bool sweep_terminated();
  // For hooks that neither a termination nor a full stack must cut short: see v8_state/call_to_the_end.h.
  v8::MaybeLocal<v8::Value> call_to_the_end(const v8::Global<v8::Function>& hook,
                                            v8::Local<v8::Value> argument);
  [[gnu::cold, gnu::noinline]] Fiber& return_to_main_line();
  static void fiber_entry(context::Transfer first, void* argument);
  // Answers the outcome of the last one; the share of the async context is `next`'s by then.
  Tagged run_bodies(Fiber& self, Fiber*& next);
  bool run_main(Fiber& self);
  void begin_body(Fiber& self);
  void clear_roots(Fiber& self) const;

  static constexpr std::uint32_t kMaxNesting = 10'000;

  GREENFIBER_INITIAL_EXEC static constinit thread_local Runtime* current_;

  // Hot.
  static constexpr std::uint32_t kUsesDomains = -1;  // numbers of hooks that there never are
  static constexpr std::uint32_t kWatchesSwitch = -2;
  std::uint32_t hooks_without_domains_ = 0;
  Fiber* running_ = &main_;
  Fiber* previous_ = nullptr;  // who was left by the switch under way
  std::optional<AsyncShares> shares_;
  node_state::NodeApiScopes node_api_scopes_;
  std::optional<v8_state::DirectEngine> direct_;
  std::optional<v8_state::LockerEngine> locker_;
  v8_state::HandoverBox outcome_;
  context::FlowLocals::Place locals_;
  StackKeeper stacks_;

  bool watches_switch_ = false;
  std::uint32_t hooks_before_watch_ = 0;  // what hooks_without_domains_ was

  v8::Isolate* isolate_;
  napi_env addon_;
  v8_state::Layout layout_;
  node_state::AsyncPlaces places_;
  std::optional<v8_state::GcGuard> gc_guard_;
  std::string direct_failure_;
  v8::Global<v8::Context> context_;
  Hooks hooks_;
  std::unique_ptr<CpuLimits> cpu_limits_;
  std::unique_ptr<SlowTasks> slow_tasks_;
  std::unique_ptr<Watchdog> watchdog_;
  std::vector<std::pair<Fiber*, v8::Global<v8::Object>>> terminated_;
  Fiber main_;
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

[[gnu::always_inline]] inline Fiber& Runtime::return_to_resumer(Fiber& self) {
  if (self.resumer == nullptr) [[unlikely]]
    return return_to_main_line();
  shares_->uninstall(self);
  return *self.resumer;
}

}  // namespace greenfiber::fiber
