// The native half of Node's stack of execution resources.
//
// Node has changed its container in the middle of major versions. Which one there is is found by calibration, so one
// binary serves all releases of a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "v8_state/memory_probe.h"
#include "v8_state/safepoint.h"
#include "v8_state/tagged.h"

namespace greenfiber::node_state {

using v8_state::is_small_integer;
using v8_state::local_over;
using v8_state::MemoryProbe;
using v8_state::safepoint;
using v8_state::small_integer;
using v8_state::Tagged;
using v8_state::tagged_word;
using v8_state::Word;

class ResourceStack {
 public:
  enum class Shape : std::uint8_t {
    kVectorOfLocals,        // std::vector<v8::Local<v8::Object>>
    kDequeOfLocalPointers,  // std::deque<v8::Local<v8::Object>*>
    kDequeOfVariants,       // std::deque<std::variant<v8::Local*, v8::Global*>>
  };

  // An entry of any shape. The vector holds locals, the deques hold the addresses of locals; a local is the address of
  // a slot.
  struct Entry {
    void* pointer;
    std::uint8_t alternative;  // of the variant; 0: a v8::Local
  };

  ResourceStack() = default;
  ResourceStack(Shape shape, Word* container) : container_(container), shape_(shape) {}

  // The stack among `words` that has `top` at its end and `below` under it; an empty one when there is none, or more
  // than one.
  static ResourceStack find(const MemoryProbe& probe, Word* words, std::size_t count,
                            v8::Local<v8::Object> top, v8::Local<v8::Object> below);

  Word* container() const { return container_; }
  std::size_t size() const;

  // Makes the entry at `level` lead to a slot of the caller's. Entries above the stack's length are never read, and
  // Node overwrites them: what a fiber leaves behind needs no removal.
  void set(std::uint32_t level, Tagged*& resource);

  // The entries at [from, to), as far as there are, and the way back.
  std::vector<Entry> copy(std::size_t from, std::size_t to) const;
  void paste(std::size_t from, const std::vector<Entry>& entries);

 private:
  // The entries that lie next to each other; both null where the words make no such container.
  struct Extent {
    Word begin, end;
  };
  Extent extent() const;
  std::size_t entry_size() const { return shape_ == Shape::kDequeOfVariants ? 16 : 8; }
  bool leads_to(const MemoryProbe& probe, Word entry, v8::Local<v8::Object> resource) const;
  [[gnu::cold]] void set_distant(std::uint32_t level, Tagged*& resource);

  Word* container_ = nullptr;
  Shape shape_ = Shape::kVectorOfLocals;
};

// Both containers are libstdc++'s. A vector is { begin, end, capacity }; a deque is { map, map size, start { current,
// first, last, node }, finish { the same } }, and its entries lie next to each other while it has one chunk.
[[gnu::always_inline]] inline void ResourceStack::set(std::uint32_t level, Tagged*& resource) {
  if (shape_ == Shape::kVectorOfLocals) {
    auto* const* const vector = reinterpret_cast<Tagged** const*>(container_);
    Tagged** const place = vector[0] + level;
    if (place < vector[1]) [[likely]] {
      *place = resource;
      return;
    }
  } else {
    const bool is_wide = shape_ == Shape::kDequeOfVariants;
    auto* const* const deque = reinterpret_cast<Tagged*** const*>(container_);
    Tagged*** const place = deque[2] + (std::size_t{level} << is_wide);
    if (deque[5] == deque[9] && place < deque[6]) [[likely]] {
      if (is_wide) reinterpret_cast<Entry*>(place)->alternative = 0;
      *place = &resource;
      return;
    }
  }
  set_distant(level, resource);
}

}  // namespace greenfiber::node_state
