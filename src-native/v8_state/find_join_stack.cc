// The stack of arrays that Array.prototype.join is working on.
#include <algorithm>

#include "v8_state/calibration.h"
#include "v8_state/observation.h"

namespace greenfiber::v8_state {

namespace {

// More slots than any native context has.
constexpr std::size_t kContextWords = 1024;

constexpr char kJoin[] = "(array) => array.join()";

// While `array` is joined, finds the context's slots whose target begins { map, length, array }.
void observe_join(const v8::FunctionCallbackInfo<v8::Value>& info) {
  Observation& seen = *unwrap(info.Data());
  const Tagged context = tagged_word(info.GetIsolate()->GetCurrentContext());
  const Tagged array = *seen.watched;
  std::vector<std::size_t> found;
  for (std::size_t i = 2; i < kContextWords; ++i) {
    Tagged slot, entry, length;
    auto* place = reinterpret_cast<const Tagged*>(context - 1) + i;
    if (!seen.probe->read(place, &slot, sizeof slot)) break;
    if ((slot & 3) != 1) continue;
    if (!seen.probe->read(reinterpret_cast<void*>(slot + JoinStack::kLength), &length, sizeof length) ||
        !seen.probe->read(reinterpret_cast<void*>(slot + JoinStack::kFirstEntry), &entry,
                          sizeof entry)) {
      continue;
    }
    if (entry == array && is_small_integer(length) && small_integer(length) < 1000) found.push_back(i);
  }
  if (seen.depth++ == 0) {
    seen.candidates = found;
  } else {
    std::erase_if(seen.candidates,
                  [&](std::size_t i) { return !std::count(found.begin(), found.end(), i); });
  }
}

}  // namespace

std::string find_join_stack(v8::Isolate* isolate, const MemoryProbe& probe, Layout& layout) {
  v8::HandleScope scope(isolate);
  v8::TryCatch try_catch(isolate);
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  Observation seen{&layout, &probe, 0, {}, {}, nullptr};
  v8::Local<v8::Function> to_string;
  v8::Local<v8::Script> script;
  v8::Local<v8::Value> join, ignored;
  if (!v8::Function::New(context, observe_join, wrap(isolate, &seen)).ToLocal(&to_string) ||
      !v8::Script::Compile(context, v8::String::NewFromUtf8Literal(isolate, kJoin)).ToLocal(&script) ||
      !script->Run(context).ToLocal(&join)) {
    return "a script that joins an array";
  }
  for (int round = 0; round < 2; ++round) {
    v8::Local<v8::Object> element = v8::Object::New(isolate);
    v8::Local<v8::Value> elements[] = {element};
    v8::Local<v8::Value> array = v8::Array::New(isolate, elements, 1);
    seen.watched = slot_of(array);
    if (element->Set(context, v8::String::NewFromUtf8Literal(isolate, "toString"), to_string)
            .IsNothing() ||
        !join.As<v8::Function>()
             ->Call(context, v8::Undefined(isolate), 1, &array)
             .ToLocal(&ignored)) {
      return "a join with a native toString";
    }
  }
  if (seen.candidates.size() != 1) {
    return "the stack of arrays being joined (" + std::to_string(seen.candidates.size()) + " candidates)";
  }
  // Now it is empty: its first entry is the hole.
  JoinStack& stack = layout.join_stack;
  stack.offset = seen.candidates.front() * sizeof(Word) - 1;
  const Tagged now = *reinterpret_cast<const Tagged*>(tagged_word(context) + stack.offset);
  if (!probe.read(reinterpret_cast<void*>(now + JoinStack::kFirstEntry), &stack.hole,
                  sizeof stack.hole) ||
      (stack.hole & 3) != 1) {
    return "an empty stack of arrays being joined";
  }
  return "";
}

std::uint32_t JoinStack::count() const {
  const Tagged now = stack();
  const Tagged length = *reinterpret_cast<const Tagged*>(now + kLength);
  // A termination resets the slot to undefined, an object without a length.
  if (!is_small_integer(length) || small_integer(length) > 100'000) return 0;
  std::uint32_t found = 0;
  for (int i = 0; i < small_integer(length); ++i) found += entry(now, i) != hole;
  return found;
}

}  // namespace greenfiber::v8_state
