#include "v8_state/shape_maps/frame_chain.h"

#include "stack/size_class.h"

namespace greenfiber::v8_state {

namespace {

constexpr std::size_t kNextHandle = kScopeDataInImplementer / sizeof(Word);
constexpr std::size_t kTop = kImplementerSize / sizeof(Word);

// v8::TryCatch: { isolate, next, .. }; Relocatable: { virtual table, isolate, outer, .. }
constexpr std::size_t kNextTryCatch = 1, kOuterRelocatable = 2;

// From a record to behind the handles. What follows on them is another slot's guard, where nothing is.
constexpr Word kMostAbove = 3 * stack::kSmallestPage;
constexpr Word kMostStack = Word{64} << 20;
constexpr Word kMostObjects = 32, kMostFrames = 400;
constexpr Word kHashedFrames = 6;
constexpr Word kKinds = 64;

Word load(Word at) { return *reinterpret_cast<const Word*>(at); }

Word mixed(Word hash, Word word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 29;
}

}  // namespace

AddressRange FrameChain::extent(const ThreadRecord& record) {
  const Word at = reinterpret_cast<Word>(&record);
  return {record.tip, at + kMostAbove};
}

const char* FrameChain::read(const ThreadRecord& record, StackShape& shape) {
  of_ = &record;
  record_ = reinterpret_cast<Word>(&record);
  low_ = record.tip;
  shape.begin(record_);
  shape_ = &shape;
  if (record.is_main || low_ >= record_ || record_ - low_ > kMostStack) return "its extent";
  if (const char* odd = read_record()) return odd;
  shape.record_is_read();
  const Word* top = record.archive + kTop;
  if (const char* odd = read_objects(top[layout_.frames.try_catch], kNextTryCatch, false)) {
    return odd;
  }
  const Word relocatable = record.archive[kRelocatableInArchive];
  if (const char* odd = read_objects(relocatable, kOuterRelocatable, true)) return odd;
  frames_ = 0;
  return read_frames(top[layout_.frames.exit_frame]);
}

// How many handles, contexts and blocks of handles there are, and where the rest begins.
const char* FrameChain::read_record() {
  const auto at = [this](std::size_t word) { return reinterpret_cast<Word>(&of_->archive[word]); };
  const std::size_t spare = layout_.spare_in_implementer / sizeof(Word);
  for (std::size_t vector = kFirstVector; vector + kVectorWords <= spare; vector += kVectorWords) {
    shape_->same(at(vector + kSizeInVector));
  }
  // All that is between the vectors and the handles' end is the same, or the stack is another.
  for (std::size_t word = spare + 1; word < kNextHandle; ++word) shape_->same(at(word));
  shape_->address(at(kNextHandle));
  shape_->address(at(kTop + layout_.frames.exit_frame));
  shape_->address(at(kTop + layout_.frames.try_catch));
  shape_->address(at(kRelocatableInArchive));

  const Word blocks = of_->archive[kFirstVector + kSizeInVector];
  const Word next = of_->archive[kNextHandle];
  if (blocks > 1) return "more than one block of handles";
  if (blocks == 0 ? next != 0 : next <= record_ || next > extent(*of_).high) {
    return "handles elsewhere";
  }
  return nullptr;
}

// A chain of C++ objects on the stack.
const char* FrameChain::read_objects(Word head, std::size_t link, bool typed) {
  Word objects = 0;
  for (Word object = head; object != 0; object = load(object + link * sizeof(Word))) {
    if (!inside(object) || !inside(object + link * sizeof(Word)) || ++objects > kMostObjects) {
      return "objects of C++ elsewhere";
    }
    if (typed) shape_->same(object);
    shape_->address(object + link * sizeof(Word));
  }
  return nullptr;
}

const char* FrameChain::read_frames(Word exit_frame) {
  for (Word frame = exit_frame; frame != 0;) {
    if (const char* odd = read_exit_frame(frame)) return odd;
    for (bool is_entry = false; !is_entry;) {
      if (const char* odd = read_caller(frame, is_entry)) return odd;
    }
    // Up to the exit frame that C++ was called by before it called JavaScript.
    const Word next_exit = frame + Word(layout_.frames.next_exit);
    if (!inside(next_exit - sizeof(Word))) return "frames elsewhere";
    shape_->address(next_exit);
    if constexpr (kKeepsFastCall) shape_->address(next_exit - sizeof(Word));
    const Word next = load(next_exit);
    if (next != 0 && next <= frame) return "frames elsewhere";
    frame = next;
  }
  return nullptr;
}

const char* FrameChain::read_exit_frame(Word frame) {
  const Word kind = frame - 8, stack_pointer = frame - 16;
  if (!inside(frame) || !inside(stack_pointer)) return "frames elsewhere";
  const Word returns_at = load(stack_pointer) - 8;
  if (!inside(returns_at) || returns_at >= frame) return "frames elsewhere";
  if (!is_plain_kind(load(kind))) return "a frame of another kind";
  if (!layout_.frames.is_code(load(returns_at))) return "code elsewhere";
  shape_->same(kind);
  shape_->address(stack_pointer);
  if (!breaks_) shape_->same(returns_at);
  return nullptr;
}

const char* FrameChain::read_caller(Word& frame, bool& is_entry) {
  const Word caller = load(frame), returns_at = frame + 8;
  if (!inside(caller) || !inside(caller - 8) || caller <= frame) return "frames elsewhere";
  if (!layout_.frames.is_code(load(returns_at))) return "code elsewhere";
  if (++frames_ > kMostFrames) return "too many frames";
  if (!breaks_) {
    shape_->address(frame);
    shape_->same(returns_at);
  }
  frame = caller;
  const Word kind = load(caller - 8);
  if ((kind & 1) != 0) {
    if (!breaks_) shape_->tagged(caller - 8);
    return nullptr;
  }
  if (!is_plain_kind(kind)) return "a frame of another kind";
  if (!breaks_) shape_->same(caller - 8);
  is_entry = kind == layout_.frames.entry_marker || kind == layout_.frames.construct_entry_marker;
  return nullptr;
}

bool FrameChain::is_plain_kind(Word kind) const {
  return (kind & 1) == 0 && kind >> 1 < kKinds &&
         (layout_.frames.plain_kinds >> (kind >> 1) & 1) != 0;
}

Word FrameChain::hash(const ThreadRecord& record) const {
  const Word at = reinterpret_cast<Word>(&record);
  Word frame = record.archive[kTop + layout_.frames.exit_frame];
  Word hash = mixed(record.archive[kNextHandle] - at, frame - at);
  if (breaks_) return 0;
  for (Word i = 0; i < kHashedFrames && frame >= record.tip && frame + 16 <= at; ++i) {
    const Word caller = load(frame);
    hash = mixed(mixed(hash, load(frame + 8)), caller - at);
    if (caller <= frame) break;
    frame = caller;
  }
  return hash;
}

}  // namespace greenfiber::v8_state
