// The stacks that WebAssembly runs suspendable exports on (JavaScript promise integration).
//
// V8 keeps those that are out in one list an isolate, and visits that list again for every archived thread: a scavenger
// that comes to a slot twice copies its object twice, and a full collection takes their number times that of the fibers.
// So all visits but that of the running stack, which comes after those of the archived ones, find a list that holds nothing
// but the stack that runs, to which V8 pays no attention there:
//
//     anchor .. first, main, [all other nodes], last .. anchor
//
// `first` hides the others, `last` shows them again; a scavenge hides them before it begins, because V8 visits them for
// `first`, too.
#pragma once

#include <v8.h>

#include <vector>

#include "v8_state/gate.h"

namespace greenfiber::v8_state {

// The fourth word from the end of ThreadLocalTop: where the running stack was left for one of WebAssembly's.
inline constexpr std::size_t kLeftForWasmAt = kThreadLocalTopSize / sizeof(Word) - 4;

class WasmStacks {
 public:
  // To be made when all other nodes that are there from the beginning are linked.
  WasmStacks(v8::Isolate* isolate, const Layout& layout, const Word* empty_archive);
  ~WasmStacks();
  WasmStacks(const WasmStacks&) = delete;
  WasmStacks& operator=(const WasmStacks&) = delete;

  // Whether WebAssembly left a stack of its own to call the JavaScript that runs: V8 would look for that stack's caller on
  // whatever stack runs, so such a place is never left.
  bool below_one() const {
    if constexpr (!kHasWasmStacks) return false;
    if (*left_for_wasm_at_ == 0) [[likely]]
      return false;
    return state_at_ == 0 ||
           state_of(own_stack()) != kActive;  // V8 13 does not clear the word when it comes back
  }

  // Where V8 keeps the state of a stack is found by looking at what it knows of the thread's own outside, inside, outside,
  // inside and outside of a suspendable export. The second is false if that was not understood.
  void look();
  bool learn();

 private:
  using Look = std::vector<std::int32_t>;
  static constexpr std::int32_t kActive = 0, kLeft = 2;

  Word own_stack() const { return *reinterpret_cast<const Word*>(list_[0]); }
  std::int32_t state_of(Word stack) const {
    return *reinterpret_cast<const std::int32_t*>(stack + state_at_);
  }

  void hide();
  void show();
  void pass_first(void*) { hide(); }
  void pass_last(void*) { show(); }
  static void before_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self);
  static void after_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self);

  v8::Isolate* isolate_;
  Word* const list_;  // a std::vector: { begin, end, capacity }; null where there is none
  Word* const left_for_wasm_at_;
  std::size_t state_at_ = 0;  // 0: not known
  bool find_state(const std::vector<Look>& looks);

  std::vector<Look> looks_;
  Word left_before_ = 0;  // the word, when the first look was taken
  bool hidden_ = false;
  Word all_[2] = {};  // begin and end of the list while it is hidden
  Word active_ = 0;   // all that is to be seen meanwhile
  GateOf<WasmStacks, &WasmStacks::pass_first> at_first_;
  GateOf<WasmStacks, &WasmStacks::pass_last> at_last_;
  GateRecord first_, last_;
};

}  // namespace greenfiber::v8_state
