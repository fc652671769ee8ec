#include "node_state/async_stack.h"

#include <algorithm>
#include <tuple>

namespace greenfiber::node_state {

namespace {

// Own elements only, and defined rather than set: Array.prototype may have accessors, and nothing of the program's is
// to run in the middle of a switch.
void copy_elements(v8::Isolate* isolate, v8::Local<v8::Context> context, v8::Local<v8::Array> from,
                   std::uint32_t from_index, v8::Local<v8::Array> to, std::uint32_t to_index) {
  const std::uint32_t end = from->Length();
  for (; from_index < end; ++from_index, ++to_index) {
    v8::Local<v8::Value> element;
    safepoint(isolate);
    if (from->HasRealIndexedProperty(context, from_index).FromMaybe(false) &&
        from->Get(context, from_index).ToLocal(&element) && !element->IsUndefined()) {
      std::ignore = to->CreateDataProperty(context, to_index, element);
    }
  }
}

}  // namespace

AsyncSegment::AsyncSegment() = default;
AsyncSegment::~AsyncSegment() = default;

void AsyncSegment::begin(double id, double trigger, Tagged* resource_slot) {
  ids[0] = id;
  ids[1] = trigger;
  resource = resource_slot;
  pushed.reset();
}

// Node grows the array of saved pairs when a scope is pushed on a full one, and never shrinks it.
// Below a context of its own: a fiber that is terminated, or retired, leaves V8 without one. So do the others.
bool AsyncStack::grow_stack() {
  v8::HandleScope scope(isolate_);
  v8::Context::Scope in_context(context_.Get(isolate_));
  safepoint(isolate_);
  const Word depth = *places_.callback_depth;
  const Word capacity = *places_.stack_capacity;
  *places_.callback_depth = depth + 1;  // so that closing the scope drains no queue
  // Id 0: async hooks are not called.
  { node::CallbackScope grows(isolate_, v8::Object::New(isolate_), {0, 0}); }
  *places_.callback_depth = depth;
  return *places_.stack_capacity > capacity;
}

bool AsyncStack::save_pushed(AsyncSegment& segment) {
  const std::uint32_t length = places_.fields[kStackLength];
  const std::uint32_t own = segment.base + 1;
  auto pushed = std::make_unique<AsyncSegment::Pushed>();
  pushed->depth = *places_.callback_depth - segment.base_depth;
  pushed->microtasks = *places_.microtask_counts - segment.base_microtasks;
  *places_.callback_depth = segment.base_depth;
  *places_.microtask_counts = segment.base_microtasks;
  if (length <= own) {
    segment.pushed = std::move(pushed);
    return length == own;
  }
  // The pairs saved at each of our levels, then the current one.
  const double* stack = places_.stack();
  pushed->pairs.assign(stack + 2 * own, stack + 2 * length);
  pushed->pairs.push_back(places_.ids[kExecutionId]);
  pushed->pairs.push_back(places_.ids[kTriggerId]);
  pushed->resources = places_.resources.copy(own, length);
  v8::HandleScope scope(isolate_);
  v8::Local<v8::Context> context = context_.Get(isolate_);
  v8::Context::Scope in_context(context);
  safepoint(isolate_);
  v8::Local<v8::Array> array = local_over<v8::Array>(*places_.resource_array);
  if (array->Length() > own) {
    v8::Local<v8::Array> copy = v8::Array::New(isolate_, static_cast<int>(array->Length() - own));
    copy_elements(isolate_, context, array, own, copy, 0);
    pushed->resource_array.Reset(isolate_, copy);
  }
  segment.pushed = std::move(pushed);
  return true;
}

void AsyncStack::restore_pushed(AsyncSegment& segment) {
  std::unique_ptr<AsyncSegment::Pushed> pushed = std::move(segment.pushed);
  *places_.callback_depth += pushed->depth;
  *places_.microtask_counts += pushed->microtasks;
  if (pushed->pairs.empty()) return;
  const std::uint32_t own = segment.base + 1;
  const auto levels = static_cast<std::uint32_t>(pushed->pairs.size() / 2 - 1);
  while (2 * (own + levels) + 1 >= *places_.stack_capacity) {
    // Growing pushes at the current length, so make it the length that is needed.
    const std::uint32_t length = places_.fields[kStackLength];
    places_.fields[kStackLength] = static_cast<std::uint32_t>(*places_.stack_capacity / 2);
    const bool grown = grow_stack();
    places_.fields[kStackLength] = length;
    if (!grown) return;
  }
  std::copy(pushed->pairs.begin(), pushed->pairs.end() - 2, places_.stack() + 2 * own);
  places_.ids[kExecutionId] = *(pushed->pairs.end() - 2);
  places_.ids[kTriggerId] = *(pushed->pairs.end() - 1);
  places_.fields[kStackLength] = own + levels;
  places_.resources.paste(own, pushed->resources);
  if (pushed->resource_array.IsEmpty()) return;
  v8::HandleScope scope(isolate_);
  v8::Local<v8::Context> context = context_.Get(isolate_);
  v8::Context::Scope in_context(context);
  safepoint(isolate_);
  v8::Local<v8::Array> array = local_over<v8::Array>(*places_.resource_array);
  v8::Local<v8::Array> copy = pushed->resource_array.Get(isolate_);
  copy_elements(isolate_, context, copy, 0, array, own);
}

void AsyncStack::cut_to(const AsyncSegment& segment, AsyncMark mark) {
  const std::uint32_t level = segment.base + mark.levels;
  if (places_.fields[kStackLength] <= level) return;
  __builtin_memcpy(places_.ids, places_.stack() + std::size_t{2} * level, sizeof segment.ids);
  places_.fields[kStackLength] = level;
  if (places_.resource_array_length() > level) cut_resource_array(level);
}

void AsyncStack::cut_resource_array(std::uint32_t level) {
  v8::HandleScope scope(isolate_);
  v8::Local<v8::Context> context = context_.Get(isolate_);
  v8::Context::Scope in_context(context);
  safepoint(isolate_);
  std::ignore = local_over<v8::Array>(*places_.resource_array)
                    ->Set(context, v8::String::NewFromUtf8Literal(isolate_, "length"),
                          v8::Integer::NewFromUnsigned(isolate_, level));
}

}  // namespace greenfiber::node_state
