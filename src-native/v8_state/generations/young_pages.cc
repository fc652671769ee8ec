#include "v8_state/generations/young_pages.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "v8_state/memory_probe.h"

namespace greenfiber::v8_state {

PageHeader PageHeader::of(Tagged object) {
  PageHeader header = {};
  const void* page = reinterpret_cast<void*>(object & ~kPageMask);
  if (!MemoryProbe::read(page, header.words, sizeof header.words)) return {};
  return header;
}

YoungPageEvidence::Common::Common() {
  std::fill(std::begin(always), std::end(always), ~Word{0});
  std::fill(std::begin(ever), std::end(ever), Word{0});
}

void YoungPageEvidence::Common::add(const PageHeader& header) {
  for (std::size_t i = 0; i < PageHeader::kWords; ++i) {
    always[i] &= header.words[i];
    ever[i] |= header.words[i];
  }
}

bool YoungPageEvidence::conclude(YoungPages& found) const {
  // Flags are few; a word with higher bits than these is an address.
  constexpr Word kFlags = (Word{1} << 40) - 1;
  std::size_t words = 0;
  for (std::size_t i = 0; i < PageHeader::kWords; ++i) {
    if (((waiting_.ever[i] | moving_.ever[i] | promoted_.ever[i]) & ~kFlags) != 0) continue;
    const Word to = waiting_.always[i] & ~moving_.ever[i] & ~promoted_.ever[i];
    const Word from = moving_.always[i] & ~waiting_.ever[i] & ~promoted_.ever[i];
    if (to == 0 && from == 0) continue;
    if (std::popcount(to) != 1 || std::popcount(from) != 1) return false;
    found = {i * sizeof(Word), from, to};
    ++words;
  }
  return words == 1;
}

}  // namespace greenfiber::v8_state
