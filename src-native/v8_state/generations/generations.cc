#include "v8_state/generations/generations.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "stack/size_class.h"
#include "v8_state/environment.h"

namespace greenfiber::v8_state {

namespace {

constexpr Word kCacheLine = 64;
// A task that sleeps in a blocking call has frames of some 2,600 bytes.
constexpr Word kMostFetchedFrames = 3072;

void fetch(Word from, Word to) {
  for (Word line = from & ~(kCacheLine - 1); line < to; line += kCacheLine) {
    __builtin_prefetch(reinterpret_cast<const void*>(line));
  }
}

void link_behind(ThreadState& node, ThreadState& anchor) { link(node, &anchor, node.data); }

}  // namespace

Generations::Generations(v8::Isolate* isolate, const Layout& layout, Word* empty_archive)
    : isolate_(isolate),
      empty_archive_(empty_archive),
      study_(isolate, layout, empty_archive),
      shapes_(layout, empty_archive),
      verifies_(environment_is("GREENFIBER_VERIFY_GENERATIONS", "1")),
      at_opening_(layout, *this),
      at_witness_(layout, *this),
      behind_stack_(layout, *this),
      at_middle_(layout, *this),
      at_end_(layout, *this),
      opening_(layout, empty_archive),
      middle_(layout, empty_archive),
      end_(layout, empty_archive) {
  opening_.lead_to(at_opening_);
  study_.witness().lead_to(at_witness_);
  middle_.lead_to(at_middle_);
  end_.lead_to(at_end_);
  ThreadState* anchor = layout.in_use_anchor;
  for (GateRecord* gate : {&opening_, &study_.witness(), &middle_, &end_}) {
    link(gate->node, anchor, gate->archive);
    anchor = &gate->node;
  }
  if (environment_is("GREENFIBER_FLAT_SCAVENGES", "0")) {
    study_.give_up("GREENFIBER_FLAT_SCAVENGES=0");
  }
  isolate->AddGCPrologueCallback(before_gc, this);
  isolate->AddGCEpilogueCallback(after_gc, this);
}

Generations::~Generations() {
  isolate_->RemoveGCPrologueCallback(before_gc, this);
  isolate_->RemoveGCEpilogueCallback(after_gc, this);
  for (GateRecord* gate : {&opening_, &study_.witness(), &middle_, &end_}) unlink(gate->node);
}

void Generations::insert(ThreadRecord& record) {
  study_.offer_specimen();
  record.generation = Generation::kYoung;
  link(record.node, &study_.witness().node, record.archive);
}

void Generations::remove(ThreadRecord& record) {
  if (record.generation == Generation::kOld) --old_stacks_;
  if (record.generation == Generation::kWoken) leave_woken(record);
  unlink(record.node);
}

// --- Stacks that run again ----------------------------------------------------------------------------------
// A woken stack stays in its place in the list until the next scavenge, so that waking touches no neighbour.

void Generations::put_among_woken(ThreadRecord& record) {
  --old_stacks_;
  record.generation = Generation::kWoken;
  record.next_woken = woken_;
  record.woken_link = &woken_;
  if (woken_ != nullptr) woken_->woken_link = &record.next_woken;
  woken_ = &record;
}

void Generations::leave_woken(ThreadRecord& record) {
  *record.woken_link = record.next_woken;
  if (record.next_woken != nullptr) record.next_woken->woken_link = record.woken_link;
}

void Generations::settle_woken() {
  for (ThreadRecord* record = woken_; record != nullptr; record = record->next_woken) {
    if (const ThreadRecord* next = record->next_woken; next != nullptr) {
      __builtin_prefetch(next->node.next, 1);
      __builtin_prefetch(next->node.previous, 1);
    }
    unlink(record->node);
    link_behind(record->node, study_.witness().node);
    record->generation = Generation::kYoung;
  }
  woken_ = nullptr;
}

// --- The walk of a scavenge ---------------------------------------------------------------------------------

void Generations::pass_opening(void* visitor) {
  const Word* table = VisitorTap::table_of(visitor);
  if (study_.done()) {
    if (table != study_.visitor_table()) return begin_full_walk();
    settle_woken();
    if (!tap_.attach(visitor)) return;
    walk_ = Walk::kSort;
  } else {
    if (!study_.wants(table) || !tap_.attach(visitor)) return;
    walk_ = Walk::kStudy;
  }
  study_.walk_begins();
}

void Generations::begin_full_walk() {
  shapes_.forget();
  walk_ = Walk::kFull;
  begin_asking(opening_.node, end_.node);
}

void Generations::pass_witness(void*) {
  if (walk_ == Walk::kNone || walk_ == Walk::kFull) return;
  if (walk_ == Walk::kSort && study_.witnessed()) {
    sorted_ = nullptr;
    shapes_.walk_begins(study_.witness().archive);
    return begin_asking(study_.witness().node, middle_.node);
  }
  if (walk_ == Walk::kSort) study_.give_up("V8's scavenger does not show its slots any more");
  tap_.detach();
  walk_ = Walk::kNone;
}

void Generations::begin_asking(ThreadState& first, ThreadState& last) {
  last_asked_ = &last;
  record_fetched_ = frames_fetched_ = &first;
  for (int i = 0; i < kRecordsAhead; ++i) fetch_record();
  for (int i = 0; i < kFramesAhead; ++i) fetch_frames();
  ask_after(first);
}

// Puts the gate behind the next stack that V8 has to visit.
void Generations::ask_after(ThreadState& node) {
  found_young_ = false;
  asked_ = nullptr;
  ThreadState* next = walk_ == Walk::kSort ? visit_by_shape_after(node) : node.next;
  while (next != last_asked_ && !(is_stack(*next) && is_suspended(*next))) next = next->next;
  if (next == last_asked_) return;
  asked_ = reinterpret_cast<ThreadRecord*>(next);
  asked_link_ = end_of_chain(asked_->archive);
  *asked_link_ = reinterpret_cast<Word>(static_cast<Gate*>(&behind_stack_));
}

void Generations::pass_stack(void*) {
  *asked_link_ = 0;
  fetch_record();
  fetch_frames();
  if (walk_ == Walk::kSort) {
    mend();
    shapes_.walked_by_v8(*asked_);
    promote_sorted();
    if (!found_young_) sorted_ = asked_;
  }
  ask_after(asked_->node);
}

// --- Stacks that V8 is led past -----------------------------------------------------------------------------

// Visits stacks as long as their shapes are known, and has V8 go on at the one behind them.
ThreadState* Generations::visit_by_shape_after(ThreadState& node) {
  ThreadState* next = node.next;
  while (next != last_asked_ && is_stack(*next)) {
    ThreadState* const after = next->next;
    if (is_suspended(*next) && !visit_by_shape(*reinterpret_cast<ThreadRecord*>(next))) break;
    next = after;
  }
  if (node.next != next) {
    led_from_ = &node;
    led_past_ = node.next;
    node.next = next;
  }
  return next;
}

bool Generations::visit_by_shape(ThreadRecord& record) {
  if (!shapes_.on()) return false;
  const ShapeMaps::Visit visit = shapes_.visit(record, tap_, study_.young_pages());
  if (visit == ShapeMaps::Visit::kByV8) return false;
  fetch_record();
  fetch_frames();
  if (visit == ShapeMaps::Visit::kNoneYoung) promote(record);
  return true;
}

// V8 has left the node.
void Generations::mend() {
  if (led_from_ == nullptr) return;
  led_from_->next = led_past_;
  led_from_ = nullptr;
}

// A visit touches some 60 cache lines that nobody has touched for long, one after the other: most of its time. So they
// are fetched before V8 gets there. The record comes first, as it tells where the frames are; it ends with the handles,
// at the end of its page.
void Generations::fetch_record() {
  if (!advance(record_fetched_)) return;
  const Word record = reinterpret_cast<Word>(record_fetched_);
  fetch(record, record | (stack::kSmallestPage - 1));
}

void Generations::fetch_frames() {
  if (!advance(frames_fetched_) || frames_fetched_->id != kFiberThreadId) return;
  const auto* record = reinterpret_cast<const ThreadRecord*>(frames_fetched_);
  const Word bottom = reinterpret_cast<Word>(record) - record->tip;
  fetch(record->tip, record->tip + std::min(bottom, kMostFetchedFrames));
}

bool Generations::is_stack(const ThreadState& node) { return node.id == kFiberThreadId; }

bool Generations::is_suspended(const ThreadState& stack) const {
  return stack.data != empty_archive_;
}

// To the next node, if V8 is going to visit it.
bool Generations::advance(ThreadState*& node) const {
  if (node->next == last_asked_) return false;
  node = node->next;
  return true;
}

void Generations::promote_sorted() {
  if (sorted_ == nullptr) return;
  promote(*sorted_);
  sorted_ = nullptr;
}

void Generations::promote(ThreadRecord& record) {
  unlink(record.node);
  link_behind(record.node, middle_.node);
  record.generation = Generation::kOld;
  ++old_stacks_;
}

void Generations::pass_middle(void*) {
  if (walk_ != Walk::kSort) return;
  mend();
  promote_sorted();
  if (verifies_) {
    walk_ = Walk::kVerify;
    return;
  }
  tap_.detach();
  walk_ = Walk::kSkip;
  first_old_ = middle_.node.next;
  middle_.node.next = &end_.node;
}

void Generations::pass_end(void*) {
  if (walk_ == Walk::kSkip) middle_.node.next = first_old_;
  if (walk_ == Walk::kVerify) tap_.detach();
  walk_ = Walk::kNone;
}

void Generations::before_visit(Word root, const Tagged* first, const Tagged* end) {
  if (walk_ == Walk::kSort) return shapes_.saw(root, first, end);
  if (walk_ == Walk::kStudy) return study_.before_visit(first, end);
  if (walk_ != Walk::kVerify) return;
  for (const Tagged* slot = first; slot < end; ++slot) {
    if (!study_.young_pages().contain(*slot)) continue;
    std::fprintf(stderr,
                 "greenfiber: an old stack refers to a young object: slot %p holds %" PRIxPTR "\n",
                 static_cast<const void*>(slot), *slot);
    std::abort();
  }
}

void Generations::after_visit(const Tagged* first, const Tagged* end) {
  if (!study_.witnessed()) study_.after_visit(first, end);
  if (walk_ != Walk::kSort || found_young_) return;
  for (const Tagged* slot = first; slot < end; ++slot) {
    if (study_.young_pages().contain(*slot)) {
      found_young_ = true;
      return;
    }
  }
}

void Generations::before_gc(v8::Isolate*, v8::GCType type, v8::GCCallbackFlags, void* self) {
  static_cast<Generations*>(self)->study_.collection_begins(type);
}

void Generations::after_gc(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* self) {
  static_cast<Generations*>(self)->study_.collection_ends();
}

}  // namespace greenfiber::v8_state
