// Catches misuse of a Pool in debug builds (-DGREENFIBER_DEBUG_STACKS): a slot released twice, a
// slot that is not one, a write to a stack after its release. In other builds an empty class whose
// calls vanish, except that under AddressSanitizer a slot loses the marks its last frames left in
// the shadow memory: a fiber that is abandoned never runs the epilogues that clear them.
//
// There is no magic word at the low end of a slot: it would touch a page that most stacks never
// reach, and the guard below it is the better detector.

#pragma once

#include <cstddef>
#include <cstdint>

#include "size_class.h"
#include "slot.h"

#if defined(__SANITIZE_ADDRESS__)
#define GREENFIBER_STACK_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GREENFIBER_STACK_ASAN 1
#endif
#endif

#if defined(GREENFIBER_STACK_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace greenfiber::stack {

inline void forget_sanitizer_marks([[maybe_unused]] Slot slot) {
#if defined(GREENFIBER_STACK_ASAN)
  __asan_unpoison_memory_region(slot.low, slot.size());
#endif
}

#if defined(GREENFIBER_DEBUG_STACKS)

class DebugLedger {
 public:
  explicit DebugLedger(Extent extent);
  ~DebugLedger();
  DebugLedger(const DebugLedger&) = delete;
  DebugLedger& operator=(const DebugLedger&) = delete;

  void on_carve(Granule granule, Slot slot);
  void on_reuse(Granule granule, Slot slot);
  void on_release(Granule granule, Slot slot);
  void on_give_back(Granule granule);

 private:
  // kNoSlot: no slot starts at this granule, or it was never handed out.
  enum class State : std::uint8_t { kNoSlot, kInUse, kFree, kFreePoisoned };

  std::size_t granules() const { return extent_.size() >> kMinStrideShift; }

  State* states_ = nullptr;  // one byte per granule of the extent; a mapping, so pages come lazily
  Extent extent_;
};

#else

class DebugLedger {
 public:
  explicit DebugLedger(Extent) {}
  void on_carve(Granule, Slot) {}
  void on_reuse(Granule, Slot slot) { forget_sanitizer_marks(slot); }
  void on_release(Granule, Slot) {}
  void on_give_back(Granule) {}
};

#endif

}  // namespace greenfiber::stack
