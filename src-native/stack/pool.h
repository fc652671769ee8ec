// All stacks of one Node environment.
//
// Memory tiers, cheapest reuse first. A slot moves down by being left alone and up by being used:
//
//   in use   handed out; the pool knows nothing about it and keeps no record of it
//   warm     released, pages still there. Reused last-in first-out: the next fiber starts on lines
//            that are still in the cache. At most Options::pool_size (plus one batch) per class
//   cold     released, pages given back to the kernel, or prepared and never used
//   unused   part of a slab, never prepared, never touched: address space, a guard, nothing else
//   reserve  the rest of the reservation: address space only
//
//   reservation  low                                                                       high
//                | slab 256 KiB x 16 | slab 16 KiB x 16 | slab 256 KiB x 16 | ... |  reserve  |
//                /                    \.
//               | guard | stack <---- top | guard | stack <---- top | ... 16 slots
//                        low          high
//
// acquire() takes a warm slot. When there is none it warms up a run of cold ones, or of unused ones,
// or cuts a new slab (each about as large as all earlier ones of its class together, see slab.h).
// The released slots of a class are one array used as a stack, with a boundary in it: below the
// boundary cold, above it warm. So acquire and release are a pop and a push, the longest-released
// slots are the ones next to the boundary, and giving them back or warming them up moves the
// boundary. See free_list.h.
//
// A run is an eighth of the slots in use, 64 at most. One process_madvise(MADV_POPULATE_WRITE) gives
// all of them the page that every fiber touches first (Options::hot_page): 1.2 us a page, against
// 4 us for an madvise each and up to 20 us for a page fault, which under virtualisation is dear.
//
// release() beyond pool_size gives back a batch of the oldest warm slots, so that the system call
// is shared. trim_idle(), from a timer, lets the warm tier fall by half of what the last period did
// not need. trim() gives back the part of a live stack that a deep excursion left behind, sweep()
// looks for such stacks and for page tables that nobody needs, a bounded piece of the reservation
// at a time.
//
// Why one reservation for all classes: V8 wants to know the one extent in which "the stack" may lie
// (see extent()). Why slots never move or merge: a suspended stack is full of pointers into itself.
//
// Stack tops are not coloured (given different offsets within their page): measured, it wins 10-25%
// with 1,000-10,000 stacks in turn and loses 10-80% with 100,000, so it is no clear win, and equal
// offsets keep one page per suspended fiber.
//
// One thread uses a Pool. Pools of different threads share nothing. After fork() the child has its
// own copy of everything, guards included.

#pragma once

#include <cstddef>
#include <cstdint>

#include "advice.h"
#include "chunk_map.h"
#include "debug_ledger.h"
#include "free_list.h"
#include "guard.h"
#include "reservation.h"
#include "size_class.h"
#include "slab.h"
#include "slot.h"
#include "statistics.h"

// A build of the tests for an emulator, which keeps a record of each page, makes do with less.
#if !defined(GREENFIBER_RESERVATION)
#define GREENFIBER_RESERVATION (std::size_t{256} << 30)
#endif

namespace greenfiber::stack {

struct Options {
  // Stride of the class that acquire() without an argument takes, guard included.
  std::size_t default_stack_size = 256 * 1024;

  // Address space asked for; halved until the kernel agrees, not below min_reservation.
  std::size_t reservation = GREENFIBER_RESERVATION;
  std::size_t min_reservation = std::size_t{1} << 30;

  // Released slots of each class that keep their pages; no run that is warmed up is longer.
  std::size_t pool_size = 256;

  // The page that every user of a slot touches first: how far below the high end it begins. Given to
  // slots in runs. 0: pages come when they are touched.
  std::size_t hot_page = 0;

  // Most slots that may ever be cut, over all classes; 0 is no limit.
  std::size_t max_slots = 0;

  // Pages of guard at the low end of each slot, 0 to 64. The smallest stride becomes four guards.
  std::size_t guard_pages = 1;

  // For tests and unusual kernels.
  bool allow_guard_markers = true;    // false: guard with mprotect
  bool reserve_inaccessible = false;  // true: reserve with PROT_NONE and open slab by slab
};

class Pool {
 public:
  // Does not fail: a pool that could not reserve answers every acquire() with error().
  explicit Pool(const Options& options = {});
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  Error error() const { return error_; }
  const Options& options() const { return options_; }

  // Every slot there is or will be lies in here. Fixed for the life of the pool; empty on error().
  Extent extent() const { return reservation_.extent(); }

  // A stack of the default size, or of the smallest class that holds `stack_size` bytes. The size
  // counts the guard: acquire(256 KiB) gives 252 KiB usable, not a slot of 512 KiB. Contents are
  // unspecified: what the last fiber left, or zeroes. 0 stands for the default.
  Acquired acquire() { return acquire(options_.default_stack_size); }
  Acquired acquire(std::size_t stack_size);

  // `slot` came from this pool, is in use and nothing runs on it.
  void release(Slot slot);

  // Gives back the pages of a slot in use that lie wholly below `live_low`. Costs 0.6 us and more,
  // so ask worth_trimming() first. On the stack one is running on, `live_low` must leave room for
  // this call itself: a page below the caller's stack pointer is enough.
  void trim(Slot slot, std::byte* live_low);

