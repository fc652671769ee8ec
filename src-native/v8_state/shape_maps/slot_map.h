// The slots that V8 visits in stacks of one shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "v8_state/generations/visitor_tap.h"
#include "v8_state/generations/young_pages.h"
#include "v8_state/thread_record.h"

namespace greenfiber::v8_state {

// What one visit has been like.
struct SlotVisit {
  Word at, root;
  bool operator==(const SlotVisit&) const = default;
  bool operator<(const SlotVisit& other) const {
    return at != other.at ? at < other.at : root < other.root;
  }
};

class SlotMap {
 public:
  static constexpr std::size_t kMostSlots = 1024;

  // `visits` are those of the stack of `record`, sorted. False: they make no map.
  bool learn(const ThreadRecord& record, const std::vector<SlotVisit>& visits,
             const YoungPages& young);

  // Hands those slots to the visitor that hold something young. True: some still do.
  bool visit(ThreadRecord& record, const VisitorTap& tap, const YoungPages& young) const;

  // What V8 should visit in the stack of `record`, sorted.
  std::vector<SlotVisit> expected(const ThreadRecord& record) const;

  std::size_t bytes() const {
    return slots_.capacity() * sizeof(Slot) + in_vectors_.capacity() * sizeof(InVector);
  }

 private:
  // On the stack, in its record or in its block of handles.
  struct Slot {
    std::int32_t at;
    std::uint32_t root;
    Tagged
        usual;  // what it held in the stack that the map was learnt from, if that was not young; else 0
  };
  // In a vector of the HandleScopeImplementer, which that word of the archive leads to. Contexts: hardly ever young.
  struct InVector {
    std::uint32_t word, index;
    Word root;
  };

  std::vector<Slot> slots_;
  std::vector<InVector> in_vectors_;
};

}  // namespace greenfiber::v8_state
