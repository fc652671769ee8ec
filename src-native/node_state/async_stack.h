// A fiber's share of Node's async execution context.
//
// Node keeps one stack per environment of { async id, trigger id, execution resource }, and counts nested
// callback scopes and microtask scopes. What code pushes on it belongs to the native stack that the code
// runs on. While a fiber runs, its segment lies on top of its resumer's:
//
//     | main's entries | resumer's segment | this fiber's segment: own id and resource, then what it pushed |
//                                           ^ base
//
// Leaving a fiber cuts its segment off and keeps it; entering puts it on top of whatever is there. So an
// AsyncResource scope, a MakeCallback frame or AsyncLocalStorage.run around a yield neither leaks into the
// resumer nor is corrupted by it.
#pragma once

#include <memory>
#include <vector>

#include "node_state/async_places.h"

namespace greenfiber::node_state {

struct AsyncSegment {
  double ids[2] =
      {};  // async id and trigger id that are current when nothing is pushed in the fiber
  Tagged* resource = nullptr;  // a slot of the fiber's own; read as a v8::Local
  std::uint32_t base = 0;
  bool installed = false;
  bool runs_inside_drain = false;  // microtasks were being drained when the fiber was last entered
  Word base_depth = 0;
  Word base_microtasks = 0;

  // What the fiber itself had pushed and counted when it was cut off; rare, so it lies elsewhere.
  struct Pushed;
  std::unique_ptr<Pushed> pushed;

  AsyncSegment();
  ~AsyncSegment();
  void begin(double id, double trigger, Tagged* resource_slot);
};

struct AsyncSegment::Pushed {
  Word depth = 0;
  Word microtasks = 0;
  std::vector<double> pairs;
  std::vector<ResourceStack::Entry> resources;
  v8::Global<v8::Array> resource_array;
};

// How much a running fiber has pushed, wherever its segment lies.
struct AsyncMark {
  std::uint32_t levels;
};

class AsyncStack {
 public:
  // `context` outlives the stack.
  AsyncStack(v8::Isolate* isolate, const v8::Global<v8::Context>& context,
             const AsyncPlaces& places)
      : isolate_(isolate), context_(context), places_(places) {}

  double new_id() { return places_.ids[kIdCounter] += 1; }
  double current_id() const { return places_.ids[kExecutionId]; }
  bool has_init_hooks() const { return places_.fields[kInitHooks] != 0; }
  std::uint32_t before_hooks() const { return places_.fields[kBeforeHooks]; }

  // Whether a drain of the microtask queue began on this fiber's own stack: it cannot be left.
  bool drains_microtasks(const AsyncSegment& segment) const {
    return *places_.microtasks_running != 0 && !segment.runs_inside_drain;
  }

  AsyncMark mark(const AsyncSegment& segment) const {
    return {places_.fields[kStackLength] - segment.base};
  }
  // Takes off what was pushed after the mark by JavaScript that V8 terminated. CAUTION: may allocate.
  void cut_to(const AsyncSegment& segment, AsyncMark mark);

  // CAUTION: may allocate. Both are called on the stack that is being left.
  void enter(AsyncSegment& segment);
  void leave(AsyncSegment& segment);

 private:
  // False: the environment is stopping, and nothing is pushed any more.
  [[gnu::cold]] bool grow_stack();
  [[gnu::cold]] void restore_pushed(AsyncSegment& segment);
  // Whether the fiber's entry is still there: an uncaught error may have cleared the whole stack.
  [[gnu::cold]] bool save_pushed(AsyncSegment& segment);
  [[gnu::cold]] void cut_resource_array(std::uint32_t level);

  v8::Isolate* isolate_;
  const v8::Global<v8::Context>& context_;
  AsyncPlaces places_;
};

[[gnu::always_inline]] inline void AsyncStack::enter(AsyncSegment& segment) {
  safepoint(isolate_);
  const std::uint32_t level = places_.fields[kStackLength];
  segment.base = level;
  segment.installed = true;
  segment.runs_inside_drain = *places_.microtasks_running != 0;
  segment.base_depth = *places_.callback_depth;
  segment.base_microtasks = *places_.microtask_counts;
  if (2 * level + 1 >= *places_.stack_capacity) [[unlikely]] {
    if (!grow_stack()) return;
  }
  double* const ids = places_.ids;
  __builtin_memcpy(places_.stack() + 2 * level, ids, sizeof segment.ids);
  __builtin_memcpy(ids, segment.ids, sizeof segment.ids);
  places_.fields[kStackLength] = level + 1;
  places_.resources.set(level, segment.resource);
  if (segment.pushed) [[unlikely]]
    restore_pushed(segment);
}

[[gnu::always_inline]] inline void AsyncStack::leave(AsyncSegment& segment) {
  safepoint(isolate_);
  const std::uint32_t base = segment.base;
  segment.installed = false;
  if (places_.fields[kStackLength] != base + 1 || *places_.callback_depth != segment.base_depth ||
      *places_.microtask_counts != segment.base_microtasks) [[unlikely]] {
    if (!save_pushed(segment)) return;
  }
  __builtin_memcpy(places_.ids, places_.stack() + 2 * base, sizeof segment.ids);
  places_.fields[kStackLength] = base;
  // What was pushed from JavaScript and popped again left holes that Node would pop in place of its own.
  if (places_.resource_array_length() > base) [[unlikely]]
    cut_resource_array(base);
}

}  // namespace greenfiber::node_state
