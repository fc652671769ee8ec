// Slabs: runs of equal slots, cut one after the other from the reservation and never returned to
// it.

#pragma once

#include <cstddef>
#include <cstdint>

#include "array.h"
#include "size_class.h"

namespace greenfiber::stack {

struct Slab {
  Granule start;
  std::uint32_t slots;
  unsigned class_index;

  std::size_t bytes() const { return slots * stride_of_class(class_index); }
  std::size_t granules() const { return bytes() >> kMinStrideShift; }
};

// How many slots the next slab of a class gets, which has `slots_total` so far: doubling, between a
// first slab of about 4 MiB and kMaxSlabSlots. A slab's guards are made when it is cut, so its size
// is the length of a pause (256 slots: 0.12 ms) and the page tables spent in advance (513 bytes for
// a slot of 256 KiB); beyond 64 slots a larger slab makes guards no cheaper.
inline constexpr std::uint32_t kFirstSlabSlots = 16;
inline constexpr std::uint32_t kMaxSlabSlots = 256;
inline constexpr std::size_t kFirstSlabBytes = std::size_t{4} << 20;

constexpr std::uint32_t next_slab_slots(unsigned class_index, std::uint32_t slots_total) {
  if (slots_total != 0) return slots_total < kMaxSlabSlots ? slots_total : kMaxSlabSlots;
  const std::size_t fit = kFirstSlabBytes / stride_of_class(class_index);
  if (fit >= kFirstSlabSlots) return kFirstSlabSlots;
  return fit == 0 ? 1 : static_cast<std::uint32_t>(fit);
}

// The slabs of all classes in the order of their addresses.
class SlabList {
 public:
  std::size_t size() const { return size_; }
  const Slab& operator[](std::size_t index) const { return slabs_[index]; }

  // Places a slab behind the last one, aligned to its stride, with at most `slots` slots: fewer
  // when the `limit` granules of the reservation end before. A slab of 0 slots: there is no room at
  // all.
  Slab place(unsigned class_index, std::uint32_t slots, std::size_t limit) const;

  // Makes room for one more, so that add() cannot fail.
  [[nodiscard]] bool reserve_one() { return slabs_.reserve(size_ + 1); }
  void add(const Slab& slab) { slabs_[size_++] = slab; }

  // The slab that holds the granule, or null. Binary search.
  const Slab* find(Granule granule) const;

 private:
  Array<Slab> slabs_;
  std::size_t size_ = 0;
};

}  // namespace greenfiber::stack
