// The one piece of address space that all stacks of a Pool come from.

#pragma once

#include <cstddef>

#include "slot.h"

namespace greenfiber::stack {

class Reservation {
 public:
  struct Request {
    std::size_t size;
    std::size_t min_size;
    bool inaccessible;  // do not even try to reserve readable and writable
  };

  // Tries `size`, then halves down to `min_size`. extent() is empty when all attempts failed.
  explicit Reservation(const Request& request);
  ~Reservation();
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  // Both ends are multiples of kMaxStride, so a slot at a multiple of its stride from low() is
  // aligned to its stride in memory as well.
  std::byte* low() const { return extent_.low; }
  Extent extent() const { return extent_; }

  // Makes [start, start + size) readable and writable. Free when the reservation already is.
  [[nodiscard]] bool commit(std::byte* start, std::size_t size);

 private:
  bool map(std::size_t size, int protection);

  Extent extent_;
  bool accessible_ = false;
};

}  // namespace greenfiber::stack
