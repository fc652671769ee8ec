// The words that V8 compares the stack pointer with.
#include <cstring>

#include "v8_state/calibration/calibration.h"

namespace greenfiber::v8_state {

namespace {

// Isolate::SetStackLimit may store more than the limit itself (since V8 13, see find_stack_extent.cc), so
// the old limit is put back by the same call.
class LimitProbe {
 public:
  LimitProbe(v8::Isolate* isolate, Word* guard) : isolate_(isolate) {
    std::memcpy(before_, guard, sizeof before_);
  }

  // Indices of the guard's words that hold `limit` after it was set.
  std::vector<std::size_t> words_following(Word* guard, Word limit) {
    isolate_->SetStackLimit(limit);
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < kStackGuardWords; ++i) {
      if (guard[i] == limit) found.push_back(i);
    }
    return found;
  }

  Word before(std::size_t index) const { return before_[index]; }

 private:
  v8::Isolate* isolate_;
  Word before_[kStackGuardWords];
};

}  // namespace

std::string find_stack_limits(v8::Isolate* isolate, const MemoryProbe&, Layout& layout) {
  Word* guard = layout.stack_guard();
  LimitProbe probe(isolate, guard);
  // Two values that nothing else holds, both far enough below this frame to run the calls.
  const Word here = reinterpret_cast<Word>(__builtin_frame_address(0)) & ~Word{15};
  auto first = probe.words_following(guard, here - 96 * 1024);
  auto second = probe.words_following(guard, here - 112 * 1024);
  if (!first.empty()) {
    layout.main_stack_limit = probe.before(first.front());
    isolate->SetStackLimit(layout.main_stack_limit);
  }
  if (first != second || first.size() != 2 * kStackLimitCount) {
    return std::to_string(2 * kStackLimitCount) + " stack limits (found " +
           std::to_string(first.size()) + ")";
  }
  // Real limits come first, then the effective ones, in the same order.
  for (std::size_t i = 0; i < kStackLimitCount; ++i) {
    layout.stack_limits[i] = {&guard[first[i]], &guard[first[i + kStackLimitCount]]};
    if (*layout.stack_limits[i].real != layout.main_stack_limit) return "equal stack limits";
  }
  return "";
}

}  // namespace greenfiber::v8_state
