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
#include <tuple>

#include "v8_state/async_places.h"

namespace greenfiber::v8_state {

struct AsyncSegment {
  double async_id = 0, trigger_id = 0;  // what is current when nothing is pushed in the fiber
  Tagged* resource = nullptr;           // a slot of the fiber's own; read as a v8::Local
  std::uint32_t base = 0;
  bool installed = false;
  bool runs_inside_drain = false;  // microtasks were being drained when the fiber was last entered
  Word base_depth = 0, depth = 0;
  std::int32_t base_microtask_depth = 0, microtask_depth = 0;
  std::int32_t base_suppressions = 0, suppressions = 0;

  // What the fiber itself had pushed when it was cut off; rare, so it lies elsewhere.
  struct Pushed;
  std::unique_ptr<Pushed> pushed;

  AsyncSegment();
  ~AsyncSegment();
  void begin(double id, double trigger, Tagged* resource_slot);
};

struct AsyncSegment::Pushed {
  std::vector<double> pairs;
  std::vector<VariantEntry> resources;
  v8::Global<v8::Array> resource_array;
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

  // Whether a drain of the microtask queue began on this fiber's own stack: it cannot be left.
  bool drains_microtasks(const AsyncSegment& segment) const {
    return *places_.microtasks_running != 0 && !segment.runs_inside_drain;
  }

  // CAUTION: may allocate. Both are called on the stack that is being left.
  void enter(AsyncSegment& segment);
  void leave(AsyncSegment& segment);

 private:
  void grow_stack();
  void restore_pushed(AsyncSegment& segment);
  void save_pushed(AsyncSegment& segment, std::uint32_t length);
  void push_resource(std::uint32_t level, VariantEntry entry);
  void cut_resources(std::uint32_t level);
  void cut_resource_array(std::uint32_t level);
  VariantEntry entry_of(AsyncSegment& segment) const;
  template <typename Use>
  decltype(auto) with_resources(Use use);

  v8::Isolate* isolate_;
  const v8::Global<v8::Context>& context_;
  AsyncPlaces places_;
};

inline void AsyncStack::enter(AsyncSegment& segment) {
  double* ids = places_.ids;
  const std::uint32_t level = places_.fields[kStackLength];
  if (2 * level + 1 >= *places_.stack_capacity) [[unlikely]] grow_stack();
  double* saved = places_.stack() + 2 * level;
  saved[0] = ids[kExecutionId];
  saved[1] = ids[kTriggerId];
  ids[kExecutionId] = segment.async_id;
  ids[kTriggerId] = segment.trigger_id;
  places_.fields[kStackLength] = level + 1;
  push_resource(level, entry_of(segment));
  segment.base = level;
  segment.installed = true;
  segment.runs_inside_drain = *places_.microtasks_running != 0;
  segment.base_depth = *places_.callback_depth;
  *places_.callback_depth += segment.depth;
  segment.base_microtask_depth = *places_.microtask_depth;
  *places_.microtask_depth += segment.microtask_depth;
  segment.base_suppressions = *places_.microtask_suppressions;
  *places_.microtask_suppressions += segment.suppressions;
  if (segment.pushed) [[unlikely]] restore_pushed(segment);
}

inline void AsyncStack::leave(AsyncSegment& segment) {
  const std::uint32_t length = places_.fields[kStackLength];
  const std::uint32_t base = segment.base;
  if (length != base + 1) [[unlikely]] save_pushed(segment, length);
  // An uncaught exception inside the fiber may have cleared the whole stack; then there is nothing to cut.
  if (length > base) [[likely]] {
    const double* saved = places_.stack() + 2 * base;
    places_.ids[kExecutionId] = saved[0];
    places_.ids[kTriggerId] = saved[1];
    places_.fields[kStackLength] = base;
    cut_resources(base);
    cut_resource_array(base);
  }
  segment.installed = false;
  segment.depth = *places_.callback_depth - segment.base_depth;
  *places_.callback_depth = segment.base_depth;
  segment.microtask_depth = *places_.microtask_depth - segment.base_microtask_depth;
  *places_.microtask_depth = segment.base_microtask_depth;
  segment.suppressions = *places_.microtask_suppressions - segment.base_suppressions;
  *places_.microtask_suppressions = segment.base_suppressions;
}

template <typename Use>
inline decltype(auto) AsyncStack::with_resources(Use use) {
  switch (places_.resource_kind) {
    case ResourceStack::kVectorOfLocals:
      return use(*static_cast<VectorOfLocals*>(places_.resources));
    case ResourceStack::kDequeOfLocalPointers:
      return use(*static_cast<DequeOfLocalPointers*>(places_.resources));
    default:
      return use(*static_cast<DequeOfVariants*>(places_.resources));
  }
}

inline VariantEntry AsyncStack::entry_of(AsyncSegment& segment) const {
  // The vector holds locals, the deques hold the addresses of locals; a local is the address of a slot.
  const bool by_value = places_.resource_kind == ResourceStack::kVectorOfLocals;
  return {by_value ? static_cast<void*>(segment.resource) : static_cast<void*>(&segment.resource), 0};
}

inline void AsyncStack::push_resource(std::uint32_t level, VariantEntry entry) {
  with_resources([&](auto& resources) {
    using Entry = typename std::remove_reference_t<decltype(resources)>::value_type;
    if (resources.size() != level) [[unlikely]] resources.resize(level);
    if constexpr (std::is_same_v<Entry, VariantEntry>) {
      resources.push_back(entry);
    } else {
      resources.push_back(entry.pointer);
    }
  });
}

inline void AsyncStack::cut_resources(std::uint32_t level) {
  with_resources([&](auto& resources) {
    if (resources.size() == level + 1) [[likely]] {
      resources.pop_back();
    } else if (resources.size() > level) {
      resources.resize(level);
    }
  });
}

inline void AsyncStack::cut_resource_array(std::uint32_t level) {
  // What the fiber pushed from JavaScript and popped again leaves holes that Node would pop in its place.
  v8::Local<v8::Array> array = local_over<v8::Array>(*places_.resource_array);
  if (array->Length() <= level) [[likely]] return;
  v8::HandleScope scope(isolate_);
  std::ignore = array->Set(context_.Get(isolate_), v8::String::NewFromUtf8Literal(isolate_, "length"),
                   v8::Integer::NewFromUnsigned(isolate_, level));
}

}  // namespace greenfiber::v8_state
