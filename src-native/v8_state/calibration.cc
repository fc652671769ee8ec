#include "v8_state/calibration.h"

#include <initializer_list>

namespace greenfiber::v8_state {

namespace {

// More than any isolate's size; what lies behind it is only looked at, never written.
constexpr std::size_t kIsolateSearchExtent = 128 * 1024;

// A pending interrupt (a finished compile job, say) disturbs the words that are watched; it is served by the
// JavaScript that runs between two attempts.
constexpr int kAttempts = 3;

using Step = std::string (*)(v8::Isolate*, const MemoryProbe&, Layout&);

void serve_interrupts(v8::Isolate* isolate) {
  v8::HandleScope scope(isolate);
  v8::TryCatch try_catch(isolate);
  v8::Local<v8::Script> script;
  v8::Local<v8::Value> ignored;
  (void)(v8::Script::Compile(isolate->GetCurrentContext(),
                             v8::String::NewFromUtf8Literal(isolate, "for (let i = 0; i < 9; i++) {}"))
             .ToLocal(&script) &&
         script->Run(isolate->GetCurrentContext()).ToLocal(&ignored));
}

Calibration attempt(v8::Isolate* isolate, std::initializer_list<Step> steps) {
  Calibration result;
  MemoryProbe probe;
  v8::HandleScope scope(isolate);
  Layout& layout = result.layout;
  layout.isolate = reinterpret_cast<std::byte*>(isolate);
  layout.isolate_extent = probe.readable_bytes(isolate, kIsolateSearchExtent);
  layout.main_stack_start = current_thread_stack().high;
  if (layout.isolate_extent == 0 || layout.main_stack_start == 0) {
    result.failure = "an isolate and a stack that can be inspected";
    return result;
  }
  for (Step step : steps) {
    result.failure = step(isolate, probe, layout);
    if (!result.ok()) break;
  }
  return result;
}

Calibration calibrate_steps(v8::Isolate* isolate, std::initializer_list<Step> steps) {
  for (int left = kAttempts;; --left) {
    Calibration result = attempt(isolate, steps);
    if (result.ok() || left == 1) return result;
    serve_interrupts(isolate);
  }
}

}  // namespace

Calibration calibrate(v8::Isolate* isolate) {
  return calibrate_steps(isolate,
                         {find_handle_scopes, find_thread_list, find_fresh_thread, find_spare_block,
                          find_stack_limits, find_unarchived_state, find_continuation_data});
}

Calibration calibrate_unarchived(v8::Isolate* isolate) {
  return calibrate_steps(isolate, {find_unarchived_state, find_continuation_data});
}

}  // namespace greenfiber::v8_state
