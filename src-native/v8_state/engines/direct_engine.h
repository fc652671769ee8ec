// The direct engine: archives and restores V8's per-stack state itself, without taking V8's lock or changing
// its notion of the current thread. See thread_record.h for what is where.
#pragma once

#include <optional>

#include "v8_state/engines/stack_limits.h"
#include "v8_state/engines/unarchived.h"
#include "v8_state/engines/wasm_stacks.h"
#include "v8_state/generations/generations.h"
#include "v8_state/thread_record.h"

namespace greenfiber::v8_state {

class DirectEngine {
 public:
  // Tells which record runs; the owner of the engine knows.
  struct Running {
    const ThreadRecord& (*ask)(const void* owner);
    const void* owner;

    const ThreadRecord& operator()() const { return ask(owner); }
  };

  // `layout` outlives the engine. Links the record of the isolate's own stack, which is running.
  DirectEngine(v8::Isolate* isolate, const Layout& layout, ThreadRecord& main, Running running);

  // Puts everything back as if there had never been a fiber: every record is unlinked, what V8 allocated for it is
  // freed, and the running stack's state becomes the main stack's. Must be called before V8 tears its thread list down.
  ~DirectEngine();

  DirectEngine(const DirectEngine&) = delete;
  DirectEngine& operator=(const DirectEngine&) = delete;

  // Makes `record`, which is all zeros, that of a fresh stack and links it. V8 takes its first handle block
  // from `handles` (kHandleBlockSize bytes), which lives as long as the record. CAUTION: may allocate.
  void adopt(ThreadRecord& record, std::byte* handles, const StackBounds& bounds);

  // Unlinks a record that will not run again and frees what V8 allocated for it.
  void forget(ThreadRecord& record);

  // Must be called before a tagged word is written where V8 finds it on behalf of a suspended stack.
  void touch(ThreadRecord& record) { generations_->wake(record); }

  const Generations& generations() const { return *generations_; }
  WasmStacks& wasm_stacks() { return *wasm_stacks_; }
  const WasmStacks& wasm_stacks() const { return *wasm_stacks_; }

  // Calls `use` with every record that is linked, the main stack's included.
  template <typename Use>
  void for_each_record(Use use);

  // Out of `from`, into `to`; the caller switches the native stack right afterwards, and allocates nothing and
  // calls nothing of V8 before that.
  void swap(ThreadRecord& from, ThreadRecord& to);
  // The second half of a swap, when there is nothing left to leave.
  void enter(ThreadRecord& to);

 private:
  static void before_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self);
  void archive(ThreadRecord& from);
  void restore(ThreadRecord& to);
  void set_stack_extent(const ThreadRecord& record) const;
  void free_vectors(ThreadRecord& record) const;

  // The places of the layout that a swap needs, one load away.
  Word* const top_;
  Word* const scope_data_;
  Word* const relocatable_top_;
  Word* const stack_start_;
  Word* const thread_stack_start_;
  Word* const stack_size_;
  Word** const implementer_place_;
  Word* const main_implementer_;
  const bool has_more_stack_starts_;

  v8::Isolate* isolate_;
  const Layout& layout_;
  Running running_;
  ThreadRecord& main_;
  std::uint64_t collections_ = 0;
  std::uint64_t main_left_at_ = 0;  // the value of collections_ when main was left
  Word empty_archive_[kArchiveWords];
  std::optional<Generations> generations_;
  std::optional<WasmStacks> wasm_stacks_;
};

template <typename Use>
inline void DirectEngine::for_each_record(Use use) {
  for (ThreadState* node = layout_.in_use_anchor->next; node != layout_.in_use_anchor;) {
    ThreadState* next = node->next;
    if (node->id == kFiberThreadId) use(*reinterpret_cast<ThreadRecord*>(node));
    node = next;
  }
}

// A copy in the widest pieces there are, for words that V8 wrote some time ago.
template <std::size_t kWords>
[[gnu::always_inline]] inline void copy_wide(Word* to, const Word* from) {
  __builtin_memcpy(to, from, kWords * sizeof(Word));
}

// A copy word by word, for words that V8 has just written: a wider load would wait until all of the stores
// that it spans are in the cache.
template <std::size_t kWords>
[[gnu::always_inline]] inline void copy_words(Word* __restrict to, const Word* __restrict from) {
  for (std::size_t i = 0; i < kWords; ++i) {
    Word word = from[i];
    asm("" : "+r"(word));
    to[i] = word;
  }
}

inline constexpr std::size_t kScopeDataWords = kHandleScopeDataSize / sizeof(Word);
inline constexpr std::size_t kImplementerWords = kImplementerSize / sizeof(Word);
inline constexpr std::size_t kTopWords = kThreadLocalTopSize / sizeof(Word);
// V8 writes the first words of ThreadLocalTop (the exit frame, the callback, the context) around each call.
inline constexpr std::size_t kHotTopWords = 4;

// Where the running stack lies, and so where its conservative scan ends. V8 has one word for the latter; more only if it
// changes.
[[gnu::always_inline]] inline void DirectEngine::set_stack_extent(
    const ThreadRecord& record) const {
  const Word start = record.stack_start;
  *stack_start_ = start;
  if constexpr (kHasStackExtent) {
    *thread_stack_start_ = start;
    *stack_size_ = record.stack_size;
  }
  if (!has_more_stack_starts_) [[likely]]
    return;
  for (std::size_t i = 1; i < layout_.stack_start_count; ++i) *layout_.stack_starts[i] = start;
}

[[gnu::always_inline]] inline void DirectEngine::archive(ThreadRecord& from) {
  if (from.is_main) {
    copy_wide<kImplementerWords>(from.archive, main_implementer_);
    main_left_at_ = collections_;
  }
  from.node.data = from.archive;
  from.tip = reinterpret_cast<Word>(__builtin_frame_address(0));
  copy_words<kScopeDataWords>(from.archive + kScopeDataInImplementer / sizeof(Word), scope_data_);
  const Word* const top = top_;
  copy_words<kHotTopWords>(from.archive + kImplementerWords, top);
  copy_wide<kTopWords - kHotTopWords>(from.archive + kImplementerWords + kHotTopWords,
                                      top + kHotTopWords);
  from.archive[kImplementerWords + kTopWords] = *relocatable_top_;
  save_unarchived<InterruptScopes::kOurs>(layout_, from);
}

[[gnu::always_inline]] inline void DirectEngine::restore(ThreadRecord& to) {
  generations_->wake(to);
  set_stack_extent(to);
  *relocatable_top_ = to.archive[kImplementerWords + kTopWords];
  if (to.is_main) {
    // A collection may have moved the buffers of the implementer's vectors.
    if (main_left_at_ != collections_) [[unlikely]] {
      copy_wide<kImplementerWords>(main_implementer_, to.archive);
    }
    *implementer_place_ = main_implementer_;
  } else {
    *implementer_place_ = to.archive;
  }
  to.node.data = empty_archive_;
  copy_words<kScopeDataWords>(scope_data_, to.archive + kScopeDataInImplementer / sizeof(Word));
  copy_wide<kTopWords>(top_, to.archive + kImplementerWords);
  restore_unarchived(layout_, to);
}

[[gnu::always_inline]] inline void DirectEngine::swap(ThreadRecord& from, ThreadRecord& to) {
  // First, while few stores are under way: its compare-and-exchange waits for all of them.
  set_stack_limit(layout_, to.stack_limit);
  archive(from);
  restore(to);
}

inline void DirectEngine::enter(ThreadRecord& to) {
  set_stack_limit(layout_, to.stack_limit);
  restore(to);
}

}  // namespace greenfiber::v8_state
