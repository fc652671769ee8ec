// Reading memory that may not be there. Calibration follows words that only look like pointers, so every
// read goes through the kernel: a wrong guess is an error code and not a signal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace greenfiber::v8_state {

class MemoryProbe {
 public:
  // Takes a snapshot of the process's writable mappings, the only places pointers are followed into.
  MemoryProbe();

  // Copies `bytes` from `address`, all or nothing.
  static bool read(const void* address, void* out, std::size_t bytes);

  // Cheap filter: aligned, and inside a mapping that was writable when the snapshot was taken.
  bool looks_like_pointer(std::uintptr_t word) const;

  // Bytes from `word` to the end of its mapping; 0 if it lies in none.
  std::size_t bytes_to_mapping_end(std::uintptr_t word) const;

 private:
  struct Range {
    std::uintptr_t begin, end;
  };
  std::vector<Range> writable_;
};

// [low, high) of the calling thread's stack, as the C library knows it; both 0 when it does not.
struct StackExtent {
  std::uintptr_t low, high;
};
StackExtent current_thread_stack();

}  // namespace greenfiber::v8_state
