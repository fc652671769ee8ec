// Finds out which root visitor is the scavenger's, whether the tap sees its slots, and which flags make a page
// young.
//
// The witness is a node of V8's list whose only handle refers to a specimen, an object that nothing else refers
// to. The visitor that takes the witness's slot in a scavenge is the scavenger's; the pages that the specimen is
// on before, during and after tell the flags. Only what V8 does by itself is watched: no collection is forced.
// What is ambiguous is not found.
#pragma once

#include <v8.h>

#include "v8_state/gate.h"
#include "v8_state/generations/young_pages.h"

namespace greenfiber::v8_state {

class ScavengerStudy {
 public:
  ScavengerStudy(v8::Isolate* isolate, const Layout& layout, const Word* empty_archive);

  GateRecord& witness() { return witness_; }
  bool done() const { return state_ == State::kDone; }
  // Why it is not done.
  const char* reason() const { return reason_; }
  void give_up(const char* reason);

  // What was found.
  const Word* visitor_table() const { return visitor_table_; }
  const YoungPages& young_pages() const { return young_pages_; }

  // CAUTION: allocates. Called now and then between collections.
  void offer_specimen();

  void collection_begins(v8::GCType type);
  void collection_ends();

  // A visitor begins to walk the list: whether it is to be watched.
  bool wants(const Word* table);

  // What the tap sees. They also answer, in every walk, whether the tap still sees the witness.
  void walk_begins() { range_seen_ = single_seen_ = false; }
  void before_visit(const Tagged* first, const Tagged* end);
  void after_visit(const Tagged* first, const Tagged* end);
  void single_slot_visited(const Tagged* slot);
  bool witnessed() const { return range_seen_ && single_seen_; }

 private:
  enum class State { kStudying, kDone, kGivenUp };

  bool is_witness(const Tagged* first, const Tagged* end) const {
    return first == &specimen_ && end == first + 1;
  }
  void learn();

  // A specimen that was watched to its promotion; how many may end without a conclusion.
  static constexpr int kMaxLives = 16;
  static constexpr int kMaxStrangeWalks = 16;

  v8::Isolate* isolate_;
  State state_ = State::kStudying;
  const char* reason_ = "V8 has not yet scavenged often enough to be understood";

  GateRecord witness_;
  Tagged* block_ = &specimen_;  // the witness's vector of handle blocks
  Tagged specimen_ = 0;

  // The collection under way.
  bool scavenging_ = false;
  int visitors_ = 0;
  const Word* table_ = nullptr;
  bool range_seen_ = false, single_seen_ = false;
  Tagged before_ = 0;
  PageHeader header_before_ = {};

  // The specimen's life.
  PageHeader resident_ = {};
  int moves_ = 0;

  YoungPageEvidence evidence_;
  int lives_ = 0, strange_walks_ = 0;
  const Word* visitor_table_ = nullptr;
  YoungPages young_pages_;
};

}  // namespace greenfiber::v8_state
