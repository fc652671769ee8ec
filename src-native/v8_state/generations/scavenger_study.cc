#include "v8_state/generations/scavenger_study.h"

namespace greenfiber::v8_state {

namespace {

// The young generation's other collector has changed its name.
#if GREENFIBER_HAS_MINOR_MARK_SWEEP
constexpr v8::GCType kMinorMarkSweep = v8::kGCTypeMinorMarkSweep;
#else
constexpr v8::GCType kMinorMarkSweep = v8::kGCTypeMinorMarkCompact;
#endif

// HandleScopeImplementer begins { isolate, blocks: { pointer, capacity, size } }.
constexpr std::size_t kBlocks = 1, kBlocksCapacity = 2, kBlocksSize = 3;

}  // namespace

ScavengerStudy::ScavengerStudy(v8::Isolate* isolate, const Layout& layout,
                               const Word* empty_archive)
    : isolate_(isolate), witness_(layout, empty_archive) {
  witness_.archive[kBlocks] = reinterpret_cast<Word>(&block_);
  witness_.archive[kBlocksCapacity] = witness_.archive[kBlocksSize] = 1;
  witness_.archive[kScopeDataInImplementer / sizeof(Word)] = reinterpret_cast<Word>(&specimen_ + 1);
}

void ScavengerStudy::give_up(const char* reason) {
  state_ = State::kGivenUp;
  reason_ = reason;
  specimen_ = 0;
}

void ScavengerStudy::offer_specimen() {
  if (state_ != State::kStudying || specimen_ != 0) return;
  v8::HandleScope scope(isolate_);
  specimen_ = tagged_word(v8::Object::New(isolate_));
  resident_ = PageHeader::of(specimen_);
  moves_ = 0;
}

void ScavengerStudy::collection_begins(v8::GCType type) {
  if (state_ != State::kStudying) return;
  if (type == kMinorMarkSweep) return give_up("V8 collects the young generation by marking");
  scavenging_ = type == v8::kGCTypeScavenge;
  visitors_ = 0;
}

bool ScavengerStudy::wants(const Word* table) {
  if (state_ != State::kStudying || !scavenging_) return false;
  table_ = table;
  before_ = 0;
  return ++visitors_ == 1;
}

void ScavengerStudy::before_visit(const Tagged* first, const Tagged* end) {
  if (state_ != State::kStudying || !is_witness(first, end) || specimen_ == 0) return;
  before_ = specimen_;
  header_before_ = PageHeader::of(specimen_);
}

void ScavengerStudy::after_visit(const Tagged* first, const Tagged* end) {
  if (is_witness(first, end)) range_seen_ = true;
}

void ScavengerStudy::single_slot_visited(const Tagged* slot) {
  const auto* word = reinterpret_cast<const Word*>(slot);
  if (word >= witness_.archive && word < witness_.archive + kArchiveWords) single_seen_ = true;
}

void ScavengerStudy::collection_ends() {
  if (state_ != State::kStudying || !scavenging_) return;
  scavenging_ = false;
  if (visitors_ == 0) return;
  if (visitors_ > 1 || !witnessed()) {
    specimen_ = 0;
    if (++strange_walks_ >= kMaxStrangeWalks)
      give_up("V8's scavenger visits roots in an unknown way");
    return;
  }
  if (visitor_table_ == nullptr) visitor_table_ = table_;
  if (visitor_table_ != table_) return give_up("V8 scavenges in more than one way");
  if (before_ != 0) learn();
}

void ScavengerStudy::learn() {
  if (specimen_ != before_) {
    evidence_.waits(resident_);
    evidence_.moves(header_before_);
    resident_ = PageHeader::of(specimen_);
    ++moves_;
    return;
  }
  evidence_.stays(header_before_);
  specimen_ = 0;
  if (moves_ == 0) return;  // an ordinary collection has promoted it
  if (evidence_.conclude(young_pages_)) {
    state_ = State::kDone;
    reason_ = "";
  } else if (++lives_ >= kMaxLives) {
    give_up("the flags of V8's young pages are ambiguous");
  }
}

}  // namespace greenfiber::v8_state
