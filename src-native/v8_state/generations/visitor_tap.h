// Looks over the shoulder of one of V8's root visitors.
//
// V8 hands every slot of an archived stack to a RootVisitor, through its virtual table. While the tap is attached,
// the visitor has a copy of that table in which the two functions that take slots lead here; both call the
// original first. So the tap sees exactly the slots that V8 sees: it does not have to know where they are.
#pragma once

#include <cstddef>

#include "v8_state/tagged.h"

namespace greenfiber::v8_state {

class SlotObserver {
 public:
  // `root` is V8's name for what kind of root it is.
  virtual void before_visit(Word root, const Tagged* first, const Tagged* end) = 0;
  virtual void after_visit(const Tagged* first, const Tagged* end) = 0;
  // By the second function, which takes one slot: for whoever checks that it was found right.
  virtual void single_slot_visited(const Tagged* slot) = 0;

 protected:
  ~SlotObserver() = default;
};

class VisitorTap {
 public:
  explicit VisitorTap(SlotObserver& observer) { table_.tap = this, observer_ = &observer; }
  VisitorTap(const VisitorTap&) = delete;
  VisitorTap& operator=(const VisitorTap&) = delete;

  static const Word* table_of(const void* visitor) {
    return *static_cast<const Word* const*>(visitor);
  }
  bool attached() const { return visitor_ != nullptr; }
  // False: the table cannot be copied.
  bool attach(void* visitor);
  void detach();

  // Hands a slot to the visitor as V8 would, unseen by the observer.
  void visit(Word root, Tagged* slot) const {
    reinterpret_cast<VisitSlots*>(original_[kVisitRootPointers])(const_cast<Word**>(visitor_), root,
                                                                 0, slot, slot + 1, 0);
  }

 private:
  // In front of a virtual table: offset to top, type information.
  static constexpr std::size_t kPrefix = 2;
  // A RootVisitor has fewer than ten; what is copied too much is never called.
  static constexpr std::size_t kEntries = 32;
  // Behind the two destructors, in the order of declaration.
  static constexpr std::size_t kVisitRootPointers = 2, kVisitRootPointer = 3;

  struct Table {
    Word prefix[kPrefix] = {};
    Word entries[kEntries] = {};
    VisitorTap* tap = nullptr;
  };
  using VisitSlots = Word(void* visitor, Word root, Word description, Tagged* first, Tagged* end,
                          Word);

  static VisitorTap& tap_of(const void* visitor) {
    const Word* entries = table_of(visitor);
    return **reinterpret_cast<VisitorTap* const*>(entries + kEntries);
  }
  static Word visit_root_pointers(void* visitor, Word root, Word description, Tagged* first,
                                  Tagged* end, Word unused);
  static Word visit_root_pointer(void* visitor, Word root, Word description, Tagged* slot,
                                 Tagged* unused, Word unused_too);

  Table table_;
  SlotObserver* observer_ = nullptr;
  const Word* original_ = nullptr;  // what table_ is a copy of
  const Word** visitor_ = nullptr;
};

}  // namespace greenfiber::v8_state
