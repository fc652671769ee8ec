// Which objects are young.
//
// V8 says so in a word of flags at the beginning of an object's page: one flag for the pages that a scavenge
// empties, one for those it copies to. Word and flags are found by watching one object from its allocation to its
// promotion.
#pragma once

#include <cstddef>

#include "v8_state/tagged.h"

namespace greenfiber::v8_state {

inline constexpr Word kPageMask = (Word{1} << 18) - 1;

struct YoungPages {
  std::size_t flags_at = 0;  // in bytes
  Word from = 0, to = 0;

  // `word` is what V8 would visit: a small integer, or the address of an object that is there. Weak references
  // are no roots; should one appear, it counts as young.
  [[gnu::always_inline]] bool contain(Tagged word) const {
    constexpr Tagged kObject = 1, kWeak = 2;
    if ((word & kObject) == 0) return false;
    if ((word & kWeak) != 0) return true;
    return (*reinterpret_cast<const Word*>((word & ~kPageMask) + flags_at) & (from | to)) != 0;
  }
};

// The first words of a page.
struct PageHeader {
  static constexpr std::size_t kWords = 4;
  Word words[kWords];

  // All zero when it cannot be read.
  static PageHeader of(Tagged object);
};

// What the headers of one object's pages had in common, while it was what.
class YoungPageEvidence {
 public:
  // Young, between two scavenges.
  void waits(const PageHeader& header) { waiting_.add(header); }
  // Young, in a scavenge that is about to take it along.
  void moves(const PageHeader& header) { moving_.add(header); }
  // Old: a scavenge left it where it was.
  void stays(const PageHeader& header) { promoted_.add(header); }
  // False while there is more than one way to read the evidence, or none.
  bool conclude(YoungPages& found) const;

 private:
  struct Common {
    Word always[PageHeader::kWords], ever[PageHeader::kWords];
    Common();
    void add(const PageHeader& header);
  };
  Common waiting_, moving_, promoted_;
};

}  // namespace greenfiber::v8_state
