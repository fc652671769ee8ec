#include "v8_state/engines/thread_identity.h"

#include "v8_state/thread_locals.h"

namespace greenfiber::v8_state {

namespace {

// Ids are small and positive; nothing else may be disturbed even for a moment.
constexpr std::int32_t kLargestThreadId = 1'000'000;
constexpr std::int32_t kOtherThread = 0x20000000;

bool is_thread_id(v8::Isolate* isolate, volatile std::int32_t* word) {
  const std::int32_t value = *word;
  if (value <= 0 || value > kLargestThreadId) return false;
  *word = value ^ kOtherThread;
  const bool locked = v8::Locker::IsLocked(isolate);
  *word = value;
  return !locked;
}

}  // namespace

std::string find_thread_identity(v8::Isolate* isolate, ThreadIdentity& identity) {
  if (!v8::Locker::IsLocked(isolate)) return "a v8::Locker held by this thread";
  for (const ThreadLocals& block : thread_locals()) {
    for (std::uintptr_t at = (block.begin + 3) & ~std::uintptr_t{3}; at + 4 <= block.end; at += 4) {
      auto* word = reinterpret_cast<std::int32_t*>(at);
      if (!is_thread_id(isolate, word)) continue;
      identity.thread_id = word;
      break;
    }
    if (identity.thread_id != nullptr) break;
  }
  if (identity.thread_id == nullptr) return "V8's thread id in thread-local storage";
  return "";
}

}  // namespace greenfiber::v8_state
