// Which slots own pages, and which chunks of the reservation have page tables.
//
// One bit for the first granule of each slot that is warm or in use, and one byte for each chunk of
// 2 MiB, which is what one page of the lowest page table maps where pages have 4 KiB (larger ones map
// more, and go when several chunks have). Both change only when slots become warm or cold, in runs:
// acquire and release do not come here. They lie in a mapping that fills in as the reservation is
// used, 8.5 MiB of address space for a terabyte.

#pragma once

#include <cstddef>
#include <cstdint>

#include "size_class.h"

namespace greenfiber::stack {

inline constexpr std::size_t kChunkSize = std::size_t{2} << 20;
inline constexpr unsigned kGranulesPerChunkShift = 21 - kMinStrideShift;

class ChunkMap {
 public:
  // For a reservation of `size` bytes; ok() is false when there is no memory for the map.
  explicit ChunkMap(std::size_t size);
  ~ChunkMap();
  ChunkMap(const ChunkMap&) = delete;
  ChunkMap& operator=(const ChunkMap&) = delete;

  bool ok() const { return bits_ != nullptr; }

  void set_warm(Granule slot) { bits_[slot >> 6] |= bit(slot); }
  void set_cold(Granule slot) { bits_[slot >> 6] &= ~bit(slot); }
  bool is_warm(Granule slot) const { return (bits_[slot >> 6] & bit(slot)) != 0; }

  // Whether a slot that starts in the chunk is warm or in use.
  bool any_warm(std::size_t chunk) const {
    static_assert(kGranulesPerChunkShift == 7);
    return (bits_[2 * chunk] | bits_[2 * chunk + 1]) != 0;
  }

  // kUntouched: nobody was there. kDropped: pages, page tables and guard markers are gone.
  enum class Tables : std::uint8_t { kUntouched, kPresent, kDropped };

  Tables tables(std::size_t chunk) const { return tables_[chunk]; }
  void set_tables(std::size_t chunk, Tables tables) { tables_[chunk] = tables; }

  static std::size_t chunk_of(Granule granule) { return granule >> kGranulesPerChunkShift; }

 private:
  static std::uint64_t bit(Granule slot) { return std::uint64_t{1} << (slot & 63); }

  std::size_t bytes_ = 0;
  std::uint64_t* bits_ = nullptr;
  Tables* tables_ = nullptr;
};

}  // namespace greenfiber::stack
