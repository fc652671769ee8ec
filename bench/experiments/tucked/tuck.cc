#include "tuck.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace greenfiber::tucked {

namespace {

using fiber::State;
using v8_state::kImplementerWords;
using v8_state::kRelocatableInArchive;
using v8_state::kTopWords;
using v8_state::ThreadRecord;

constexpr std::size_t kNextHandle = v8_state::kScopeDataInImplementer / sizeof(Word);
constexpr std::size_t kBlocks = 1, kBlockCount = 3;  // the implementer's first vector
constexpr std::size_t kWordOfSp = 2;                 // below the frame pointer of an exit frame
constexpr Word kEntryMarker = 2;                     // one word below that of JavaScript's entry
constexpr int kPoison = 0xdb;

Word& word_at(Word address) { return *reinterpret_cast<Word*>(address); }
Word address(const void* pointer) { return reinterpret_cast<Word>(pointer); }
Word marker_of(Word frame) { return word_at(frame - sizeof(Word)); }
Word& sp_of(Word exit_frame) { return word_at(exit_frame - kWordOfSp * sizeof(Word)); }
Word* top_of(const ThreadRecord& record) {
  return const_cast<Word*>(record.archive) + kImplementerWords;
}
std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

// Memory that has been copied, while the links to it still lead to where it was.
struct Moved {
  Word from, size, distance;

  Moved(Word from_, std::size_t size_, Word to) : from(from_), size(size_), distance(to - from_) {}
  bool rebase(Word& link) const {
    if (link - from > size) return false;
    link += distance;
    return true;
  }
};

// The frame that JavaScript left to call us: the one pointer of ThreadLocalTop below which lie a marker and the
// stack pointer of the call.
Word find_exit(const Word* top, Word low, Word high) {
  Word found = 0;
  for (std::size_t i = 0; i < kTopWords; ++i) {
    const Word frame = top[i];
    if (frame < low + 32 || frame >= high || frame % sizeof(Word) != 0) continue;
    const Word marker = marker_of(frame), sp = sp_of(frame);
    if (marker == 0 || marker > 128 || marker % 2 != 0 || sp <= low || sp >= frame) continue;
    if (found != 0) return 0;
    found = frame;
  }
  return found;
}

// The frame that JavaScript was entered by, if it was entered once.
Word find_entry(const Word* top, Word exit, Word high) {
  Word frame = exit;
  for (Word caller = word_at(frame); caller > frame && caller < high; caller = word_at(frame)) {
    frame = caller;
    if (marker_of(frame) == kEntryMarker) {
      return std::find(top, top + kTopWords, frame) != top + kTopWords ? frame : 0;
    }
  }
  return 0;
}

// v8::TryCatch begins with { isolate, next }. There is one, in Runtime::run_bodies: next is null.
Word find_try_catch(const Word* top, Word isolate, Word entry, Word high) {
  Word found = 0;
  for (std::size_t i = 0; i < kTopWords; ++i) {
    if (top[i] <= entry || top[i] >= high || top[i] % sizeof(Word) != 0) continue;
    if (word_at(top[i]) != isolate || word_at(top[i] + sizeof(Word)) != 0) continue;
    if (found != 0) return 0;
    found = top[i];
  }
  return found;
}

bool dissect(const Fiber& fiber, Word isolate, Anatomy& anatomy) {
  const Word* const top = top_of(fiber.record);
  const Word low = address(fiber.suspended), high = address(fiber.bottom);
  anatomy.suspended = low;
  anatomy.top = high + sizeof(context::BottomFrame);
  anatomy.exit = find_exit(top, low, high);
  if (anatomy.exit == 0) return false;
  anatomy.entry = find_entry(top, anatomy.exit, high);
  if (anatomy.entry == 0) return false;
  anatomy.try_catch = find_try_catch(top, isolate, anatomy.entry, high);
  if (anatomy.try_catch == 0) return false;
  // V8 reads the return address below the stack pointer, and the objects of the Relocatable chain: each is
  // { virtual table, isolate, outer }.
  anatomy.frames = sp_of(anatomy.exit) - sizeof(Word);
  for (Word at = fiber.record.archive[kRelocatableInArchive]; at != 0;) {
    if (at < low || at >= anatomy.exit) return false;
    anatomy.frames = std::min(anatomy.frames, at);
    at = word_at(at + 2 * sizeof(Word));
  }
  anatomy.frames &= ~Word{15};
  return anatomy.frames >= low;
}

// Makes the links of a copy lead into the copy: in both directions, since what was not rebased on the way in is
// not covered on the way out. `exit` is where the frame is now.
void rebase_links(ThreadRecord& record, Word exit, const Moved& frames, const Moved& try_catch,
                  const Moved& handles) {
  Word* const archive = record.archive;
  handles.rebase(archive[kNextHandle]);
  handles.rebase(archive[kNextHandle + 1]);  // and the limit
  handles.rebase(word_at(archive[kBlocks]));
  Word* const top = top_of(record);
  for (std::size_t i = 0; i < kTopWords; ++i) {
    if (!frames.rebase(top[i])) try_catch.rebase(top[i]);
  }
  for (Word* link = &archive[kRelocatableInArchive]; frames.rebase(*link);) {
    link = &word_at(*link + 2 * sizeof(Word));
  }
  frames.rebase(sp_of(exit));
  for (Word frame = exit; marker_of(frame) != kEntryMarker; frame = word_at(frame)) {
    frames.rebase(word_at(frame));
  }
}

// Puts the copy of a record into the place of the original.
void relink(ThreadRecord& copy) {
  copy.node.next->previous = &copy.node;
  copy.node.previous->next = &copy.node;
  copy.node.data = copy.archive;
  if (copy.generation != v8_state::Generation::kWoken) return;
  *copy.woken_link = &copy;
  if (copy.next_woken != nullptr) copy.next_woken->woken_link = &copy.next_woken;
}

void leave_slot(const stack::Slot& slot, Slot kind) {
  if (kind != Slot::kKept) madvise(slot.low, slot.size(), MADV_DONTNEED);
  if (kind == Slot::kForbidden && mprotect(slot.low, slot.size(), PROT_NONE) != 0) std::abort();
}

// Whatever is not copied back shall be missed.
void reopen_slot(const stack::Slot& slot) {
  if (mprotect(slot.low, slot.size(), PROT_READ | PROT_WRITE) != 0) std::abort();
  std::memset(slot.high - fiber::kTopPages, kPoison, fiber::kTopPages);
}

void copy(Word to, Word from, std::size_t bytes) {
  std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes);
}

}  // namespace

