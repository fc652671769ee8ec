// The head of V8's chain of scopes that postpone interrupts. V8 links a scope there while it, or the inspector,
// calls what must not be interrupted; the scope belongs to the stack that runs meanwhile.
#include <bit>
#include <cstring>

#include "v8_state/calibration/calibration.h"

namespace greenfiber::v8_state {

namespace {

// What V8 calls InterruptsScope, with nothing set but the interrupts that it postpones.
struct PostponingScope {
  Word stack_guard = 0;
  Word outer = 0;
  std::uint32_t mask = 0;
  std::uint32_t intercepted = 0;
  Word mode = 0;
};

struct GuardWords {
  Word words[kStackGuardWords];

  explicit GuardWords(const Word* guard) { std::memcpy(words, guard, sizeof words); }
  Word operator[](std::size_t i) const { return words[i]; }
};

void request_interrupt(v8::Isolate* isolate) {
  isolate->RequestInterrupt([](v8::Isolate*, void*) {}, nullptr);
}

// Whether a scope that is linked at `head` catches the next request.
bool intercepts(v8::Isolate* isolate, Word* head, std::uint32_t flag) {
  PostponingScope scope{.mask = flag};
  *head = reinterpret_cast<Word>(&scope);
  request_interrupt(isolate);
  *head = 0;
  return scope.intercepted == flag;
}

}  // namespace

std::string find_interrupt_scopes(v8::Isolate* isolate, const MemoryProbe&, Layout& layout) {
  Word* guard = layout.stack_guard();
  const GuardWords before(guard);
  request_interrupt(isolate);
  const GuardWords requested(guard);
  serve_interrupts(isolate);
  // The flags of what is requested come last.
  std::size_t flags = kStackGuardWords - 1;
  while (flags > 0 && before[flags] == requested[flags]) --flags;
  const Word flag = before[flags] ^ requested[flags];
  if (!std::has_single_bit(flag) || flag > UINT32_MAX) return "the flags of requested interrupts";
  for (std::size_t i = 0; i < flags; ++i) {
    if ((before[i] | requested[i]) != 0) continue;
    const bool intercepted = intercepts(isolate, &guard[i], static_cast<std::uint32_t>(flag));
    // Also takes our request out of V8's queue.
    request_interrupt(isolate);
    serve_interrupts(isolate);
    if (!intercepted) continue;
    layout.interrupt_scopes = &guard[i];
    return "";
  }
  return "the scopes that postpone interrupts";
}

}  // namespace greenfiber::v8_state
