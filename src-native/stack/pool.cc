#include "pool.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "advice.h"

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
    : guard_bytes_(std::min(options.guard_pages, kMaxGuardPages) * kPageSize),
      min_stride_mask_(min_stride(guard_bytes_) - 1),
      reservation_({options.reservation, options.min_reservation, options.reserve_inaccessible}),
      options_(normalise(options)),
      guard_(reservation_.extent(), guard_bytes_, options.allow_guard_markers),
      ledger_(reservation_.extent()) {
  set_pool_size(options_.pool_size);
  if (sysconf(_SC_PAGESIZE) != static_cast<long>(kPageSize)) {
    error_ = Error::kUnsupportedPageSize;
  } else if (extent().size() == 0) {
    error_ = Error::kOutOfAddressSpace;
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

Acquired Pool::acquire_unused(std::size_t stack_size) {
  if (error_ != Error::kNone) return {{}, error_};
  if (stack_size == 0) return acquire();
  const unsigned class_index = class_for_size(stack_size, min_stride_mask_);
  if (class_index >= kClassCount) return {{}, Error::kTooLarge};
  SizeClass& size_class = classes_[class_index];
  if (size_class.unused == 0) {
    const Error error = grow(class_index);
    if (error != Error::kNone) return {{}, error};
  }
  const Granule granule = size_class.next;
  const Slot slot = slot_at(granule, stride_of_class(class_index));
  size_class.next += Granule{1} << class_index;
  size_class.unused -= 1;
  ledger_.on_first_use(granule, slot);
  return {slot, Error::kNone};
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
  const std::size_t dead = round_down(offset, kPageSize);
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
  unsigned char resident[kMaxStride / kPageSize];
  if (mincore(slot.low, slot.size(), resident) != 0) return 0;
  std::size_t pages = 0;
  for (std::size_t i = 0; i < slot.size() / kPageSize; ++i) pages += resident[i] & 1;
  return pages * kPageSize;
}

Statistics Pool::statistics() const {
  Statistics statistics;
  statistics.reserved_bytes = extent().size();
  statistics.committed_bytes = committed_bytes_;
  statistics.slabs = slabs_.size();
  statistics.slots_total = slots_total_;
  for (const SizeClass& size_class : classes_) {
    // Unused slots are only taken when no released one is left, so the slots ever handed out are
    // the most that were in use at once.
    const std::size_t ever_used = size_class.slots_total - size_class.unused;
    statistics.slots_peak += ever_used;
    statistics.slots_in_use += ever_used - size_class.free.size();
    statistics.slots_warm += size_class.free.warm();
    statistics.slots_cold += size_class.free.cold();
    statistics.slots_unused += size_class.unused;
  }
  statistics.guard_kind = guard_.kind();
  statistics.slots_guarded = guard_.guarded();
  statistics.slots_unguarded = slots_total_ - guard_.guarded();
  statistics.slots_given_back = slots_given_back_;
  statistics.give_back_calls = give_back_calls_;
  statistics.live_trims = live_trims_;
  statistics.advised_bytes = advised_bytes_;
  return statistics;
}

}  // namespace greenfiber::stack
