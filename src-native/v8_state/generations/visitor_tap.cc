#include "v8_state/generations/visitor_tap.h"

#include "v8_state/memory_probe.h"

namespace greenfiber::v8_state {

bool VisitorTap::attach(void* visitor) {
  const Word* original = table_of(visitor);
  if (original != original_) {
    original_ = nullptr;
    if (!MemoryProbe::read(original - kPrefix, table_.prefix,
                           sizeof table_.prefix + sizeof table_.entries)) {
      return false;
    }
    original_ = original;
    table_.entries[kVisitRootPointers] = reinterpret_cast<Word>(visit_root_pointers);
    table_.entries[kVisitRootPointer] = reinterpret_cast<Word>(visit_root_pointer);
  }
  visitor_ = static_cast<const Word**>(visitor);
  *visitor_ = table_.entries;
  return true;
}

void VisitorTap::detach() {
  *visitor_ = original_;
  visitor_ = nullptr;
}

Word VisitorTap::visit_root_pointers(void* visitor, Word root, Word description, Tagged* first,
                                     Tagged* end, Word unused) {
  const VisitorTap& tap = tap_of(visitor);
  tap.observer_->before_visit(root, first, end);
  const Word result = reinterpret_cast<VisitSlots*>(tap.original_[kVisitRootPointers])(
      visitor, root, description, first, end, unused);
  tap.observer_->after_visit(first, end);
  return result;
}

Word VisitorTap::visit_root_pointer(void* visitor, Word root, Word description, Tagged* slot,
                                    Tagged* unused, Word unused_too) {
  const VisitorTap& tap = tap_of(visitor);
  tap.observer_->single_slot_visited(slot);
  tap.observer_->before_visit(root, slot, slot + 1);
  const Word result = reinterpret_cast<VisitSlots*>(tap.original_[kVisitRootPointer])(
      visitor, root, description, slot, unused, unused_too);
  tap.observer_->after_visit(slot, slot + 1);
  return result;
}

}  // namespace greenfiber::v8_state
