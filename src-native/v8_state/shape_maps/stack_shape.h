// What V8's walk over a suspended stack goes by: the words that say where its frames lie, where they return to and of
// which kind they are, how many handles there are, and where the C++ objects are that V8 follows.
//
// Places are counted from the stack's record, and so are addresses of the same stack. Two stacks for which all of these
// words agree are walked the same way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "v8_state/tagged.h"

namespace greenfiber::v8_state {

class StackShape {
 public:
  // Forgets what it knows. First comes what is in the record, then what is on the stack, which only a stack whose record agrees is asked for.
  void begin(Word record);
  void record_is_read() { filling_ = kOnStack; }

  // The word is the same in all stacks of the shape.
  void same(Word at) { words().same.push_back({place(at), word_at(at)}); }
  // It is an address of its own stack, or null.
  void address(Word at);
  // It is no small integer: a function of JavaScript has its context there.
  void tagged(Word at) { words().tagged.push_back(place(at)); }

  bool fits(Word record) const {
    return words_[kInRecord].agree(record) && words_[kOnStack].agree(record);
  }
  std::size_t bytes() const { return words_[kInRecord].bytes() + words_[kOnStack].bytes(); }

 private:
  struct Same {
    std::int32_t at;
    Word word;
  };
  struct Address {
    std::int32_t at, to;
  };
  struct Words {
    std::vector<Same> same;
    std::vector<Address> addresses;
    std::vector<std::int32_t> tagged;

    void clear();
    bool agree(Word record) const;
    std::size_t bytes() const;
  };
  enum Part { kInRecord, kOnStack, kParts };

  static Word word_at(Word at) { return *reinterpret_cast<const Word*>(at); }
  std::int32_t place(Word at) const {
    return static_cast<std::int32_t>(static_cast<std::intptr_t>(at - record_));
  }
  Words& words() { return words_[filling_]; }

  Word record_ = 0;  // of the stack that the shape was read from
  Part filling_ = kInRecord;
  std::array<Words, kParts> words_;
};

}  // namespace greenfiber::v8_state