  // Whether trim() pays for a stack that once reached down to `deepest`: giving back and touching
  // again costs 3 us and more, so only from kTrimWorthPages on. The pool does not know `deepest`,
  // and does not offer to find out: asking the kernel about a single page (mincore, 0.9 us) costs
  // more than a trim() that finds nothing (0.6 us).
  static bool worth_trimming(const std::byte* live_low, const std::byte* deepest) {
    return live_low - deepest >= static_cast<std::ptrdiff_t>(kTrimWorthPages * page_size());
  }

  // Who uses the slots, for sweep(): answers where the part of `slot` begins that has to stay. It is
  // asked about slots whose hot page is in memory, released ones too: those may answer with their
  // hot page.
  struct Occupants {
    std::byte* (*live_low)(const void* self, Slot slot);
    const void* self;
  };

  // For a timer. Looks at the next kSweepChunks chunks of the reservation that were ever used, round
  // and round: gives back the pages that lie below the live part of a slot, and the page tables of
  // chunks where every slot is cold. False: a whole round has found nothing. Needs Options::hot_page.
  bool sweep(const Occupants& occupants);

  // Options::pool_size from now on; warm slots beyond it are given back at once.
  void set_pool_size(std::size_t pool_size);

  // For a timer while the program is idle. Gives back half of the warm slots that nothing needed
  // since the last call (at most kIdleBatch a class). Returns how many warm slots are left: the
  // timer may stop at 0.
  std::size_t trim_idle();

  // Gives back every warm slot. For memory pressure.
  void trim_all();

  // The slot that `address` lies in, its guard included; an empty Slot when none. O(log slabs).
  Slot find(const void* address) const;

  // Bytes of `slot` in physical memory. For statistics and tests: mincore over the whole slot.
  std::size_t resident_bytes(Slot slot) const;

  Statistics statistics() const;

  static constexpr std::size_t kTrimWorthPages = 8;
  static constexpr std::size_t kMaxTrimBatch = 64;
  static constexpr std::size_t kIdleBatch = 512;
  static constexpr std::size_t kMaxGuardPages = 64;
  static constexpr std::size_t kMaxRun = 64;
  static constexpr std::size_t kSweepChunks = 512;

 private:
  struct SizeClass {
    FreeList free;
    Granule next = 0;               // the first unused slot of the newest slab
    std::uint32_t unused = 0;       // how many follow
    std::uint32_t slots_total = 0;  // in all slabs
  };

  Acquired acquire_slowly(std::size_t stack_size);
  Error grow(unsigned class_index);
  // How many slots are prepared at once.
  std::size_t run_length(const SizeClass& size_class) const;
  void carve(unsigned class_index, std::size_t count);
  void warm_up(unsigned class_index, std::size_t count);
  void restore_guards(unsigned class_index, Granule slot);
  void give_back(unsigned class_index, std::size_t count);
  bool sweep_piece(const Slab& slab, Granule first, Granule end, const Occupants& occupants,
                   AdviceBatch& dead);
  void sweep_slot(Slot slot, const unsigned char* resident, const Occupants& occupants,
                  AdviceBatch& dead);
  void drop_tables(const Slab& slab, Granule first, Granule end);

  Slot slot_at(Granule granule, std::size_t stride) const {
    std::byte* const start = reservation_.low() + std::size_t{granule} * kMinStride;
    return {start + guard_bytes_, start + stride};
  }
  Granule granule_of(Slot slot) const {
    return static_cast<Granule>(
        static_cast<std::size_t>(slot.low - guard_bytes_ - reservation_.low()) >> kMinStrideShift);
  }

  // Hot: read by every acquire and release.
  std::size_t guard_bytes_;
  std::size_t min_stride_mask_;
  std::size_t warm_limit_;  // pool_size plus the batch that is given back when it is exceeded
  SizeClass classes_[kClassCount];
  Reservation reservation_;

  Options options_;
  Error error_ = Error::kNone;
  std::size_t trim_batch_;
  Guard guard_;
  SlabList slabs_;
  std::size_t slots_total_ = 0;
  std::size_t committed_bytes_ = 0;
  DebugLedger ledger_;
  bool vectored_advice_ = true;  // see AdviceBatch
  bool prefaults_;
  ChunkMap chunks_;
  std::size_t sweep_slab_ = 0;   // where sweep() goes on:
  Granule sweep_at_ = 0;         // so far behind the start of that slab
  std::size_t swept_slabs_ = 0;  // without finding anything
  std::uint64_t slots_prefaulted_ = 0;
  std::uint64_t chunks_dropped_ = 0;
  std::size_t guards_dropped_ = 0;  // to be restored before the slot is handed out
  std::uint64_t slots_given_back_ = 0;
  std::uint64_t give_back_calls_ = 0;
  std::uint64_t live_trims_ = 0;
  std::uint64_t advised_bytes_ = 0;
};

inline Acquired Pool::acquire(std::size_t stack_size) {
  const unsigned class_index = class_for_size(stack_size, min_stride_mask_);
  if (class_index < kClassCount && classes_[class_index].free.warm() != 0) [[likely]] {
    const Granule granule = classes_[class_index].free.pop();
    const Slot slot = slot_at(granule, stride_of_class(class_index));
    ledger_.on_reuse(granule, slot);
    return {slot, Error::kNone};
  }
  return acquire_slowly(stack_size);
}

inline void Pool::release(Slot slot) {
  const unsigned class_index = class_of_stride(slot.size() + guard_bytes_);
  const Granule granule = granule_of(slot);
  ledger_.on_release(granule, slot);
  FreeList& free = classes_[class_index].free;
  free.push(granule);
  if (free.warm() > warm_limit_) [[unlikely]]
    give_back(class_index, trim_batch_);
}

}  // namespace greenfiber::stack
