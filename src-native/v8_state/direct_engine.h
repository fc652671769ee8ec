// The direct engine: archives and restores V8's per-stack state itself, without taking V8's lock or changing
// its notion of the current thread. See thread_record.h for what is where.
#pragma once

#include <cstring>

#include "v8_state/stack_limits.h"
#include "v8_state/thread_record.h"
#include "v8_state/unarchived.h"

namespace greenfiber::v8_state {

class DirectEngine {
 public:
  // `layout` outlives the engine. Links the record of the isolate's own stack, which is running.
  DirectEngine(v8::Isolate* isolate, const Layout& layout, ThreadRecord& main);

  // Puts everything back as if there had never been a fiber: every record is unlinked, and the running
  // stack's state becomes the main stack's. Must be called before V8 tears its thread list down.
  ~DirectEngine();

  DirectEngine(const DirectEngine&) = delete;
  DirectEngine& operator=(const DirectEngine&) = delete;

  // Makes `record`, which is all zeros, that of a fresh stack and links it. V8 takes its first handle block from `handles`
  // (kHandleBlockSize bytes), which lives as long as the record.
  void adopt(ThreadRecord& record, std::byte* handles, Word stack_start, Word stack_limit);

  // Unlinks a record that will not run again and frees what V8 allocated for it.
  void forget(ThreadRecord& record);

  // Calls `use` with every record that is linked, the main stack's included.
  template <typename Use>
  void for_each_record(Use use);

  // Out of `from`, into `to`; the caller switches the native stack right afterwards. Between the two calls
  // nothing may allocate or call V8.
  void leave(ThreadRecord& from);
  void enter(ThreadRecord& to);

  const ThreadRecord* running() const { return running_; }

 private:
  static void before_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self);
  static void after_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self);
  void set_stack_start(Word start);

  v8::Isolate* isolate_;
  const Layout& layout_;
  ThreadRecord* running_;
  ThreadRecord& main_;
  alignas(16) std::byte empty_archive_[kArchiveCapacity];
};

// Any id that no OS thread has: V8 counts them from 1.
inline constexpr Word kFiberThreadId = 0x7fffffff;

template <typename Use>
inline void DirectEngine::for_each_record(Use use) {
  for (ThreadState* node = layout_.in_use_anchor->next; node != layout_.in_use_anchor;) {
    ThreadState* next = node->next;
    if (node->id == kFiberThreadId) use(*reinterpret_cast<ThreadRecord*>(node));
    node = next;
  }
}

inline void DirectEngine::leave(ThreadRecord& from) {
  std::byte* archive = from.archive;
  if (from.is_main) std::memcpy(archive, layout_.main_implementer, layout_.implementer_size);
  std::memcpy(archive + layout_.scope_data_in_implementer, layout_.handle_scope_data,
              kHandleScopeDataSize);
  archive += layout_.implementer_size;
  std::memcpy(archive, layout_.thread_local_top(), kThreadLocalTopSize);
  std::memcpy(archive + kThreadLocalTopSize, layout_.relocatable_top, sizeof(Word));
  save_unarchived(layout_, from);
  from.node.data = from.archive;
}

inline void DirectEngine::enter(ThreadRecord& to) {
  const std::byte* archive = to.archive;
  if (to.is_main) {
    // A collection may have moved the buffers of the implementer's vectors.
    std::memcpy(layout_.main_implementer, archive, layout_.implementer_size);
    *layout_.implementer_place = layout_.main_implementer;
  } else {
    *layout_.implementer_place = to.archive;
  }
  std::memcpy(layout_.handle_scope_data, archive + layout_.scope_data_in_implementer,
              kHandleScopeDataSize);
  archive += layout_.implementer_size;
  std::memcpy(layout_.thread_local_top(), archive, kThreadLocalTopSize);
  std::memcpy(layout_.relocatable_top, archive + kThreadLocalTopSize, sizeof(Word));
  restore_unarchived(layout_, to);
  to.node.data = empty_archive_;
  running_ = &to;
  set_stack_limit(layout_, to.stack_limit);
}

}  // namespace greenfiber::v8_state
