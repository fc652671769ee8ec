// The list of the stacks that WebAssembly runs on.
#include "v8_state/calibration.h"

namespace greenfiber::v8_state {

namespace {

// Whether `begin` is a block of malloc's of about so many bytes. In front of one glibc keeps its size, with three flags.
bool is_block(const MemoryProbe& probe, Word begin, std::size_t bytes) {
  constexpr std::size_t kHeader = sizeof(Word), kMostSlack = 32, kFlags = 7;
  Word size;
  if (!probe.looks_like_pointer(begin) ||
      !probe.read(reinterpret_cast<void*>(begin - kHeader), &size, sizeof size)) {
    return false;
  }
  const std::size_t usable = (size & ~kFlags) - kHeader;
  return usable >= bytes && usable < bytes + kMostSlack;
}

}  // namespace

// A std::vector of pointers, whose first leads to what V8 knows of the thread's own stack: { lower end, size }. Where this V8
// has no such stacks there is no such vector, so none or several is no failure.
std::string find_wasm_stacks(v8::Isolate*, const MemoryProbe& probe, Layout& layout) {
  if constexpr (!kHasStackExtent) return "";
  Word* words = isolate_words(layout);
  Word* found = nullptr;
  for (std::size_t i = 0; i + 2 < isolate_word_count(layout); ++i) {
    const Word begin = words[i], end = words[i + 1], capacity = words[i + 2];
    if (end <= begin || capacity < end || (end - begin) % sizeof(Word) != 0) continue;
    Word own, extent[2];
    if (!is_block(probe, begin, capacity - begin) ||
        !probe.read(reinterpret_cast<void*>(begin), &own, sizeof own)) {
      continue;
    }
    if (!probe.looks_like_pointer(own) ||
        !probe.read(reinterpret_cast<void*>(own), extent, sizeof extent)) {
      continue;
    }
    if (extent[0] + extent[1] != layout.main_stack_start || extent[1] == 0) continue;
    if (found != nullptr) return "";
    found = &words[i];
  }
  layout.wasm_stacks = found;
  return "";
}

}  // namespace greenfiber::v8_state
