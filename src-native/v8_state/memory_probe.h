// Reading memory that may not be there. Calibration follows words that only look like pointers, so every
// read goes through the kernel: a wrong guess is an error code and not a signal.
#pragma once

#include <algorithm>
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

  // The word at `address`; `otherwise` if it cannot be read. What a search came upon may be another thread's, which gives it
  // back to the system at any moment, so it is never loaded.
  static std::uintptr_t word_at(const void* address, std::uintptr_t otherwise) {
    std::uintptr_t word;
    return read(address, &word, sizeof word) ? word : otherwise;
  }

  // The words from `address` on that can be read, `most` at most.
  static std::vector<std::uintptr_t> read_words(const void* address, std::size_t most);

  // Copies `bytes` from each address, in few system calls, and calls `visit(index, copy)` for those that can be read.
  template <typename Visit>
  static void read_each(const std::vector<std::uintptr_t>& addresses, std::size_t bytes,
                        Visit visit) {
    const std::size_t most = std::clamp<std::size_t>(kCopiedAtOnce / bytes, 1,
                                                     std::max<std::size_t>(1, addresses.size()));
    std::vector<std::byte> copies(most * bytes);
    for (std::size_t at = 0; at < addresses.size();) {
      const std::size_t read = read_run(addresses, at, most, bytes, copies.data());
      for (std::size_t i = 0; i < read; ++i) visit(at + i, &copies[i * bytes]);
      at += std::max<std::size_t>(1, read);
    }
  }

  // The same for where those of `words` lead that look like pointers; `index` is that of the word.
  template <typename Visit>
  void follow_each(const std::uintptr_t* words, std::size_t count, std::size_t bytes,
                   Visit visit) const {
    std::vector<std::size_t> indices;
    std::vector<std::uintptr_t> targets;
    for (std::size_t i = 0; i < count; ++i) {
      if (!looks_like_pointer(words[i])) continue;
      indices.push_back(i);
      targets.push_back(words[i]);
    }
    read_each(targets, bytes,
              [&](std::size_t k, const std::byte* copy) { visit(indices[k], copy); });
  }

  // Cheap filter: aligned, and inside a mapping that was writable when the snapshot was taken.
  bool looks_like_pointer(std::uintptr_t word) const;

  // Bytes from `word` to the end of its mapping; 0 if it lies in none.
  std::size_t bytes_to_mapping_end(std::uintptr_t word) const;

 private:
  static constexpr std::size_t kCopiedAtOnce = 32 * 1024;  // stays in the cache

  // Reads from as many addresses, `most` of them, as it can before one that cannot be read, and answers how many these
  // were.
  static std::size_t read_run(const std::vector<std::uintptr_t>& addresses, std::size_t first,
                              std::size_t most, std::size_t bytes, std::byte* out);

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
