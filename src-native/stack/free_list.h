// The released slots of one size class: a stack of slot numbers with a boundary in it.
//
//     entries   [ cold ............ | warm .................... ]
//               0                   cold_                       size_    <- push and pop here
//                                        ^ low_water_: the smallest size_ since mark_period()
//
// Warm slots own the page that every fiber uses, cold ones own none. Because push and pop work at
// the top, the entries just above the boundary are the ones released longest ago; making them cold
// is moving the boundary up. When no warm slot is left, moving it down makes a run of cold ones
// warm. The warm entries below low_water_ were needed by nobody in this period.
//
// The numbers live here and not in the slots: a link inside a cold slot would bring its page back,
// and a pop would have to load from a stack that may have left the cache.

#pragma once

#include <cstddef>

#include "array.h"
#include "size_class.h"

namespace greenfiber::stack {

class FreeList {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t cold() const { return cold_; }
  std::size_t warm() const { return size_ - cold_; }

  // Warm slots that stayed in the list for the whole period.
  std::size_t idle() const { return low_water_ - cold_; }

  // Room for every slot of the class, made when a slab is cut, so that push() cannot fail.
  [[nodiscard]] bool reserve(std::size_t slots) { return entries_.reserve(slots); }

  // A warm slot; there must be one.
  Granule pop() {
    const std::size_t top = --size_;
    if (top < low_water_) [[unlikely]]
      low_water_ = top;
    return entries_[top];
  }

  void push(Granule granule) { entries_[size_++] = granule; }

  // For a slot that was never used, while no slot is warm.
  void push_cold(Granule granule) {
    push(granule);
    cold_ = low_water_ = size_;
  }

  // The `count` oldest warm slots, to be given back and then passed to cool(). May be reordered.
  Granule* oldest_warm() { return entries_.data() + cold_; }

  void cool(std::size_t count) {
    cold_ += count;
    if (low_water_ < cold_) low_water_ = cold_;
  }

  // The `count` cold slots that are popped next, while no slot is warm: to be given their page and
  // then passed to warm_up().
  const Granule* next_cold(std::size_t count) const { return entries_.data() + cold_ - count; }

  void warm_up(std::size_t count) {
    cold_ -= count;
    low_water_ = cold_;  // nobody can say yet that they are not needed
  }

  // Begins a new period.
  void mark_period() { low_water_ = size_; }

 private:
  // cold_ <= low_water_ <= size_ holds between calls.
  Array<Granule> entries_;
  std::size_t size_ = 0;
  std::size_t cold_ = 0;
  std::size_t low_water_ = 0;
};

}  // namespace greenfiber::stack
