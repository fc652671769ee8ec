#include "v8_state/join_stack.h"

#include <tuple>
#include <vector>

#include "v8_state/call_to_the_end.h"
#include "v8_state/safepoint.h"

namespace greenfiber::v8_state {

namespace {

// A JSArray is { map, properties, elements, length }.
constexpr std::size_t kElements = 2, kArrayLength = 3;

// Good until V8 allocates.
Tagged* words_of(v8::Local<v8::Array> array) {
  return reinterpret_cast<Tagged*>(tagged_word(array) - 1);
}

// A small integer, as a tagged word.
constexpr Tagged kZero = 0;

}  // namespace

JoinStack::JoinStack(v8::Isolate* isolate, v8::Local<v8::Context> context, std::size_t offset,
                     v8::Local<v8::Function> nest)
    : isolate_(isolate),
      context_(isolate, context),
      nest_(isolate, nest),
      context_slot_(slot_of(local_of(context_))),
      offset_(offset) {
  map_ = *reinterpret_cast<const Tagged*>(stack() - 1);
  hole_ = entry(stack(), 0);
  no_elements_ = words_of(v8::Array::New(isolate, 0))[kElements];
}

bool JoinStack::in_use() const { return *reinterpret_cast<const Tagged*>(stack() - 1) == map_; }

std::uint32_t JoinStack::capacity() const {
  return static_cast<std::uint32_t>(
      small_integer(*reinterpret_cast<const Tagged*>(stack() + kLength)));
}

std::uint32_t JoinStack::free_entries() const {
  std::uint32_t found = 0;
  for (std::uint32_t i = 0; i < capacity(); ++i) found += entry(stack(), i) == hole_;
  return found;
}

std::uint32_t JoinStack::first_free() const {
  std::uint32_t i = 0;
  while (entry(stack(), i) != hole_) ++i;
  return i;
}

void JoinStack::nest(std::uint32_t depth) {
  v8::Local<v8::Value> argument = v8::Integer::NewFromUnsigned(isolate_, depth);
  std::ignore = call_to_the_end(isolate_, context_.Get(isolate_), nest_.Get(isolate_), argument);
}

// The stack belongs to V8, which must learn of every reference stored in it. So V8 stores it, as an element of
// an array that has the stack for its elements meanwhile.
//
// The element is there already, a number: what V8 does is to overwrite it, which neither allocates nor asks a
// prototype. So nothing moves between the raw words, and nobody else sees the array. What it is left with needs no
// telling: a read-only object and a number.
void JoinStack::set_entry(std::uint32_t i, v8::Local<v8::Value> value) {
  v8::Local<v8::Context> context = context_.Get(isolate_);
  v8::Local<v8::Value> elements[] = {value, value};
  safepoint(isolate_);
  v8::Local<v8::Array> array = v8::Array::New(isolate_, elements, 2);
  entries()[i] = kZero;
  words_of(array)[kElements] = stack();
  words_of(array)[kArrayLength] = *reinterpret_cast<const Tagged*>(stack() + kLength);
  std::ignore = array->Set(context, i, value);
  words_of(array)[kElements] = no_elements_;
  words_of(array)[kArrayLength] = kZero;
}

// The hole lives in read-only space: V8 need not be told.
void JoinStack::clear_entry(std::uint32_t i) { entries()[i] = hole_; }

// V8 makes room when joins are nested, and keeps it unless the one that ends is the bottom one.
void JoinStack::grow(std::uint32_t entries) {
  const bool was_empty = empty();
  safepoint(isolate_);
  if (was_empty) set_entry(0, v8::Array::New(isolate_, 1));
  nest(entries + 1);
  if (was_empty && in_use()) clear_entry(0);
}

v8::Local<v8::Array> JoinStack::take() {
  if (!in_use()) {
    nest(0);
    return {};
  }
  std::vector<v8::Local<v8::Value>> entries;
  for (std::uint32_t i = 0; i < capacity(); ++i) {
    Tagged word = entry(stack(), i);
    if (word == hole_) continue;
    entries.push_back(v8::Local<v8::Value>::New(isolate_, local_over(&word)));
  }
  if (entries.empty()) return {};
  safepoint(isolate_);
  v8::Local<v8::Array> taken = v8::Array::New(isolate_, entries.data(), entries.size());
  for (std::uint32_t i = 0; i < capacity(); ++i) clear_entry(i);
  return taken;
}

void JoinStack::put_back(v8::Local<v8::Array> entries) {
  if (!in_use()) nest(0);
  if (in_use() && free_entries() < entries->Length()) grow(entries->Length());
  // V8 is terminating, and has dropped the stack or runs no join: nothing of this stack will run.
  if (!in_use() || free_entries() < entries->Length()) return;
  for (std::uint32_t i = 0; i < entries->Length(); ++i) {
    v8::Local<v8::Value> entry;
    if (entries->Get(context_.Get(isolate_), i).ToLocal(&entry)) set_entry(first_free(), entry);
  }
}

}  // namespace greenfiber::v8_state
