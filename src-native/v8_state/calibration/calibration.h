// Finds the Layout of an isolate. Each step performs a public V8 action, sees which word changed, repeats or
// inverts it, and accepts only what is unambiguous. A step that finds nothing, or too much, names itself.
#pragma once

#include <string>

#include "v8_state/calibration/step.h"
#include "v8_state/layout.h"
#include "v8_state/memory_probe.h"

namespace greenfiber::v8_state {

struct Calibration {
  Layout layout;
  std::string failure;  // empty: everything was found

  bool ok() const { return failure.empty(); }
};

// CAUTION: runs JavaScript, may collect garbage, and lets helper threads take the isolate for a moment.
// Must be called on the isolate's own stack, inside a context. `steps` are told what became of each.
Calibration calibrate(v8::Isolate* isolate, Steps& steps);

// Stack limits and what V8 archives for no thread; the locker engine needs no more.
Calibration calibrate_for_locker(v8::Isolate* isolate, Steps& steps);

// What WasmStacks needs. The locker engine does without where this fails.
Calibration calibrate_for_wasm_stacks(v8::Isolate* isolate);

// The steps, in the order they build on each other. Each returns an empty string or what it missed.
std::string find_handle_scopes(v8::Isolate*, const MemoryProbe&, Layout&);
std::string find_thread_list(v8::Isolate*, const MemoryProbe&, Layout&);
std::string find_fresh_thread(v8::Isolate*, const MemoryProbe&, Layout&);
std::string find_spare_block(v8::Isolate*, const MemoryProbe&, Layout&);
std::string find_stack_limits(v8::Isolate*, const MemoryProbe&, Layout&);
std::string find_thread_stack_start(v8::Isolate*, const MemoryProbe&, Layout&);
std::string find_stack_extent(v8::Isolate*, const MemoryProbe&, Layout&);
std::string find_wasm_stacks(v8::Isolate*, const MemoryProbe&, Layout&);
std::string find_unarchived_state(v8::Isolate*, const MemoryProbe&, Layout&);
std::string find_join_stack(v8::Isolate*, const MemoryProbe&, Layout&);
std::string find_continuation_data(v8::Isolate*, const MemoryProbe&, Layout&);
std::string find_interrupt_scopes(v8::Isolate*, const MemoryProbe&, Layout&);

// Not a step: whoever needs frames does without when this says what it missed.
FrameLayout find_frames(v8::Isolate*, const Layout&);

// Runs JavaScript, which serves what is requested.
void serve_interrupts(v8::Isolate* isolate);

// The isolate as words.
inline Word* isolate_words(const Layout& layout) { return reinterpret_cast<Word*>(layout.isolate); }
inline std::size_t isolate_word_count(const Layout& layout) {
  return layout.isolate_extent / sizeof(Word);
}

}  // namespace greenfiber::v8_state
