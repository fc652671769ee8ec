#include "v8_state/shape_maps/slot_recorder.h"

#include <algorithm>
#include <cstring>

#include "v8_state/shape_maps/frame_chain.h"

namespace greenfiber::v8_state {

namespace {

constexpr std::size_t kScriptContext = kImplementerSize / sizeof(Word) + kScriptContextInTop;

// Code that runs is handed to a visitor in variables of V8's own functions, on the stack that collects.
constexpr Word kFramesOfWalk = 32 * 1024;

bool within(Word at, Word end, const void* from, std::size_t bytes) {
  const Word low = reinterpret_cast<Word>(from);
  return at >= low && end <= low + bytes;
}

}  // namespace

void SlotRecorder::begin(const ThreadRecord& record) {
  record_ = &record;
  odd_ = nullptr;
  visits_.clear();
  script_context_ = ScriptContext::kUnknown;
  std::memcpy(archive_, record.archive, sizeof archive_);
}

void SlotRecorder::saw(Word root, const Tagged* first, const Tagged* end, const YoungPages& young) {
  const Word at = reinterpret_cast<Word>(first), to = reinterpret_cast<Word>(end);
  if (at >= to) return;
  const AddressRange own = FrameChain::extent(*record_);
  bool known = at >= own.low && to <= own.high;
  for (std::size_t word = kFirstVector; word < layout_.spare_in_implementer / sizeof(Word);
       word += kVectorWords) {
    const Word data = record_->archive[word], count = record_->archive[word + kSizeInVector];
    known = known || (at >= data && to <= data + count * sizeof(Word));
  }
  if (known) {
    for (Word slot = at; slot < to; slot += sizeof(Word)) visits_.push_back({slot, root});
    return;
  }
  if (is_nobodys(at, to)) return;
  // V8's own variables: code is never young.
  if (within(at, to, __builtin_frame_address(0), kFramesOfWalk)) {
    for (const Tagged* slot = first; slot < end; ++slot) {
      if (young.contain(*slot)) odd_ = "something young that is nowhere";
    }
    return;
  }
  odd_ = "slots elsewhere";
}

// What is visited along with every archived stack, or belongs to the stack before.
bool SlotRecorder::is_nobodys(Word at, Word end) const {
  return within(at, end, layout_.isolate, layout_.isolate_extent) ||
         within(at, end, empty_archive_, kArchiveWords * sizeof(Word)) ||
         within(at, end, archive_before_, kArchiveWords * sizeof(Word));
}

const char* SlotRecorder::finish() {
  std::sort(visits_.begin(), visits_.end());
  const char* changed = compare_archives();
  record_ = nullptr;
  return odd_ != nullptr ? odd_ : changed;
}

const char* SlotRecorder::compare_archives() {
  for (std::size_t i = 0; i < kArchiveWords; ++i) {
    const Word before = archive_[i], now = record_->archive[i];
    const bool is_context = kScriptContextInTop != 0 && i == kScriptContext && before != 0;
    if (before == now && !is_context) continue;
    const bool was_visited = visited(&record_->archive[i]);
    if (is_context && (was_visited || now == 0 || now == before)) {
      script_context_ = was_visited ? ScriptContext::kVisited
                        : now == 0  ? ScriptContext::kCleared
                                    : ScriptContext::kKept;
      continue;
    }
    if (was_visited) continue;
    // A vector's buffer may move to one that fits.
    if (i >= kFirstVector && i < layout_.spare_in_implementer / sizeof(Word) &&
        (i - kFirstVector) % kVectorWords != kSizeInVector) {
      continue;
    }
    return "a word of the record that V8 does not visit";
  }
  return nullptr;
}

bool SlotRecorder::visited(const Word* word) const {
  const auto at =
      std::lower_bound(visits_.begin(), visits_.end(), SlotVisit{reinterpret_cast<Word>(word), 0});
  return at != visits_.end() && at->at == reinterpret_cast<Word>(word);
}

}  // namespace greenfiber::v8_state