// In the proof a block ends where a page does, before one that nobody may read.
std::byte* Attic::allocate(std::size_t size, Slot slot) {
  if (slot != Slot::kForbidden) return static_cast<std::byte*>(std::malloc(size));
  const std::size_t pages = round_up(size, fiber::kPageSize);
  void* memory = mmap(nullptr, pages + fiber::kPageSize, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  auto* const end = static_cast<std::byte*>(memory) + pages;
  if (mprotect(end, fiber::kPageSize, PROT_NONE) != 0) std::abort();
  return end - size;
}

void Attic::release(std::byte* memory, std::size_t size, Slot slot) {
  if (slot != Slot::kForbidden) return std::free(memory);
  const std::size_t pages = round_up(size, fiber::kPageSize);
  munmap(memory + size - pages, pages + fiber::kPageSize);
}

Refusal Attic::why_not(const Fiber& fiber, Anatomy& anatomy) const {
  const bool yielded = fiber.state == State::kSuspended && fiber.tip == nullptr;
  const bool asleep = fiber.state == State::kAsleepInChain;
  if (fiber.is_main() || (!yielded && !asleep)) return Refusal::kAwake;
  if (fiber.resumer != nullptr || fiber.resuming != nullptr) return Refusal::kInChain;
  if (asleep && (fiber.tip != &fiber || fiber.chain != &fiber || fiber.below != nullptr)) {
    return Refusal::kInChain;
  }
  if (fiber.record.has_unarchived) return Refusal::kUnarchived;
  if (fiber.record.archive[kBlockCount] != 1) return Refusal::kHandles;
  return dissect(fiber, isolate_, anatomy) ? Refusal::kNone : Refusal::kFrames;
}

bool Attic::tuck(Fiber& fiber, Slot slot) {
  Anatomy at;
  const Refusal refusal = why_not(fiber, at);
  ++sums_.refusals[static_cast<int>(refusal)];
  if (refusal != Refusal::kNone) return false;
  const fiber::StackPage page = fiber::StackPage::of(fiber.slot);
  const Word handles = address(page.handles());
  const auto callback = patterns_.match(at.suspended, at.frames, at.top, fiber.slot);
  const auto bottom = patterns_.match(at.entry, at.top, at.top, fiber.slot);

  Block block{};
  block.slot = slot;
  block.callback_pattern = callback.pattern;
  block.bottom_pattern = bottom.pattern;
  block.callback_differences = static_cast<std::uint32_t>(callback.differences.size());
  block.bottom_differences = static_cast<std::uint32_t>(bottom.differences.size());
  block.handle_bytes =
      static_cast<std::uint32_t>(round_up(fiber.record.archive[kNextHandle] - handles, 16));
  block.frame_bytes = static_cast<std::uint32_t>(round_up(at.entry - at.frames, 16));
  block.memory = allocate(block.size(), slot);

  std::memcpy(block.memory, static_cast<const void*>(&fiber), fiber::kFiberSize);
  Difference* next = block.differences();
  next = std::copy(callback.differences.begin(), callback.differences.end(), next);
  std::copy(bottom.differences.begin(), bottom.differences.end(), next);
  copy(block.handles(), handles, block.handle_bytes);
  copy(block.frames(), at.frames, block.frame_bytes);
  copy(block.try_catch(), at.try_catch, sizeof(v8::TryCatch));
  rebase_links(block.fiber().record, at.exit - at.frames + block.frames(),
               {at.frames, at.entry - at.frames, block.frames()},
               {at.try_catch, 0, block.try_catch()},
               {handles, v8_state::kHandleBlockSize, block.handles()});
  relink(block.fiber().record);
  leave_slot(fiber.slot, slot);
  blocks_.emplace(&fiber, Stored{block, at});

  sums_.blocks += static_cast<double>(block.size());
  sums_.callback += static_cast<double>(at.frames - at.suspended);
  sums_.javascript += static_cast<double>(at.entry - at.frames);
  sums_.bottom += static_cast<double>(at.top - at.entry);
  sums_.handles += block.handle_bytes;
  sums_.differences += block.callback_differences + block.bottom_differences;
  return true;
}

bool Attic::untuck(Fiber& fiber) {
  const auto found = blocks_.find(&fiber);
  if (found == blocks_.end()) return false;
  const auto [block, at] = found->second;
  blocks_.erase(found);
  const fiber::StackPage page = fiber::StackPage::of(block.fiber().slot);
  const Word handles = address(page.handles());
  if (block.slot == Slot::kForbidden) reopen_slot(block.fiber().slot);

  std::memcpy(static_cast<void*>(&fiber), block.memory, fiber::kFiberSize);
  const Difference* const first = block.differences();
  const Difference* const second = first + block.callback_differences;
  patterns_[block.callback_pattern].restore(at.suspended, at.top, first, second);
  patterns_[block.bottom_pattern].restore(at.entry, at.top, second,
                                          second + block.bottom_differences);
  copy(handles, block.handles(), block.handle_bytes);
  copy(at.frames, block.frames(), at.entry - at.frames);
  copy(at.try_catch, block.try_catch(), sizeof(v8::TryCatch));
  rebase_links(fiber.record, at.exit, {block.frames(), at.entry - at.frames, at.frames},
               {block.try_catch(), 0, at.try_catch},
               {block.handles(), v8_state::kHandleBlockSize, handles});
  relink(fiber.record);
  std::memset(block.memory, kPoison, block.size());
  release(block.memory, block.size(), block.slot);
  return true;
}

}  // namespace greenfiber::tucked
