// A fiber: a native stack, where it is suspended, and everything V8 and Node keep for it.
#pragma once

#include <cstdint>
#include <vector>

#include "context/context.h"
#include "context/sanitizer.h"
#include "node_state/async_stack.h"
#include "stack/slot.h"
#include "v8_state/thread_record.h"

namespace greenfiber::fiber {

using v8_state::Tagged;
using v8_state::Word;

// The numbers are shared with lib/fiber/fiber-state.ts.
enum class State : std::uint8_t {
  kParked,       // belongs to nobody: waits for the next body
  kSuspended,    // by yield: can be resumed
  kTransferred,  // by transfer, or its place as a resumer was taken: can be transferred to
  kRunning,
  kResuming,       // waits for a fiber that it resumed
  kFinished,       // terminated by V8; its JavaScript object does not know yet
  kAsleepInChain,  // the tip of a chain that sleeps: see chain.cc
};

// Slots in the handle scope at the bottom of a fiber's stack, where V8 sees what they hold.
enum RootSlot : std::size_t {
  kSelf,       // the JavaScript Fiber
  kKillError,  // what every suspension of a killed fiber raises
  kResource,   // the execution resource
  kOutcome,    // what a fiber that is being retired answers
  kRootSlotCount,
};

struct Limit;

struct Fiber {
  v8_state::ThreadRecord record{};  // first: see StackKeeper::fiber_of
  context::SuspendedFrame* suspended = nullptr;
  context::BottomFrame* bottom = nullptr;  // null: the main stack
  // Who waits for whom, in both directions: a->resuming == b where b->resumer == a, so these are lines, without
  // branches or circles. A transfer leaves them as they are.
  Fiber* resumer = nullptr;   // whom its yield and its end answer; null: it was entered by transfer
  Fiber* resuming = nullptr;  // for whom it waits
  State state = State::kParked;
  bool killed = false;
  bool killed_hard = false;
  bool failed = false;           // the outcome is an error
  bool terminated = false;       // by V8, in the middle of its body
  bool may_park = false;         // has a stack of the default size
  bool belongs_to_task = false;  // the root of a chain, which has nobody to yield to
  bool is_handled = false;       // a body of an effect handler or of generate: see effects.cc
  std::uint8_t raises = 0;       // how often a killed fiber suspended all the same
  // When the sweep first saw pages below the place where it sleeps, in ticks; 0: it has run since.
  std::uint32_t found_deep = 0;
  Tagged* roots = nullptr;
  // For a body that has not started, until there are roots. The first two are arguments of the call that starts it: V8
  // visits them, and the caller waits in that call.
  const Tagged* first_self = nullptr;
  const Tagged* first_resource = nullptr;
  double first_async_id = 0, first_trigger_id = 0;
  node_state::AsyncSegment async;
  stack::Slot slot;
  Fiber* next_parked = nullptr;
  Fiber* below = nullptr;     // whose share of the async context lies under ours
  std::uint32_t nesting = 0;  // resumes between the main stack and this one
  // Of a chain's root while the chain sleeps: who goes on, and whose share of the async context was cut off,
  // the lowest first, linked by `below`.
  Fiber* tip = nullptr;
  Fiber* chain = nullptr;
  Limit* limits =
      nullptr;  // of processor time, the innermost one that is open on this stack: cpu_limits.h
  std::vector<double> handled_tags;  // of a handled body: the effects that suspend it
  [[no_unique_address]] context::StackWatch watch = context::StackWatch::of_this_thread();

  Fiber() = default;  // the main stack
  explicit Fiber(stack::Slot slot)
      : slot(slot), watch(slot.low, static_cast<std::size_t>(slot.high - slot.low)) {}

  bool is_main() const { return bottom == nullptr; }
  bool is_waited_for() const { return resumer != nullptr; }
  // Whether this is the root of a chain that sleeps.
  bool is_asleep_chain() const { return tip != nullptr && tip->state == State::kAsleepInChain; }
  // Whether this is an ordinary fiber that yielded inside a handled body, and took that along.
  bool yielded_with_chain() const { return is_asleep_chain() && !belongs_to_task; }
  // The end of the line of fibers that wait for each other from this one on.
  Fiber& innermost() {
    Fiber* fiber = this;
    while (fiber->resuming != nullptr && !fiber->yielded_with_chain()) fiber = fiber->resuming;
    return *fiber;
  }
};

}  // namespace greenfiber::fiber
