#include "chunk_map.h"

#include <sys/mman.h>

namespace greenfiber::stack {

ChunkMap::ChunkMap(std::size_t size) {
  const std::size_t chunks = round_up(size, kChunkSize) / kChunkSize;
  if (chunks == 0) return;
  const std::size_t bit_bytes = chunks * ((std::size_t{1} << kGranulesPerChunkShift) / 8);
  bytes_ = round_up(bit_bytes + chunks, page_size());
  void* const memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  bits_ = static_cast<std::uint64_t*>(memory);
  tables_ = reinterpret_cast<Tables*>(static_cast<std::byte*>(memory) + bit_bytes);
}

ChunkMap::~ChunkMap() {
  if (bits_ != nullptr) munmap(bits_, bytes_);
}

}  // namespace greenfiber::stack
