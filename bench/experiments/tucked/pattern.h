// The ends of sleeping stacks look alike: C++ frames at fixed places, which differ in where they lie and in a word
// or two. So they are kept as the difference from a pattern, word by word and without loss.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "stack/slot.h"
#include "v8_state/tagged.h"

namespace greenfiber::tucked {

using v8_state::Word;

// A word that the pattern does not tell.
struct Difference {
  std::uint32_t index;
  Word word;
};

class Pattern {
 public:
  // `low` up to `high` is part of a stack in `slot` that ends at `top`.
  Pattern(Word low, Word high, Word top, stack::Slot slot) : top_(top), slot_(slot) {
    for (Word at = low; at < high; at += sizeof(Word)) {
      words_.push_back(*reinterpret_cast<const Word*>(at));
    }
  }

  std::size_t size() const { return words_.size(); }

  std::vector<Difference> differences(Word low, Word top) const {
    std::vector<Difference> result;
    for (std::uint32_t i = 0; i < size(); ++i) {
      const Word word = reinterpret_cast<const Word*>(low)[i];
      if (word != expected(i, top)) result.push_back({i, word});
    }
    return result;
  }

  void restore(Word low, Word top, const Difference* first, const Difference* end) const {
    auto* const words = reinterpret_cast<Word*>(low);
    for (std::uint32_t i = 0; i < size(); ++i) words[i] = expected(i, top);
    for (const Difference* at = first; at != end; ++at) words[at->index] = at->word;
  }

 private:
  // What leads into the pattern's slot leads as far into the other one.
  Word expected(std::size_t i, Word top) const {
    const bool leads_into_slot = words_[i] - reinterpret_cast<Word>(slot_.low) <= slot_.size();
    return leads_into_slot ? words_[i] + (top - top_) : words_[i];
  }

  Word top_;
  stack::Slot slot_;
  std::vector<Word> words_;
};

// The patterns seen so far: few, since there is one for each way in which C++ enters and leaves a body.
class Patterns {
 public:
  struct Match {
    std::uint32_t pattern;
    std::vector<Difference> differences;
  };

  Match match(Word low, Word high, Word top, stack::Slot slot) {
    const std::size_t words = (high - low) / sizeof(Word);
    std::optional<Match> best;
    for (std::uint32_t i = 0; i < patterns_.size(); ++i) {
      if (patterns_[i].size() != words) continue;
      std::vector<Difference> differences = patterns_[i].differences(low, top);
      if (best && best->differences.size() <= differences.size()) continue;
      best = Match{i, std::move(differences)};
      if (best->differences.size() <= kFew) return *best;
    }
    if (best && patterns_.size() >= kMost) return *best;
    patterns_.emplace_back(low, high, top, slot);
    return {static_cast<std::uint32_t>(patterns_.size() - 1), {}};
  }

  const Pattern& operator[](std::uint32_t index) const { return patterns_[index]; }
  std::size_t size() const { return patterns_.size(); }

 private:
  static constexpr std::size_t kFew = 4, kMost = 64;

  std::vector<Pattern> patterns_;
};

}  // namespace greenfiber::tucked
