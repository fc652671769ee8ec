#include "v8_state/calibration/calibration.h"

#include <malloc.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

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

struct Search {
  const char* name;
  std::string (*find)(v8::Isolate*, const MemoryProbe&, Layout&);
};

Calibration attempt(v8::Isolate* isolate, std::initializer_list<Search> searches, const char* part,
                    Steps& steps) {
  Calibration result;
  MemoryProbe probe;
  v8::HandleScope scope(isolate);
  Layout& layout = result.layout;
  layout.isolate = reinterpret_cast<std::byte*>(isolate);
  layout.isolate_extent = extent_of(isolate, probe);
  layout.main_stack_start = current_thread_stack().high;
  const bool inspectable = layout.isolate_extent != 0 && layout.main_stack_start != 0;
  result.failure = steps.note(part, "the isolate and its stack",
                              inspectable ? "" : "an isolate and a stack that can be inspected");
  for (const Search& search : searches) {
    if (!result.ok()) break;
    safepoint(isolate);
    result.failure = steps.note(part, search.name, search.find(isolate, probe, layout));
  }
  return result;
}

Calibration calibrate_steps(v8::Isolate* isolate, std::initializer_list<Search> searches,
                            const char* part, Steps& steps) {
  // An interrupt that comes meanwhile cuts an attempt short; how far the best one came is what is told.
  const std::size_t before = steps.count();
  Calibration farthest;
  Steps its_steps;
  for (int left = kAttempts;; --left) {
    Calibration result = attempt(isolate, searches, part, steps);
    if (result.ok()) return result;
    if (steps.count() >= its_steps.count()) {
      farthest = std::move(result);
      its_steps = steps;
    }
    const bool is_last = left == 1 || isolate->IsExecutionTerminating();
    if (!is_last) serve_interrupts(isolate);
    if (is_last || isolate->IsExecutionTerminating()) {
      steps = std::move(its_steps);
      return farthest;
    }
    steps.forget_from(before);
  }
}

constexpr Search kHandleScopes = {"handle scopes", find_handle_scopes};
constexpr Search kThreadList = {"the list of archived threads", find_thread_list};
constexpr Search kFreshThread = {"what a thread begins with", find_fresh_thread};
constexpr Search kWasmStacks = {"WebAssembly's stacks", find_wasm_stacks};
constexpr Search kStackLimits = {"stack limits", find_stack_limits};
constexpr Search kStackExtent = {"the extent of the thread's stack", find_stack_extent};
constexpr Search kUnarchivedState = {"state that V8 does not archive", find_unarchived_state};
constexpr Search kJoinStack = {"arrays being joined", find_join_stack};
constexpr Search kContinuationData = {"continuation-preserved data", find_continuation_data};

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

Calibration calibrate(v8::Isolate* isolate, Steps& steps) {
  Calibration result = calibrate_steps(isolate,
                                       {kHandleScopes,
                                        kThreadList,
                                        kFreshThread,
                                        {"the spare block of handles", find_spare_block},
                                        kStackLimits,
                                        kStackExtent,
                                        kWasmStacks,
                                        kUnarchivedState,
                                        kJoinStack,
                                        kContinuationData,
                                        {"scopes that postpone interrupts", find_interrupt_scopes}},
                                       "direct", steps);
  if (result.ok()) result.layout.frames = find_frames(isolate, result.layout);
  return result;
}

Calibration calibrate_for_locker(v8::Isolate* isolate, Steps& steps) {
  return calibrate_steps(isolate,
                         {kStackLimits,
                          {"the start of the thread's stack", find_thread_stack_start},
                          kStackExtent,
                          kUnarchivedState,
                          kJoinStack,
                          kContinuationData},
                         "locker", steps);
}

Calibration calibrate_for_wasm_stacks(v8::Isolate* isolate) {
  Steps nobodys;
  return calibrate_steps(isolate, {kHandleScopes, kThreadList, kFreshThread, kWasmStacks},
                         "suspendable exports", nobodys);
}

}  // namespace greenfiber::v8_state
