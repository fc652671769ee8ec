// A stack's place in V8's list of archived threads.
//
// V8 lets several OS threads take turns in one isolate and archives what it holds for the thread that is
// out. Garbage collector, deoptimiser and debugger find the archived stacks by walking the list of
// ThreadState nodes; each node's data is
//
//     +--------------------------+  <- ThreadState::data
//     | HandleScopeImplementer   |  the fiber's own, in place: the isolate's pointer is switched, not copied
//     | (with HandleScopeData)   |
//     +--------------------------+
//     | ThreadLocalTop           |  copied out and in on every switch
//     +--------------------------+
//     | Relocatable top          |
//     +--------------------------+
//     | StackGuard, Debug, ...   |  zeros: nothing in them belongs to a fiber
//     +--------------------------+
//
// A record stays in the list from the birth of its stack to its death, so that a switch never touches a
// neighbour's memory; while its stack runs, the node shows an empty archive instead.
#pragma once

#include "v8_state/layout.h"

namespace greenfiber::v8_state {

inline constexpr std::size_t kRelocatableInArchive =
    (kImplementerSize + kThreadLocalTopSize) / sizeof(Word);

// The id of every record's node; no OS thread has it, as V8 counts them from 1.
inline constexpr Word kFiberThreadId = 0x7fffffff;

// See generations.h.
enum class Generation : std::uint8_t {
  kYoung,  // V8 visits the stack in every collection
  kOld,    // refers to nothing young: a scavenge leaves it out
  kWoken,  // was old; among the young from the next scavenge on
};

// A native stack: its upper end, where JavaScript is told that it is full, and its lower end.
struct StackBounds {
  Word start, limit, low;
};

struct ThreadRecord {
  ThreadState node;  // first: V8's list leads to it
  Word tip;          // about where its frames ended when the stack was left
  Word stack_limit;
  bool is_main;
  Generation generation;
  // What is swapped but has no place in V8's archive, see unarchived.h.
  bool has_unarchived;
  std::uint8_t formatting_stack_trace;
  std::uint32_t last_shape;  // of shape_maps.h: most probably it has it again
  Word interrupt_scopes;
  Word sudden_shutdown[3];
  Word stack_start;  // the end of the conservative stack scan while this stack runs
  Word stack_size;   // from there down to the end of the memory
  ThreadRecord* next_woken;
  ThreadRecord** woken_link;  // what points to this record in the list of the woken
  alignas(16) Word archive[kArchiveWords];

  void set_bounds(const StackBounds& bounds) {
    stack_start = bounds.start;
    stack_limit = bounds.limit;
    stack_size = bounds.start - bounds.low;
  }
};

// Makes `archive`, kArchiveWords of it, what a thread without handles and frames looks like.
inline void make_empty_archive(const Layout& layout, Word* archive) {
  for (std::size_t i = 0; i < kArchiveWords; ++i) archive[i] = 0;
  archive[0] = reinterpret_cast<Word>(layout.isolate);
  for (std::size_t i = 0; i < kThreadLocalTopSize / sizeof(Word); ++i) {
    archive[kImplementerSize / sizeof(Word) + i] = layout.fresh_thread_local_top[i];
  }
}

// Links a record behind the anchor; the node shows `data` from now on.
inline void link(ThreadState& node, ThreadState* anchor, Word* data) {
  node.data = data;
  node.next = anchor->next;
  node.previous = anchor;
  anchor->next->previous = &node;
  anchor->next = &node;
}

inline void unlink(ThreadState& node) {
  node.next->previous = node.previous;
  node.previous->next = node.next;
  node.next = node.previous = nullptr;
}

}  // namespace greenfiber::v8_state
