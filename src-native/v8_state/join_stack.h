// The arrays that Array.prototype.join is working on.
//
// V8 keeps them in a slot of the native context, to stop at cycles: a FixedArray { map, length, entries... }
// whose free entries hold the_hole. A join removes its own entry when it ends and crashes when it is gone, and
// the one that finds itself at the bottom of a grown stack replaces the whole stack. So only the running
// stack's entries may be in it: a stack that is left in the middle of a join takes its entries along.
#pragma once

#include <v8.h>

#include "v8_state/tagged.h"

namespace greenfiber::v8_state {

class JoinStack {
 public:
  JoinStack() = default;
  // `offset` of the slot from the context's tagged word; the stack is empty now. `nest(depth)` joins arrays
  // in each other.
  JoinStack(v8::Isolate* isolate, v8::Local<v8::Context> context, std::size_t offset,
            v8::Local<v8::Function> nest);

  // Also false when the slot is not in use: V8 drops the stack when it terminates execution.
  bool empty() const { return entry(stack(), 0) == hole_; }

  // CAUTION: both allocate, and may run JavaScript.
  // Takes all entries out, oldest first; an empty handle when there are none.
  v8::Local<v8::Array> take();
  void put_back(v8::Local<v8::Array> entries);

 private:
  static constexpr std::size_t kLength = sizeof(Word) - 1, kFirstEntry = 2 * sizeof(Word) - 1;

  Tagged stack() const { return *reinterpret_cast<const Tagged*>(*context_slot_ + offset_); }
  static Tagged entry(Tagged stack, std::uint32_t i) {
    return reinterpret_cast<const Tagged*>(stack + kFirstEntry)[i];
  }
  // Good until V8 allocates.
  Tagged* entries() const { return reinterpret_cast<Tagged*>(stack() + kFirstEntry); }
  bool in_use() const;
  std::uint32_t capacity() const;
  std::uint32_t free_entries() const;
  std::uint32_t first_free() const;
  void nest(std::uint32_t depth);
  void grow(std::uint32_t entries);
  void set_entry(std::uint32_t i, v8::Local<v8::Value> value);
  void clear_entry(std::uint32_t i);

  v8::Isolate* isolate_ = nullptr;
  v8::Global<v8::Context> context_;
  v8::Global<v8::Function> nest_;
  const Tagged* context_slot_ = nullptr;
  std::size_t offset_ = 0;
  Tagged map_ = 0, hole_ = 0, no_elements_ = 0;  // read-only objects: they never move
};

// Takes the running stack's entries out for a moment in which a call of ours may be terminated: V8 then drops all that
// there are, and a join that goes on crashes. CAUTION: allocates.
class JoinsAside {
 public:
  explicit JoinsAside(JoinStack& stack) : stack_(stack) {
    if (!stack.empty()) entries_ = stack.take();
  }
  ~JoinsAside() {
    if (!entries_.IsEmpty()) stack_.put_back(entries_);
  }
  JoinsAside(const JoinsAside&) = delete;
  JoinsAside& operator=(const JoinsAside&) = delete;

 private:
  JoinStack& stack_;
  v8::Local<v8::Array> entries_;
};

}  // namespace greenfiber::v8_state
