#include "v8_state/calibration.h"

#include <malloc.h>

#include <algorithm>
#include <initializer_list>

#include "v8_state/safepoint.h"

namespace greenfiber::v8_state {

namespace {

// Sizes that an isolate may have.
constexpr std::size_t kSmallestIsolate = 32 * 1024, kLargestIsolate = 512 * 1024;

// An isolate is one block of malloc. In a worker other objects of V8 lie right behind it, and look alike.
std::size_t extent_of(const v8::Isolate* isolate, const MemoryProbe& probe) {
  const std::size_t block = malloc_usable_size(const_cast<v8::Isolate*>(isolate)) & ~std::size_t{7};
  if (block < kSmallestIsolate || block > kLargestIsolate) return 0;
  return std::min(block, probe.bytes_to_mapping_end(reinterpret_cast<Word>(isolate)));
}

// A pending interrupt (a finished compile job, say) disturbs the words that are watched; it is served by the
// JavaScript that runs between two attempts.
constexpr int kAttempts = 10;

using Step = std::string (*)(v8::Isolate*, const MemoryProbe&, Layout&);

Calibration attempt(v8::Isolate* isolate, std::initializer_list<Step> steps) {
  Calibration result;
  MemoryProbe probe;
  v8::HandleScope scope(isolate);
  Layout& layout = result.layout;
  layout.isolate = reinterpret_cast<std::byte*>(isolate);
  layout.isolate_extent = extent_of(isolate, probe);
  layout.main_stack_start = current_thread_stack().high;
  if (layout.isolate_extent == 0 || layout.main_stack_start == 0) {
    result.failure = "an isolate and a stack that can be inspected";
    return result;
  }
  for (Step step : steps) {
    safepoint(isolate);
    result.failure = step(isolate, probe, layout);
    if (!result.ok()) break;
  }
  return result;
}

Calibration calibrate_steps(v8::Isolate* isolate, std::initializer_list<Step> steps) {
  for (int left = kAttempts;; --left) {
    Calibration result = attempt(isolate, steps);
    if (result.ok() || left == 1 || isolate->IsExecutionTerminating()) return result;
    serve_interrupts(isolate);
    if (isolate->IsExecutionTerminating()) return result;
  }
}

}  // namespace

void serve_interrupts(v8::Isolate* isolate) {
  v8::HandleScope scope(isolate);
  v8::TryCatch try_catch(isolate);
  v8::Local<v8::Script> script;
  v8::Local<v8::Value> ignored;
  (void)(v8::Script::Compile(
             isolate->GetCurrentContext(),
             v8::String::NewFromUtf8Literal(isolate, "for (let i = 0; i < 9; i++) {}"))
             .ToLocal(&script) &&
         script->Run(isolate->GetCurrentContext()).ToLocal(&ignored));
}

Calibration calibrate(v8::Isolate* isolate) {
  return calibrate_steps(
      isolate, {find_handle_scopes, find_thread_list, find_fresh_thread, find_spare_block,
                find_stack_limits, find_stack_extent, find_wasm_stacks, find_unarchived_state,
                find_join_stack, find_continuation_data, find_interrupt_scopes});
}

Calibration calibrate_for_locker(v8::Isolate* isolate) {
  return calibrate_steps(isolate, {find_stack_limits, find_thread_stack_start, find_stack_extent,
                                   find_unarchived_state, find_join_stack, find_continuation_data});
}

}  // namespace greenfiber::v8_state
