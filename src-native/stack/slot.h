// What a Pool hands out: one stack.

#pragma once

#include <cstddef>

namespace greenfiber::stack {

// The usable part of a slot; the guard lies below `low`. A plain value: the pool keeps no record of
// a slot that is in use.
struct Slot {
  std::byte* low = nullptr;   // lowest usable byte, page aligned
  std::byte* high = nullptr;  // one past the highest usable byte, page aligned; stacks start here

  std::size_t size() const { return static_cast<std::size_t>(high - low); }
  bool contains(const void* address) const {
    return address >= static_cast<const void*>(low) && address < static_cast<const void*>(high);
  }
  explicit operator bool() const { return high != nullptr; }
  friend bool operator==(const Slot&, const Slot&) = default;
};

// A half-open range of addresses.
struct Extent {
  std::byte* low = nullptr;
  std::byte* high = nullptr;

  std::size_t size() const { return static_cast<std::size_t>(high - low); }
  bool contains(const void* address) const {
    return address >= static_cast<const void*>(low) && address < static_cast<const void*>(high);
  }
};

enum class Error : unsigned char {
  kNone,
  kOutOfAddressSpace,  // nothing could be reserved, or the reservation is used up
  kOutOfMemory,        // the kernel refused to commit a slab, or metadata could not grow
  kLimit,              // Options::max_slots reached
  kTooLarge,           // more than kMaxStride asked for
  kUnsupportedPageSize,
};

// One English sentence for a message, without the final stop.
const char* describe(Error error);

struct [[nodiscard]] Acquired {
  Slot slot;
  Error error = Error::kNone;

  explicit operator bool() const { return error == Error::kNone; }
};

}  // namespace greenfiber::stack
