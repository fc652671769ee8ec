#include "debug_ledger.h"

#if defined(GREENFIBER_DEBUG_STACKS)

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace greenfiber::stack {
namespace {

// What the top page of a released stack is filled with. 0xdbdb... is no canonical address, so a
// pointer or return address read from it faults.
constexpr unsigned char kPoison = 0xdb;

[[noreturn]] void fail(const char* what, Slot slot) {
  std::fprintf(stderr, "greenfiber: stack %p-%p: %s\n", static_cast<void*>(slot.low),
               static_cast<void*>(slot.high), what);
  std::abort();
}

// False when the page was never touched: poison must not bring it into memory.
bool is_resident(std::byte* page) {
  unsigned char resident = 0;
  return mincore(page, page_size(), &resident) == 0 && (resident & 1) != 0;
}

std::byte* top_page(Slot slot) { return slot.high - page_size(); }

}  // namespace

DebugLedger::DebugLedger(Extent extent) : extent_(extent) {
  if (extent.size() == 0) return;
  void* const mapped = mmap(nullptr, granules(), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped != MAP_FAILED) states_ = static_cast<State*>(mapped);
}

DebugLedger::~DebugLedger() {
  if (states_ != nullptr) munmap(states_, granules());
}

void DebugLedger::on_carve(Granule granule, Slot slot) {
  if (states_ == nullptr) return;
  if (states_[granule] != State::kNoSlot) fail("cut twice", slot);
  states_[granule] = State::kFree;
}

void DebugLedger::on_reuse(Granule granule, Slot slot) {
  if (states_ == nullptr) return;
  if (states_[granule] == State::kInUse) fail("in the free list while in use", slot);
  if (states_[granule] == State::kFreePoisoned) {
    for (const std::byte* at = top_page(slot); at != slot.high; ++at) {
      if (*at != std::byte{kPoison}) fail("written to after its release", slot);
    }
  }
  states_[granule] = State::kInUse;
  forget_sanitizer_marks(slot);
}

void DebugLedger::on_release(Granule granule, Slot slot) {
  if (states_ == nullptr) return;
  if (granule >= granules() || !extent_.contains(slot.low)) fail("not a stack of this pool", slot);
  if (states_[granule] == State::kNoSlot) fail("not the start of a slot", slot);
  if (states_[granule] != State::kInUse) fail("released twice", slot);
  forget_sanitizer_marks(slot);
  states_[granule] = State::kFree;
  if (!is_resident(top_page(slot))) return;
  std::memset(top_page(slot), kPoison, page_size());
  states_[granule] = State::kFreePoisoned;
}

void DebugLedger::on_give_back(Granule granule) {
  if (states_ != nullptr) states_[granule] = State::kFree;
}

}  // namespace greenfiber::stack

#endif
