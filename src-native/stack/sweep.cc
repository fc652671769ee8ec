// Pool::sweep: finds stacks that hold more pages than they need, and page tables that nobody needs.
//
// The reservation is looked at in pieces, a chunk or a larger slot each. mincore tells about a chunk
// in some 2 us, and no stack is touched before it is known to have pages to give. So a call costs
// what it looks at, which is bounded, and what it gives back, whatever the number of fibers.

#include <sys/mman.h>

#include <algorithm>

#include "pool.h"

namespace greenfiber::stack {
namespace {

constexpr Granule kChunkGranules = Granule{1} << kGranulesPerChunkShift;

bool any_resident(const unsigned char* first, const unsigned char* end) {
  return std::any_of(first, end, [](unsigned char page) { return (page & 1) != 0; });
}

}  // namespace

bool Pool::sweep(const Occupants& occupants) {
  if (options_.hot_page == 0 || slabs_.size() == 0) return false;
  AdviceBatch dead(MADV_DONTNEED, vectored_advice_);
  std::size_t budget = kSweepChunks;
  // Once around at most: what is found goes back at the end, and must not be found again.
  for (std::size_t seen = 0; seen < slabs_.size() && budget > 0; ++seen) {
    if (sweep_slab_ >= slabs_.size()) sweep_slab_ = 0;
    const Slab slab = slabs_[sweep_slab_];
    const auto end = static_cast<Granule>(slab.start + slab.granules());
    const Granule alignment = std::max(kChunkGranules, Granule{1} << slab.class_index);
    Granule first = slab.start + sweep_at_;
    while (first < end && budget > 0) {
      const auto next = std::min(end, static_cast<Granule>(round_up(first + 1, alignment)));
      if (sweep_piece(slab, first, next, occupants, dead)) --budget;
      first = next;
    }
    sweep_at_ = first - slab.start;
    if (first < end) break;
    sweep_at_ = 0;
    ++sweep_slab_;
    ++swept_slabs_;
  }
  advised_bytes_ += dead.finish().bytes;
  return swept_slabs_ < slabs_.size();
}

// False: there was nothing to look at.
bool Pool::sweep_piece(const Slab& slab, Granule first, Granule end, const Occupants& occupants,
                       AdviceBatch& dead) {
  const std::size_t chunk = ChunkMap::chunk_of(first);
  if (chunks_.tables(chunk) != ChunkMap::Tables::kPresent) return false;
  const bool is_chunk = first % kChunkGranules == 0 && end - first == kChunkGranules;
  if (is_chunk && !chunks_.any_warm(chunk)) {
    drop_tables(slab, first, end);
    return true;
  }
  unsigned char resident[kMaxStride / kSmallestPage];
  std::byte* const start = reservation_.low() + std::size_t{first} * kMinStride;
  const std::size_t size = std::size_t{end - first} * kMinStride;
  if (mincore(start, size, resident) != 0) return true;
  const std::size_t stride = stride_of_class(slab.class_index);
  const std::size_t guard_pages = guard_bytes_ / page_size();
  for (std::size_t offset = 0; offset < size; offset += stride) {
    const Granule granule = first + static_cast<Granule>(offset / kMinStride);
    if (!chunks_.is_warm(granule)) continue;
    const unsigned char* const pages = resident + offset / page_size();
    sweep_slot(slot_at(granule, stride), pages + guard_pages, occupants, dead);
  }
  return true;
}

void Pool::sweep_slot(Slot slot, const unsigned char* resident, const Occupants& occupants,
                      AdviceBatch& dead) {
  const std::size_t hot = (slot.size() - options_.hot_page) / page_size();
  if ((resident[hot] & 1) == 0 || !any_resident(resident, resident + hot)) return;
  const std::byte* const live_low = occupants.live_low(occupants.self, slot);
  const auto below = static_cast<std::size_t>(live_low - slot.low) / page_size();
  if (!any_resident(resident, resident + below)) return;
  dead.add(slot.low, below * page_size());
  ++live_trims_;
  swept_slabs_ = 0;
}

void Pool::drop_tables(const Slab& slab, Granule first, Granule end) {
  std::byte* const start = reservation_.low() + std::size_t{first} * kMinStride;
  const std::size_t size = std::size_t{end - first} * kMinStride;
  const std::size_t chunk = ChunkMap::chunk_of(first);
  const std::size_t slots = size / stride_of_class(slab.class_index);
  if (!guard_.remove_markers(start, size, slots)) {
    // There are none that could be taken out; its turn comes again when it is used again.
    chunks_.set_tables(chunk, ChunkMap::Tables::kUntouched);
    return;
  }
  chunks_.set_tables(chunk, ChunkMap::Tables::kDropped);
  ++chunks_dropped_;
  guards_dropped_ += slots;
  swept_slabs_ = 0;
}

}  // namespace greenfiber::stack
