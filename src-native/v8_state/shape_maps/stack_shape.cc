#include "v8_state/shape_maps/stack_shape.h"

namespace greenfiber::v8_state {

void StackShape::begin(Word record) {
  record_ = record;
  filling_ = kInRecord;
  for (Words& words : words_) words.clear();
}

void StackShape::address(Word at) {
  const Word word = word_at(at);
  if (word == 0) return same(at);
  words().addresses.push_back({place(at), place(word)});
}

void StackShape::Words::clear() {
  same.clear();
  addresses.clear();
  tagged.clear();
}

// Without branches: nearly always all of it agrees.
bool StackShape::Words::agree(Word record) const {
  const auto word = [record](std::int32_t at) { return word_at(record + Word(std::int64_t{at})); };
  Word difference = 0;
  for (const Same& known : same) difference |= word(known.at) ^ known.word;
  for (const Address& known : addresses) {
    difference |= word(known.at) ^ (record + Word(std::int64_t{known.to}));
  }
  Word all_tagged = 1;
  for (const std::int32_t at : tagged) all_tagged &= word(at);
  return difference == 0 && (all_tagged & 1) != 0;
}

std::size_t StackShape::Words::bytes() const {
  return same.capacity() * sizeof(Same) + addresses.capacity() * sizeof(Address) +
         tagged.capacity() * sizeof(std::int32_t);
}

}  // namespace greenfiber::v8_state
