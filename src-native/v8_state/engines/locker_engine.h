// The portable engine: every fiber is a thread to V8. It gives each stack a thread id of its own and lets
// v8::Unlocker and v8::Locker archive and restore. Slower than the direct engine by far, but it needs to know
// almost nothing about V8: it serves V8s that calibration does not recognise, and is the oracle that the
// whole test suite runs against.
#pragma once

#include <optional>

#include "v8_state/engines/stack_limits.h"
#include "v8_state/engines/thread_identity.h"
#include "v8_state/engines/unarchived.h"
#include "v8_state/engines/wasm_stacks.h"
#include "v8_state/thread_record.h"

namespace greenfiber::v8_state {

class LockerEngine {
 public:
  // `layout` need only name stack limits and unarchived state; it outlives the engine.
  LockerEngine(v8::Isolate* isolate, const Layout& layout, const ThreadIdentity& identity,
               ThreadRecord& main)
      : isolate_(isolate), layout_(layout), identity_(identity) {
    main.is_main = true;
    main.node.id = static_cast<Word>(*identity.thread_id);
    main.stack_start = layout.thread_stack_start != nullptr ? *layout.thread_stack_start : 0;
    main.stack_size = layout.main_stack_size;
  }

  // While nothing but this thread is in V8's list. `threads` is what calibrate_for_wasm_stacks found.
  void keep_wasm_stacks(const Layout& threads) {
    Word archive[kArchiveWords];
    make_empty_archive(threads, archive);
    wasm_stacks_.emplace(isolate_, threads, archive);
  }
  // Null: they could not be found, and must not be used.
  WasmStacks* wasm_stacks() { return wasm_stacks_ ? &*wasm_stacks_ : nullptr; }
  const WasmStacks* wasm_stacks() const { return wasm_stacks_ ? &*wasm_stacks_ : nullptr; }

  void adopt(ThreadRecord& record, const StackBounds& bounds) {
    record.node.id = next_id_++;
    record.set_bounds(bounds);
  }

  // Runs `native_switch`, which continues `to` and comes back when `from` is continued.
  template <typename NativeSwitch>
  auto switch_threads(ThreadRecord& from, ThreadRecord& to, NativeSwitch native_switch) {
    auto result = [&] {
      v8::Unlocker unlocker(isolate_);
      save_unarchived<InterruptScopes::kArchivedByV8>(layout_, from);
      become(to);
      auto transfer = native_switch();
      become(from);
      return transfer;
    }();
    refresh_stack_start();
    return result;
  }

  // The body of a fiber's native stack between its first entry and its last switch.
  template <typename Body>
  void run_thread(ThreadRecord& self, ThreadRecord*& next, Body body) {
    {
      v8::Locker locker(isolate_);
      set_stack_limit(layout_, self.stack_limit);
      refresh_stack_start();
      body();
    }
    isolate_->DiscardThreadSpecificMetadata();
    become(*next);
  }

 private:
  void become(ThreadRecord& record) {
    *identity_.thread_id = static_cast<std::int32_t>(record.node.id);
    if (layout_.thread_stack_start != nullptr) *layout_.thread_stack_start = record.stack_start;
    if constexpr (kHasStackExtent) *layout_.stack_size = record.stack_size;
    restore_unarchived(layout_, record);
  }

  // Entering the isolate tells its heap where the conservative scan of this stack ends.
  void refresh_stack_start() {
    isolate_->Enter();
    isolate_->Exit();
  }

  v8::Isolate* isolate_;
  const Layout& layout_;
  ThreadIdentity identity_;
  Word next_id_ = 0x40000000;
  std::optional<WasmStacks> wasm_stacks_;
};

}  // namespace greenfiber::v8_state
