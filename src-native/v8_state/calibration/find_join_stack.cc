// The stack of arrays that Array.prototype.join is working on.
#include <algorithm>
#include <cstring>

#include "v8_state/calibration/calibration.h"
#include "v8_state/calibration/observation.h"

namespace greenfiber::v8_state {

namespace {

// A FixedArray is { map, length, entries... }; offsets from its tagged word.
constexpr std::size_t kLength = sizeof(Word) - 1, kFirstEntry = 2 * sizeof(Word) - 1;

// More slots than any native context has.
constexpr std::size_t kContextWords = 1024;

// Joins an array, or arrays in each other. The second runs in the middle of switches: nothing in it looks up what the
// program may have changed since.
constexpr char kJoin[] = "(array) => array.join()";
constexpr char kNest[] =
    "(() => { const { join } = Array.prototype, { apply } = Reflect;"
    "const element = (toString) => ({ __proto__: null, toString });"
    "const nest = (depth) => depth === 0 ? apply(join, [element(() => ''), 2], []) : "
    "apply(join, [element(() => nest(depth - 1))], []); return nest; })()";

// While `array` is joined, finds the context's slots whose target begins { map, length, array }.
void observe_join(const v8::FunctionCallbackInfo<v8::Value>& info) {
  Observation& seen = *unwrap(info.Data());
  const Tagged context = tagged_word(info.GetIsolate()->GetCurrentContext());
  const Tagged array = *seen.watched;
  const std::vector<Word> slots =
      MemoryProbe::read_words(reinterpret_cast<void*>(context - 1), kContextWords);
  std::vector<std::size_t> indices, found;
  std::vector<Word> targets;
  for (std::size_t i = 2; i < slots.size(); ++i) {
    if ((slots[i] & 3) != 1) continue;
    indices.push_back(i);
    targets.push_back(slots[i] + kLength);
  }
  // The first entry follows the length.
  MemoryProbe::read_each(targets, 2 * sizeof(Tagged), [&](std::size_t i, const std::byte* copy) {
    Tagged words[2];
    std::memcpy(words, copy, sizeof words);
    const auto [length, entry] = words;
    if (entry == array && is_small_integer(length) && small_integer(length) < 1000)
      found.push_back(indices[i]);
  });
  if (seen.depth++ == 0) {
    seen.candidates = found;
  } else {
    std::erase_if(seen.candidates,
                  [&](std::size_t i) { return !std::count(found.begin(), found.end(), i); });
  }
}

bool compile(v8::Isolate* isolate, v8::Local<v8::Context> context, const char* source,
             v8::Local<v8::Function>* function) {
  v8::Local<v8::String> text;
  v8::Local<v8::Script> script;
  v8::Local<v8::Value> result;
  if (!v8::String::NewFromUtf8(isolate, source).ToLocal(&text) ||
      !v8::Script::Compile(context, text).ToLocal(&script) ||
      !script->Run(context).ToLocal(&result) || !result->IsFunction()) {
    return false;
  }
  *function = result.As<v8::Function>();
  return true;
}

// Puts more entries back than there is room for, twice, and takes the same out again, in order.
bool keeps_entries(v8::Isolate* isolate, v8::Local<v8::Context> context, JoinStack& stack) {
  std::vector<v8::Local<v8::Value>> entries(9);
  for (v8::Local<v8::Value>& entry : entries) entry = v8::Array::New(isolate, 1);
  for (int round = 0; round < 2; ++round) {
    stack.put_back(v8::Array::New(isolate, entries.data(), entries.size()));
    if (stack.empty()) return false;
    v8::Local<v8::Array> taken = stack.take();
    if (taken.IsEmpty() || taken->Length() != entries.size() || !stack.empty()) return false;
    for (std::uint32_t i = 0; i < entries.size(); ++i) {
      v8::Local<v8::Value> entry;
      if (!taken->Get(context, i).ToLocal(&entry) || !entry->StrictEquals(entries[i])) return false;
    }
  }
  return true;
}

}  // namespace

std::string find_join_stack(v8::Isolate* isolate, const MemoryProbe& probe, Layout& layout) {
  v8::HandleScope scope(isolate);
  v8::TryCatch try_catch(isolate);
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  Observation seen{.layout = &layout, .probe = &probe};
  v8::Local<v8::Function> to_string, join, nest;
  v8::Local<v8::Value> ignored;
  if (!v8::Function::New(context, observe_join, wrap(isolate, &seen)).ToLocal(&to_string) ||
      !compile(isolate, context, kJoin, &join) || !compile(isolate, context, kNest, &nest)) {
    return "scripts that join arrays";
  }
  for (int round = 0; round < 2; ++round) {
    v8::Local<v8::Object> element = v8::Object::New(isolate);
    v8::Local<v8::Value> elements[] = {element};
    v8::Local<v8::Value> array = v8::Array::New(isolate, elements, 1);
    seen.watched = slot_of(array);
    if (element->Set(context, v8::String::NewFromUtf8Literal(isolate, "toString"), to_string)
            .IsNothing() ||
        !join->Call(context, v8::Undefined(isolate), 1, &array).ToLocal(&ignored)) {
      return "a join with a native toString";
    }
  }
  if (seen.candidates.size() != 1) {
    return "the stack of arrays being joined (" + std::to_string(seen.candidates.size()) +
           " candidates)";
  }
  // Unless somebody above us is joining, the stack is empty now, and its entries are holes.
  const std::size_t offset = seen.candidates.front() * sizeof(Word) - 1;
  const Tagged stack = *reinterpret_cast<const Tagged*>(tagged_word(context) + offset);
  Tagged first, second;
  if (!probe.read(reinterpret_cast<void*>(stack + kFirstEntry), &first, sizeof first) ||
      !probe.read(reinterpret_cast<void*>(stack + kFirstEntry + sizeof(Word)), &second,
                  sizeof second) ||
      first != second || (first & 3) != 1) {
    return "an empty stack of arrays being joined";
  }
  layout.join_stack = JoinStack(isolate, context, offset, nest);
  return keeps_entries(isolate, context, layout.join_stack)
             ? ""
             : "a stack of arrays being joined that keeps entries";
}

}  // namespace greenfiber::v8_state
