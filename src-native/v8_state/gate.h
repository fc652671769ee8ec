// A place in V8's list of archived threads where V8 calls us.
//
// While it visits an archived stack, V8 follows the stack's chain of `Relocatable` objects and calls a virtual
// function of each with the RootVisitor it has. A Relocatable is { virtual table, isolate, outer }; a Gate looks
// like one, and is reached from a record of its own, or from the end of a fiber's chain.
#pragma once

#include "v8_state/thread_record.h"

namespace greenfiber::v8_state {

class Gate {
 public:
  explicit Gate(const Layout& layout) : isolate_(reinterpret_cast<Word>(layout.isolate)) {}
  virtual ~Gate() = default;  // two entries of the virtual table, as V8 has them
  // V8: IterateInstance(RootVisitor*)
  virtual void pass(void* visitor) = 0;
  // V8: PostGarbageCollection(), for the running stack's chain alone
  virtual void after_collection() {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

 protected:
  Word isolate_;
  Gate* outer_ = nullptr;
};

// Calls a member function of its owner.
template <typename Owner, void (Owner::*kPass)(void* visitor)>
class GateOf final : public Gate {
 public:
  GateOf(const Layout& layout, Owner& owner) : Gate(layout), owner_(owner) {}
  void pass(void* visitor) override { (owner_.*kPass)(visitor); }

 private:
  Owner& owner_;
};

// Any id that neither an OS thread nor a fiber has.
inline constexpr Word kGateThreadId = 0x7ffffffe;

// A node of the list that archives nothing but what its owner puts in.
struct GateRecord {
  ThreadState node{};
  alignas(16) Word archive[kArchiveWords] = {};

  // `empty_archive` is what a thread without handles and frames looks like.
  GateRecord(const Layout& layout, const Word* empty_archive) {
    node.id = kGateThreadId;
    node.thread_manager = layout.thread_manager;
    for (std::size_t i = 0; i < kArchiveWords; ++i) archive[i] = empty_archive[i];
  }
  void lead_to(Gate& gate) { archive[kRelocatableInArchive] = reinterpret_cast<Word>(&gate); }
};

// The end of an archived stack's Relocatable chain: the link that is null.
inline Word* end_of_chain(Word* archive) {
  constexpr std::size_t kOuter = 2;
  Word* link = &archive[kRelocatableInArchive];
  while (*link != 0) link = reinterpret_cast<Word*>(*link) + kOuter;
  return link;
}

}  // namespace greenfiber::v8_state
