#include "v8_state/shape_maps/shape_maps.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "v8_state/environment.h"

namespace greenfiber::v8_state {

namespace {

constexpr std::size_t kMostBytes = std::size_t{4} << 20;
constexpr std::size_t kMostUnlike = 4096;
constexpr std::uint32_t kComparedOneIn = 1024;
constexpr std::size_t kScriptContext = kImplementerSize / sizeof(Word) + kScriptContextInTop;

constexpr char kMismatch[] = "a stack was visited otherwise than its shape told";

const char* why_off(const Layout& layout) {
  if (environment_is("GREENFIBER_SHAPE_MAPS", "0")) return "GREENFIBER_SHAPE_MAPS=0";
  return layout.frames.missing;
}

void print_difference(const ThreadRecord& record, const std::vector<SlotVisit>& visited,
                      const std::vector<SlotVisit>& expected) {
  std::fprintf(stderr,
               "greenfiber: %s: %zu slots, and %zu expected. Minor garbage collections let V8 walk "
               "all stacks from now "
               "on, which is slower and right.\n",
               kMismatch, visited.size(), expected.size());
  std::vector<SlotVisit> difference;
  std::set_symmetric_difference(visited.begin(), visited.end(), expected.begin(), expected.end(),
                                std::back_inserter(difference));
  constexpr std::size_t kMostPrinted = 8;
  for (std::size_t i = 0; i < std::min(difference.size(), kMostPrinted); ++i) {
    const bool was_expected = std::binary_search(expected.begin(), expected.end(), difference[i]);
    std::fprintf(stderr, "greenfiber:   %s at %+" PRIdPTR "\n",
                 was_expected ? "expected" : "visited",
                 static_cast<std::intptr_t>(difference[i].at - reinterpret_cast<Word>(&record)));
  }
}

}  // namespace

ShapeMaps::ShapeMaps(const Layout& layout, const Word* empty_archive)
    : chain_(layout, environment_lists("GREENFIBER_FAULT", "shape-key")),
      recorder_(layout, empty_archive),
      reason_(why_off(layout)),
      verifies_(environment_is("GREENFIBER_VERIFY_SHAPES", "1")),
      until_compared_(kComparedOneIn) {}

ShapeMaps::Visit ShapeMaps::visit(ThreadRecord& record, const VisitorTap& tap,
                                  const YoungPages& young) {
  young_ = &young;
  Word hash = 0;
  Map* map = find(record, hash);
  if (map == nullptr || is_due(*map) || !settle_script_context(record)) {
    record_visits(record, map, hash);
    return Visit::kByV8;
  }
  ++counts_.visited;
  return map->slots.visit(record, tap, young) ? Visit::kSomeYoung : Visit::kNoneYoung;
}

// Most probably its last one, or that of the stack before.
ShapeMaps::Map* ShapeMaps::find(ThreadRecord& record, Word& hash) {
  const Word at = reinterpret_cast<Word>(&record);
  for (const std::uint32_t guess : {record.last_shape, last_}) {
    if (guess >= maps_.size() || !maps_[guess]->shape.fits(at)) continue;
    record.last_shape = last_ = guess;
    return maps_[guess].get();
  }
  hash = chain_.hash(record);
  const auto [first, end] = by_hash_.equal_range(hash);
  for (auto known = first; known != end; ++known) {
    if (!maps_[known->second]->shape.fits(at)) continue;
    record.last_shape = last_ = known->second;
    return maps_[last_].get();
  }
  return nullptr;
}

bool ShapeMaps::is_due(const Map& map) {
  if (!map.compared || verifies_) return true;
  if (--until_compared_ != 0) return false;
  until_compared_ = kComparedOneIn;
  return true;
}

// What V8 does with the word. False: that was not seen yet.
bool ShapeMaps::settle_script_context(ThreadRecord& record) const {
  if constexpr (kScriptContextInTop == 0) return true;
  Word& context = record.archive[kScriptContext];
  if (context == 0) return true;
  if (script_context_ == ScriptContext::kCleared) context = 0;
  return script_context_ != ScriptContext::kUnknown;
}

void ShapeMaps::record_visits(const ThreadRecord& record, Map* compared, Word hash) {
  ++counts_.walked;
  compared_ = compared;
  fresh_hash_ = hash;
  if (compared == nullptr) {
    if (bytes_ >= kMostBytes || unlike_.count(hash) != 0) return void(++counts_.unlike);
    if (chain_.read(record, fresh_) != nullptr) return void(++counts_.unlike);
  }
  recorder_.begin(record);
}

void ShapeMaps::walked_by_v8(const ThreadRecord& record) {
  recorder_.comes_from(record.archive);
  if (!recorder_.recording()) return;
  const char* odd = recorder_.finish();
  if (!believe(recorder_.script_context())) {
    return give_up("V8 treats the context of the calling script in more than one way");
  }
  if (compared_ != nullptr) return compare(record, odd);
  if (odd == nullptr) return learn(record);
  ++counts_.unlike;
  if (unlike_.size() < kMostUnlike) unlike_.insert(fresh_hash_);
}

void ShapeMaps::learn(const ThreadRecord& record) {
  auto map = std::make_unique<Map>();
  if (!map->slots.learn(record, recorder_.visits(), *young_)) {
    ++counts_.unlike;
    if (unlike_.size() < kMostUnlike) unlike_.insert(fresh_hash_);
    return;
  }
  map->shape = fresh_;
  bytes_ += sizeof *map + map->shape.bytes() + map->slots.bytes();
  by_hash_.emplace(fresh_hash_, static_cast<std::uint32_t>(maps_.size()));
  maps_.push_back(std::move(map));
}

void ShapeMaps::compare(const ThreadRecord& record, const char* odd) {
  const std::vector<SlotVisit> expected = compared_->slots.expected(record);
  if (odd == nullptr && expected == recorder_.visits()) {
    ++counts_.compared;
    compared_->compared = true;
    return;
  }
  if (odd != nullptr) std::fprintf(stderr, "greenfiber: it has %s\n", odd);
  print_difference(record, recorder_.visits(), expected);
  if (verifies_) std::abort();
  give_up(kMismatch);
}

bool ShapeMaps::believe(ScriptContext seen) {
  if (seen == ScriptContext::kUnknown || seen == script_context_) return true;
  if (script_context_ != ScriptContext::kUnknown) return false;
  script_context_ = seen;
  return true;
}

void ShapeMaps::give_up(const char* reason) {
  reason_ = reason;
  forget();
}

void ShapeMaps::forget() {
  recorder_.cancel();
  maps_.clear();
  by_hash_.clear();
  unlike_.clear();
  bytes_ = 0;
  last_ = 0;
}

}  // namespace greenfiber::v8_state
