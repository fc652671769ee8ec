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

  // The words from `address` on that can be read, `most` at most.
  static std::vector<std::uintptr_t> read_words(const void* address, std::size_t most);

  // Copies `bytes` from each address, in few system calls, and calls `visit(index, copy)` for those that can be read.
  template <typename Visit>
  static void read_each(const std::vector<std::uintptr_t>& addresses, std::size_t bytes,
                        Visit visit) {
    std::vector<std::byte> copies(addresses.size() * bytes);
    for (std::size_t at = 0; at < addresses.size();) {
      const std::size_t read = read_run(addresses, at, bytes, copies.data() + at * bytes);
      for (const std::size_t end = at + read; at < end; ++at) visit(at, &copies[at * bytes]);
      if (read == 0) ++at;
    }
  }

  // Cheap filter: aligned, and inside a mapping that was writable when the snapshot was taken.
  bool looks_like_pointer(std::uintptr_t word) const;

  // Bytes from `word` to the end of its mapping; 0 if it lies in none.
  std::size_t bytes_to_mapping_end(std::uintptr_t word) const;

 private:
  // Reads from as many addresses as it can before one that cannot be read, and answers how many these were.
  static std::size_t read_run(const std::vector<std::uintptr_t>& addresses, std::size_t first,
                              std::size_t bytes, std::byte* out);

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
