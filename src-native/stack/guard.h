// The inaccessible pages at the low end of every slot.
//
// Two ways to make them. MADV_GUARD_INSTALL (Linux 6.13) marks page-table entries and leaves the
// mapping whole: any number of guards, 0.5 us each in bulk, and they outlast MADV_DONTNEED,
// MADV_FREE and fork(). Otherwise mprotect: that splits the mapping, two more mappings per guard,
// and a process may have vm.max_map_count (65,530) of them for everything it does. So the number of
// such guards is budgeted, see ProtectBudget; slots beyond the budget go unguarded, which the
// statistics show.
//
// Markers are believed in when a page that has one can no longer be read: an emulator accepts any
// advice and does nothing.

#pragma once

#include <cstddef>

#include "slot.h"
#include "statistics.h"

namespace greenfiber::stack {

// How many mprotect guards may still be made. Other pools, V8 and malloc compete for the same limit
// and nothing here is shared between threads, so the budget is handed out in portions: each is an
// eighth of the mappings free at that moment, and none once a quarter of the limit or less is free.
// Counting mappings means reading /proc/self/maps; portions make that rare.
class ProtectBudget {
 public:
  // One guard's worth of mappings. False: there are none left, and there will be none later.
  bool take();
  void close();

 private:
  void refill();

  std::size_t left_ = 0;
  bool closed_ = false;
};

class Guard {
 public:
  // Finds out whether the kernel has guard markers.
  Guard(Extent extent, std::size_t guard_bytes, bool allow_markers);

  GuardKind kind() const { return kind_; }
  std::size_t guarded() const { return guarded_; }

  // Guards the low end of `count` slots from `start` on, as many as it can, the first ones first.
  // `vectored`: see AdviceBatch.
  void install(std::byte* start, std::size_t stride, std::size_t count, bool& vectored);

  // Takes the markers out of a range with `slots` slots in it, and its pages, so that the kernel
  // can free the page tables (x86-64 since Linux 6.14). False: they are still there.
  [[nodiscard]] bool remove_markers(std::byte* start, std::size_t size, std::size_t slots);

 private:
  void install_markers(std::byte* start, std::size_t stride, std::size_t count, bool& vectored);
  void protect(std::byte* start, std::size_t stride, std::size_t count);

  std::size_t guard_bytes_;
  GuardKind kind_;
  std::size_t guarded_ = 0;
  ProtectBudget budget_;
};

}  // namespace greenfiber::stack
