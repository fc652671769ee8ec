// Takes a value over from JavaScript that no argument is to hold: the caller's frame would keep what it passed for as
// long as the call lasts, and a stack may wait in one call for ever.
//
// The box is an array with one element. JavaScript stores it, so V8 knows; we take it, and leave a read-only object.
#pragma once

#include <v8.h>

#include "v8_state/tagged.h"

namespace greenfiber::v8_state {

class HandoverBox {
 public:
  HandoverBox() = default;
  HandoverBox(v8::Isolate* isolate, v8::Local<v8::Array> array)
      : array_(isolate, array),
        slot_(slot_of(local_of(array_))),
        nothing_(tagged_word(v8::Undefined(isolate))) {}

  // Raw: to be put into a slot that V8 visits before anything else.
  Tagged take() const {
    Tagged* const element = place();
    const Tagged word = *element;
    *element = nothing_;
    return word;
  }

  // CAUTION: allocates. Whether the element is where it has to be.
  bool is_right(v8::Isolate* isolate, v8::Local<v8::Context> context) const;

 private:
  // A JSArray is { map, properties, elements, length }, a FixedArray { map, length, entries... }.
  static constexpr std::size_t kElements = 2 * sizeof(Word) - 1, kFirst = 2 * sizeof(Word) - 1;

  Tagged* place() const {
    const Tagged elements = *reinterpret_cast<const Tagged*>(*slot_ + kElements);
    return reinterpret_cast<Tagged*>(elements + kFirst);
  }

  v8::Global<v8::Array> array_;
  const Tagged* slot_ = nullptr;
  Tagged nothing_ = 0;  // a read-only object: it never moves
};

}  // namespace greenfiber::v8_state
