// The least that a coroutine needs on top of src-native/context and src-native/stack: the floor under a fiber, without
// V8. Values are words. As in the addon, the first resume takes a stack from the pool and the end gives it back.
#pragma once

#include <cstdint>

#include "context/context.h"
#include "stack/pool.h"

namespace greenfiber::bench {

using Word = std::uintptr_t;

class Coroutine {
 public:
  using Body = Word (*)(Coroutine& self, Word first);

  Coroutine(stack::Pool& pool, Body body) : pool_(pool), body_(body) {}
  ~Coroutine() {
    if (slot_) pool_.release(slot_);
  }
  Coroutine(const Coroutine&) = delete;
  Coroutine& operator=(const Coroutine&) = delete;

  // What it yields or, when it ends, returns.
  Word resume(Word value = 0) {
    if (!slot_) start();
    const context::Transfer back = context::switch_to(frame_, reinterpret_cast<void*>(value));
    frame_ = back.from;
    if (done()) finish();
    return reinterpret_cast<Word>(back.payload);
  }

  // For the body: what it is resumed with.
  Word yield(Word value = 0) {
    const context::Transfer back = context::switch_to(resumer_, reinterpret_cast<void*>(value));
    resumer_ = back.from;
    return reinterpret_cast<Word>(back.payload);
  }

  bool done() const { return frame_ == nullptr; }

 private:
  static void enter(context::Transfer first, void* argument) {
    auto& self = *static_cast<Coroutine*>(argument);
    self.resumer_ = first.from;
    const Word result = self.body_(self, reinterpret_cast<Word>(first.payload));
    context::switch_to_final(self.resumer_, reinterpret_cast<void*>(result));
  }

  void start() {
    slot_ = pool_.acquire().slot;
    frame_ = context::prepare(slot_.high, enter, this);
  }

  void finish() {
    pool_.release(slot_);
    slot_ = {};
  }

  stack::Pool& pool_;
  Body body_;
  stack::Slot slot_;
  context::SuspendedFrame* frame_ = nullptr;  // where it sleeps
  context::SuspendedFrame* resumer_ = nullptr;
};

}  // namespace greenfiber::bench
