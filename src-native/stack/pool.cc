#include "pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#if !defined(MADV_POPULATE_WRITE)
#define MADV_POPULATE_WRITE 23
#endif

namespace greenfiber::stack {
namespace {

Options normalise(Options options) {
  if (options.default_stack_size == 0) options.default_stack_size = Options{}.default_stack_size;
  options.pool_size = std::min(options.pool_size, SIZE_MAX / 2);
  options.guard_pages = std::min(options.guard_pages, Pool::kMaxGuardPages);
  return options;
}

std::size_t min_stride(std::size_t guard_bytes) {
  return std::max(kMinStride, std::bit_ceil(4 * guard_bytes));
}

}  // namespace

Pool::Pool(const Options& options)
    : guard_bytes_(std::min(options.guard_pages, kMaxGuardPages) * page_size()),
      min_stride_mask_(min_stride(guard_bytes_) - 1),
      reservation_({options.reservation, options.min_reservation, options.reserve_inaccessible}),
      options_(normalise(options)),
      guard_(reservation_.extent(), guard_bytes_, options.allow_guard_markers),
      ledger_(reservation_.extent()),
      prefaults_(options.hot_page != 0),
      chunks_(reservation_.extent().size()) {
  set_pool_size(options_.pool_size);
  if (page_size() > kLargestPage || !std::has_single_bit(page_size())) {
    error_ = Error::kUnsupportedPageSize;
  } else if (extent().size() == 0) {
    error_ = Error::kOutOfAddressSpace;
  } else if (!chunks_.ok()) {
    error_ = Error::kOutOfMemory;
  }
}

Pool::~Pool() = default;

void Pool::set_pool_size(std::size_t pool_size) {
  options_.pool_size = pool_size;
  trim_batch_ = std::clamp<std::size_t>(pool_size / 4, 1, kMaxTrimBatch);
  warm_limit_ = pool_size + trim_batch_ - 1;
  for (unsigned class_index = 0; class_index < kClassCount; ++class_index) {
    const FreeList& free = classes_[class_index].free;
    while (free.warm() > pool_size) {
      give_back(class_index, std::min(free.warm() - pool_size, kMaxTrimBatch));
    }
  }
}

Acquired Pool::acquire_slowly(std::size_t stack_size) {
  if (error_ != Error::kNone) return {{}, error_};
  if (stack_size == 0) return acquire();
  const unsigned class_index = class_for_size(stack_size, min_stride_mask_);
  if (class_index >= kClassCount) return {{}, Error::kTooLarge};
  SizeClass& size_class = classes_[class_index];
  const std::size_t run = run_length(size_class);
  if (size_class.free.empty()) {
    if (size_class.unused == 0) {
      const Error error = grow(class_index);
      if (error != Error::kNone) return {{}, error};
    }
    carve(class_index, std::min<std::size_t>(run, size_class.unused));
  }
  warm_up(class_index, std::min(run, size_class.free.cold()));
  return acquire(stack_size);
}

std::size_t Pool::run_length(const SizeClass& size_class) const {
  if (options_.hot_page == 0) return 1;
  const std::size_t in_use = size_class.slots_total - size_class.unused - size_class.free.size();
  const std::size_t longest = std::clamp<std::size_t>(options_.pool_size, 1, kMaxRun);
  return std::clamp<std::size_t>(in_use / 8, 1, longest);
}

void Pool::carve(unsigned class_index, std::size_t count) {
  SizeClass& size_class = classes_[class_index];
  // Backwards, so that they are popped in the order of their addresses.
  for (std::size_t i = count; i-- > 0;) {
    const Granule granule = size_class.next + static_cast<Granule>(i << class_index);
    ledger_.on_carve(granule, slot_at(granule, stride_of_class(class_index)));
    size_class.free.push_cold(granule);
  }
  size_class.next += static_cast<Granule>(count << class_index);
  size_class.unused -= static_cast<std::uint32_t>(count);
}

void Pool::warm_up(unsigned class_index, std::size_t count) {
  FreeList& free = classes_[class_index].free;
  const Granule* const run = free.next_cold(count);
  AdviceBatch populate(MADV_POPULATE_WRITE, vectored_advice_, AdviceBatch::Fallback::kNone);
  const bool prefaults = prefaults_ && vectored_advice_ && count > 1;
  for (std::size_t i = 0; i < count; ++i) {
    restore_guards(class_index, run[i]);
    chunks_.set_warm(run[i]);
    if (!prefaults) continue;
    std::byte* const start = reservation_.low() + std::size_t{run[i]} * kMinStride;
    const std::size_t hot = stride_of_class(class_index) - options_.hot_page;
    populate.add(start + round_down(hot, page_size()), page_size());
  }
  free.warm_up(count);
  if (!prefaults) return;
  const AdviceBatch::Outcome outcome = populate.finish();
  slots_prefaulted_ += outcome.bytes / page_size();
  prefaults_ = outcome.complete;  // else pages come when they are touched
}

void Pool::restore_guards(unsigned class_index, Granule slot) {
  const std::size_t chunk = ChunkMap::chunk_of(slot);
  if (chunks_.tables(chunk) == ChunkMap::Tables::kDropped) [[unlikely]] {
    const std::size_t stride = stride_of_class(class_index);
    guard_.install(reservation_.low() + chunk * kChunkSize, stride, kChunkSize / stride,
                   vectored_advice_);
    guards_dropped_ -= kChunkSize / stride;
  }
  chunks_.set_tables(chunk, ChunkMap::Tables::kPresent);
}

Error Pool::grow(unsigned class_index) {
  SizeClass& size_class = classes_[class_index];
  std::uint32_t wanted = next_slab_slots(class_index, size_class.slots_total);
  if (options_.max_slots != 0) {
    const std::size_t left = options_.max_slots - std::min(slots_total_, options_.max_slots);
    if (left == 0) return Error::kLimit;
    if (left < wanted) wanted = static_cast<std::uint32_t>(left);
  }
  Slab slab = slabs_.place(class_index, wanted, extent().size() >> kMinStrideShift);
  if (slab.slots == 0) return Error::kOutOfAddressSpace;
  if (!slabs_.reserve_one()) return Error::kOutOfMemory;
  if (!size_class.free.reserve(size_class.slots_total + slab.slots)) return Error::kOutOfMemory;

  std::byte* const start = reservation_.low() + std::size_t{slab.start} * kMinStride;
  while (!reservation_.commit(start, slab.bytes())) {
    slab.slots /= 2;
    if (slab.slots == 0) return Error::kOutOfMemory;
  }
  guard_.install(start, stride_of_class(class_index), slab.slots, vectored_advice_);
  slabs_.add(slab);
  size_class.next = slab.start;
  size_class.unused = slab.slots;
  size_class.slots_total += slab.slots;
  slots_total_ += slab.slots;
  committed_bytes_ += slab.bytes();
  return Error::kNone;
}

void Pool::give_back(unsigned class_index, std::size_t count) {
  // Whole strides, guards included, so that neighbours merge: MADV_DONTNEED leaves both kinds of
  // guard in place.
  const std::size_t stride = stride_of_class(class_index);
  FreeList& free = classes_[class_index].free;
  const Granule* const oldest = free.oldest_warm();
  AdviceBatch batch(MADV_DONTNEED, vectored_advice_);
  for (std::size_t i = 0; i < count; ++i) {
    ledger_.on_give_back(oldest[i]);
    chunks_.set_cold(oldest[i]);
    batch.add(reservation_.low() + std::size_t{oldest[i]} * kMinStride, stride);
  }
  const AdviceBatch::Outcome outcome = batch.finish();
  free.cool(count);
  slots_given_back_ += count;
  give_back_calls_ += outcome.calls;
  advised_bytes_ += outcome.bytes;
}

void Pool::trim(Slot slot, std::byte* live_low) {
  const auto offset = static_cast<std::size_t>(live_low - slot.low);
  const std::size_t dead = round_down(offset, page_size());
  if (live_low <= slot.low || dead == 0) return;
  live_trims_ += 1;
  if (madvise(slot.low, dead, MADV_DONTNEED) == 0) advised_bytes_ += dead;
}

std::size_t Pool::trim_idle() {
  std::size_t left = 0;
  for (unsigned i = 0; i < kClassCount; ++i) {
    FreeList& free = classes_[i].free;
    const std::size_t surplus = std::min((free.idle() + 1) / 2, kIdleBatch);
    if (surplus != 0) give_back(i, surplus);
    free.mark_period();
    left += free.warm();
  }
  return left;
}

void Pool::trim_all() {
  for (unsigned i = 0; i < kClassCount; ++i) {
    const std::size_t warm = classes_[i].free.warm();
    if (warm != 0) give_back(i, warm);
  }
}

Slot Pool::find(const void* address) const {
  if (!extent().contains(address)) return {};
  const auto offset =
      static_cast<std::size_t>(static_cast<const std::byte*>(address) - reservation_.low());
  const auto granule = static_cast<Granule>(offset >> kMinStrideShift);
  const Slab* const slab = slabs_.find(granule);
  if (slab == nullptr) return {};
  const Granule index = (granule - slab->start) >> slab->class_index;
  return slot_at(slab->start + (index << slab->class_index), stride_of_class(slab->class_index));
}

std::size_t Pool::resident_bytes(Slot slot) const {
  unsigned char resident[kMaxStride / kSmallestPage];
  if (mincore(slot.low, slot.size(), resident) != 0) return 0;
  std::size_t pages = 0;
  for (std::size_t i = 0; i < slot.size() / page_size(); ++i) pages += resident[i] & 1;
  return pages * page_size();
}

Statistics Pool::statistics() const {
  Statistics statistics;
  statistics.reserved_bytes = extent().size();
  statistics.committed_bytes = committed_bytes_;
  statistics.slabs = slabs_.size();
  statistics.slots_total = slots_total_;
  for (const SizeClass& size_class : classes_) {
    // Unused slots are only taken when no released one is left, so the slots ever prepared are, but
    // for the rest of a run, the most that were in use at once.
    const std::size_t prepared = size_class.slots_total - size_class.unused;
    statistics.slots_peak += prepared;
    statistics.slots_in_use += prepared - size_class.free.size();
    statistics.slots_warm += size_class.free.warm();
    statistics.slots_cold += size_class.free.cold();
    statistics.slots_unused += size_class.unused;
  }
  statistics.guard_kind = guard_.kind();
  statistics.slots_guarded = guard_.guarded() + guards_dropped_;
  statistics.slots_unguarded = slots_total_ - statistics.slots_guarded;
  statistics.slots_given_back = slots_given_back_;
  statistics.give_back_calls = give_back_calls_;
  statistics.live_trims = live_trims_;
  statistics.chunks_dropped = chunks_dropped_;
  statistics.slots_prefaulted = slots_prefaulted_;
  statistics.advised_bytes = advised_bytes_;
  return statistics;
}

}  // namespace greenfiber::stack
