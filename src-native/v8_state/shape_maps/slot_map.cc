#include "v8_state/shape_maps/slot_map.h"

#include <algorithm>
#include <limits>

#include "v8_state/shape_maps/frame_chain.h"

namespace greenfiber::v8_state {

bool SlotMap::learn(const ThreadRecord& record, const std::vector<SlotVisit>& visits,
                    const YoungPages& young) {
  if (visits.size() > kMostSlots) return false;
  const Word base = reinterpret_cast<Word>(&record);
  const AddressRange own = FrameChain::extent(record);
  slots_.reserve(visits.size());
  for (std::size_t i = 0; i < visits.size(); ++i) {
    const auto [at, root] = visits[i];
    // A scavenger that comes to a slot twice copies its object twice: that is V8's to do, if it does.
    if (i > 0 && visits[i - 1].at == at) return false;
    if (root > std::numeric_limits<std::uint32_t>::max()) return false;
    if (own.holds(at)) {
      const Tagged word = *reinterpret_cast<const Tagged*>(at);
      slots_.push_back({static_cast<std::int32_t>(static_cast<std::intptr_t>(at - base)),
                        static_cast<std::uint32_t>(root), young.contain(word) ? 0 : word});
      continue;
    }
    bool found = false;
    for (std::size_t word = kFirstVector; word < kImplementerSize / sizeof(Word) && !found;
         word += kVectorWords) {
      const Word data = record.archive[word], count = record.archive[word + kSizeInVector];
      found = at >= data && at < data + count * sizeof(Word);
      if (!found) continue;
      in_vectors_.push_back({static_cast<std::uint32_t>(word),
                             static_cast<std::uint32_t>((at - data) / sizeof(Word)), root});
    }
    if (!found) return false;
  }
  return true;
}

bool SlotMap::visit(ThreadRecord& record, const VisitorTap& tap, const YoungPages& young) const {
  const Word base = reinterpret_cast<Word>(&record);
  // Most slots hold what they do in every stack of the shape, the rest is looked at closer; in two steps, as the first
  // has no branch then that depends on what the slots hold.
  std::uint16_t unusual[kMostSlots];
  std::size_t count = 0;
  const auto slot_at = [base](const Slot& slot) {
    return reinterpret_cast<Tagged*>(base + Word(std::int64_t{slot.at}));
  };
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Tagged word = *slot_at(slots_[i]);
    unusual[count] = static_cast<std::uint16_t>(i);
    count += std::size_t(word != slots_[i].usual) & (word & 1);
  }
  bool some_young = false;
  const auto visit = [&](Tagged* slot, Word root) {
    if (!young.contain(*slot)) return;
    tap.visit(root, slot);
    some_young |= young.contain(*slot);
  };
  for (std::size_t i = 0; i < count; ++i) {
    const Slot& slot = slots_[unusual[i]];
    visit(slot_at(slot), slot.root);
  }
  for (const InVector& slot : in_vectors_) {
    visit(reinterpret_cast<Tagged*>(record.archive[slot.word]) + slot.index, slot.root);
  }
  return some_young;
}

std::vector<SlotVisit> SlotMap::expected(const ThreadRecord& record) const {
  const Word base = reinterpret_cast<Word>(&record);
  std::vector<SlotVisit> visits;
  visits.reserve(slots_.size() + in_vectors_.size());
  for (const Slot& slot : slots_) visits.push_back({base + Word(std::int64_t{slot.at}), slot.root});
  for (const InVector& slot : in_vectors_) {
    visits.push_back({record.archive[slot.word] + slot.index * sizeof(Word), slot.root});
  }
  std::sort(visits.begin(), visits.end());
  return visits;
}

}  // namespace greenfiber::v8_state
