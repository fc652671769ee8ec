// The released slots of one size class: a stack of slot numbers with a boundary in it.
//
//     entries   [ cold ............ | warm .................... ]
//               0                   cold_                       size_    <- push and pop here
//                                        ^ low_water_: the smallest size_ since mark_period()
//
// Warm slots still own their pages, cold ones do not. Because push and pop work at the top, the
// entries just above the boundary are the ones released longest ago; making them cold is moving the
// boundary up. The warm entries below low_water_ were needed by nobody in this period.
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

  Granule pop() {
    const std::size_t top = --size_;
    if (top < low_water_) [[unlikely]]
      lower_to(top);
    return entries_[top];
  }

  void push(Granule granule) { entries_[size_++] = granule; }

  // The `count` oldest warm slots, to be given back and then passed to cool(). May be reordered.
  Granule* oldest_warm() { return entries_.data() + cold_; }

  void cool(std::size_t count) {
    cold_ += count;
    if (low_water_ < cold_) low_water_ = cold_;
  }

  // Begins a new period.
  void mark_period() { low_water_ = size_; }

 private:
  // cold_ <= low_water_ <= size_ holds between calls, which is why pop() needs one comparison.
  void lower_to(std::size_t top) {
    low_water_ = top;
    if (top < cold_) cold_ = top;
  }

  Array<Granule> entries_;
  std::size_t size_ = 0;
  std::size_t cold_ = 0;
  std::size_t low_water_ = 0;
};

}  // namespace greenfiber::stack
