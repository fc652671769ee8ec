// Flat scavenges: suspended stacks that refer to no young object are left out of a scavenge's walk.
//
// V8's list of archived threads, as we keep it:
//
//     anchor .. main, opening, witness, [young stacks], middle, [old stacks], end .. anchor
//
// Four of these nodes are gates (gate.h), where V8 calls us. Only when the visitor that comes along is the
// scavenger's:
//
// - at `opening` the stacks that ran or were written to since the last scavenge become young again, and the tap
//   (visitor_tap.h) is attached;
// - behind each young stack V8 has visited all of its slots: if none holds a young object now, the stack is old;
// - at `middle` the walk is led to `end`, and `end` mends the list.
//
// Young stacks whose shape is known (shape_maps.h) are visited by us, and V8 is led past them.
//
// Every other walk sees the whole list, and the gate behind each stack is only used to have the next ones in the
// cache. The argument why this is sound: docs/flat-scavenges.md.
#pragma once

#include "v8_state/generations/scavenger_study.h"
#include "v8_state/generations/visitor_tap.h"
#include "v8_state/shape_maps/shape_maps.h"

namespace greenfiber::v8_state {

class Generations final : SlotObserver {
 public:
  // `empty_archive` outlives this: a node that shows it is running.
  Generations(v8::Isolate* isolate, const Layout& layout, Word* empty_archive);
  ~Generations();
  Generations(const Generations&) = delete;
  Generations& operator=(const Generations&) = delete;

  // Links a new stack, which is young. CAUTION: may allocate.
  void insert(ThreadRecord& record);
  void remove(ThreadRecord& record);

  // Must be called before the stack runs, and before a tagged word is written where V8 finds it on behalf of the
  // stack.
  [[gnu::always_inline]] void wake(ThreadRecord& record) {
    if (record.generation == Generation::kOld) [[unlikely]]
      put_among_woken(record);
  }

  bool on() const { return study_.done(); }
  const char* reason() const { return study_.reason(); }  // why not
  std::size_t old_stacks() const { return old_stacks_; }
  const ShapeMaps& shape_maps() const { return shapes_; }

 private:
  enum class Walk {
    kNone,
    kStudy,
    kSort,    // between opening and middle
    kSkip,    // between middle and end
    kVerify,  // the same, but through the old stacks
    kFull,    // somebody else's, of all stacks
  };

  void pass_opening(void* visitor);
  void pass_witness(void* visitor);
  void pass_stack(void* visitor);
  void pass_middle(void* visitor);
  void pass_end(void* visitor);

  void before_visit(Word root, const Tagged* first, const Tagged* end) override;
  void after_visit(const Tagged* first, const Tagged* end) override;
  void single_slot_visited(const Tagged* slot) override { study_.single_slot_visited(slot); }

  [[gnu::cold, gnu::noinline]] void put_among_woken(ThreadRecord& record);
  void leave_woken(ThreadRecord& record);
  void settle_woken();
  void begin_full_walk();
  void begin_asking(ThreadState& first, ThreadState& last);
  void ask_after(ThreadState& node);
  void fetch_record();
  void fetch_frames();
  bool advance(ThreadState*& node) const;
  static bool is_stack(const ThreadState& node);
  bool is_suspended(const ThreadState& stack) const;
  ThreadState* visit_by_shape_after(ThreadState& node);
  bool visit_by_shape(ThreadRecord& record);
  void mend();
  void promote(ThreadRecord& record);
  void promote_sorted();

  static void before_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self);
  static void after_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self);

  v8::Isolate* isolate_;
  const Word* empty_archive_;
  ScavengerStudy study_;
  VisitorTap tap_{*this};
  ShapeMaps shapes_;
  bool verifies_;  // GREENFIBER_VERIFY_GENERATIONS

  GateOf<Generations, &Generations::pass_opening> at_opening_;
  GateOf<Generations, &Generations::pass_witness> at_witness_;
  GateOf<Generations, &Generations::pass_stack>
      behind_stack_;  // ends the chain of one stack at a time
  GateOf<Generations, &Generations::pass_middle> at_middle_;
  GateOf<Generations, &Generations::pass_end> at_end_;
  GateRecord opening_, middle_, end_;

  ThreadRecord* woken_ = nullptr;
  std::size_t old_stacks_ = 0;

  // The walk under way.
  Walk walk_ = Walk::kNone;
  ThreadState* last_asked_ = nullptr;  // the gate before which no more stacks are asked
  ThreadRecord* asked_ = nullptr;      // whose chain ends in behind_stack_
  Word* asked_link_ = nullptr;
  bool found_young_ = false;        // since the last stack
  ThreadRecord* sorted_ = nullptr;  // old, and to be moved as soon as V8 has left its node
  ThreadState* first_old_ = nullptr;
  // The node that V8 is at, if its link leads past stacks that were visited by their shape, and where it led before.
  ThreadState* led_from_ = nullptr;
  ThreadState* led_past_ = nullptr;

  // The last stacks whose record and whose frames have been fetched into the cache, so many before V8 gets to them.
  static constexpr int kRecordsAhead = 8;
  static constexpr int kFramesAhead = 4;
  ThreadState* record_fetched_ = nullptr;
  ThreadState* frames_fetched_ = nullptr;
};

}  // namespace greenfiber::v8_state
