#include "slab.h"

#include <algorithm>

namespace greenfiber::stack {

Slab SlabList::place(unsigned class_index, std::uint32_t slots, std::size_t limit) const {
  const std::size_t granules_per_slot = std::size_t{1} << class_index;
  std::size_t end = 0;
  if (size_ > 0) end = slabs_[size_ - 1].start + slabs_[size_ - 1].granules();
  const std::size_t start = round_up(end, granules_per_slot);
  const std::size_t room = start < limit ? (limit - start) >> class_index : 0;
  if (room < slots) slots = static_cast<std::uint32_t>(room);
  return {static_cast<Granule>(start), slots, class_index};
}

const Slab* SlabList::find(Granule granule) const {
  const Slab* const end = slabs_.data() + size_;
  const Slab* const after = std::upper_bound(
      slabs_.data(), end, granule, [](Granule g, const Slab& slab) { return g < slab.start; });
  if (after == slabs_.data()) return nullptr;
  const Slab* const slab = after - 1;
  return granule - slab->start < slab->granules() ? slab : nullptr;
}

}  // namespace greenfiber::stack
