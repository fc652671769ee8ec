// Where one isolate keeps the state that belongs to a native stack. Every member is found by calibration
// (calibration.h) through public V8 API; nothing here comes from a table of offsets.
#pragma once

#include <cstddef>
#include <cstdint>

#include "v8_state/join_stack.h"
#include "v8_state/tagged.h"
#include "v8_state/v8_version.h"

namespace greenfiber::v8_state {

using Internals = v8::internal::Internals;

// The public header v8-internal.h states place and size of these two.
inline constexpr std::size_t kThreadLocalTopOffset = Internals::kIsolateThreadLocalTopOffset;
inline constexpr std::size_t kThreadLocalTopSize = Internals::kThreadLocalTopSize;
inline constexpr std::size_t kStackGuardOffset = Internals::kIsolateStackGuardOffset;
inline constexpr std::size_t kStackGuardWords = Internals::kStackGuardSize / sizeof(Word);

inline constexpr std::size_t kHandlesPerBlock = 1022;
inline constexpr std::size_t kHandleBlockSize = kHandlesPerBlock * sizeof(Word);

// What V8 calls ThreadState: a node of the list of archived threads.
struct ThreadState {
  Word id;
  Word* data;
  ThreadState* next;
  ThreadState* previous;
  void* thread_manager;
};

// One of V8's address-sized stack limits and the copy that an interrupt request overwrites.
struct StackLimitPlace {
  Word* real;
  Word* effective;
};

// HandleScopeImplementer: { isolate, vectors { data, capacity, size } .., spare block, .., next handle, limit, .. }
inline constexpr std::size_t kFirstVector = 1, kVectorWords = 3, kSizeInVector = 2;

struct AddressRange {
  Word low = 0, high = 0;
  bool holds(Word word) const { return word >= low && word < high; }
};

// How V8's frames are chained, see find_frames.cc. Needed by shape maps alone: where it was not found, they are off.
struct FrameLayout {
  const char* missing = "not looked for";
  // Words of ThreadLocalTop: the innermost exit frame, and the innermost v8::TryCatch.
  std::size_t exit_frame = 0, try_catch = 0;
  // Where an entry frame keeps the exit frame that is next, in bytes from its frame pointer.
  std::ptrdiff_t next_exit = 0;
  Word entry_marker = 0, construct_entry_marker = 0;
  // Kinds of frames that V8 walks by nothing but where they lie and where they return to, one bit each.
  Word plain_kinds = 0;
  // Where code may lie: that of WebAssembly does not lie there.
  AddressRange code, embedded;

  bool is_code(Word pc) const { return code.holds(pc) || embedded.holds(pc); }
};

struct Layout {
  std::byte* isolate = nullptr;
  std::size_t isolate_extent = 0;

  // Handles.
  Word* handle_scope_data = nullptr;
  Word** implementer_place = nullptr;  // the isolate's pointer to its HandleScopeImplementer
  Word* main_implementer = nullptr;
  std::size_t spare_in_implementer = 0;

  // The list of archived threads.
  void* thread_manager = nullptr;
  ThreadState* in_use_anchor = nullptr;
  std::size_t archive_size = 0;  // bytes of one archived thread

  // A thread that has just taken the isolate: what a new fiber starts with.
  Word fresh_thread_local_top[kThreadLocalTopSize / sizeof(Word)] = {};

  // Stack bounds.
  StackLimitPlace stack_limits[kStackLimitCount] = {};
  Word main_stack_limit = 0;
  Word main_stack_start = 0;
  Word* stack_starts[4] = {};  // what the conservative stack scan believes
  std::size_t stack_start_count = 0;
  Word* thread_stack_start =
      nullptr;  // a thread_local of V8's; null where it is not needed, or V8 keeps none
  Word* stack_size = nullptr;  // in the isolate; null before V8 13
  Word main_stack_size = 0;

  Word* wasm_stacks = nullptr;  // null: this V8 has none, or they were not found; see wasm_stacks.h

  // State V8 keeps per stack but does not archive (hazards of the field, see find_unarchived_state.cc).
  Word* relocatable_top = nullptr;
  Word* sudden_shutdown_vector = nullptr;  // three words; null where this V8 has no such vector
  std::uint8_t* formatting_stack_trace = nullptr;
  Word* interrupt_scopes = nullptr;   // null: the locker engine lets V8 archive it
  Word* continuation_data = nullptr;  // null before V8 12
  JoinStack join_stack;
  FrameLayout frames;

  // In V8's words, so that the compiler knows that storing them changes no pointer of ours.
  Word* thread_local_top() const {
    return reinterpret_cast<Word*>(isolate + kThreadLocalTopOffset);
  }
  Word* stack_guard() const { return reinterpret_cast<Word*>(isolate + kStackGuardOffset); }
};

}  // namespace greenfiber::v8_state
