// Shape maps: a scavenge visits the slots of most young stacks without V8's walk.
//
// Which slots V8 visits in a suspended stack depends on the stack's shape (stack_shape.h) and on nothing else. So V8
// walks one stack of each shape, and is watched (slot_recorder.h); the slots of the others are those at the same places
// (slot_map.h). The argument why this is sound: docs/flat-scavenges.md.
//
// It is not only argued. A map is compared with what V8 visits in another stack before it is used, and with one stack in
// 1,024 from then on; where they differ, V8 walks all stacks for good.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "v8_state/shape_maps/frame_chain.h"
#include "v8_state/shape_maps/slot_map.h"
#include "v8_state/shape_maps/slot_recorder.h"

namespace greenfiber::v8_state {

struct ShapeMapCounts {
  std::uint64_t visited = 0;   // stacks whose slots a map told
  std::uint64_t walked = 0;    // by V8, though maps were on
  std::uint64_t compared = 0;  // of these: to see whether the map is right
  std::uint64_t unlike = 0;    // of these: whose shape was not plain, or made no map
};

class ShapeMaps {
 public:
  ShapeMaps(const Layout& layout, const Word* empty_archive);

  bool on() const { return *reason_ == '\0'; }
  const char* reason() const { return reason_; }  // why not
  const ShapeMapCounts& counts() const { return counts_; }
  std::size_t bytes() const { return bytes_; }

  // A scavenge's walk begins behind the node that shows this archive.
  void walk_begins(const Word* archive) { recorder_.comes_from(archive); }
  // Visits the stack in V8's place, if its shape is known. `kByV8`: V8 has to, and is watched.
  enum class Visit { kByV8, kNoneYoung, kSomeYoung };
  Visit visit(ThreadRecord& record, const VisitorTap& tap, const YoungPages& young);
  void saw(Word root, const Tagged* first, const Tagged* end) {
    if (recorder_.recording()) recorder_.saw(root, first, end, *young_);
  }
  void walked_by_v8(const ThreadRecord& record);

  // Code may have moved or gone.
  void forget();

 private:
  using ScriptContext = SlotRecorder::ScriptContext;
  struct Map {
    StackShape shape;
    SlotMap slots;
    bool compared = false;  // with at least one other stack
  };

  Map* find(ThreadRecord& record, Word& hash);
  bool is_due(const Map& map);
  void record_visits(const ThreadRecord& record, Map* compared, Word hash);
  void learn(const ThreadRecord& record);
  void compare(const ThreadRecord& record, const char* odd);
  bool settle_script_context(ThreadRecord& record) const;
  bool believe(ScriptContext seen);
  void give_up(const char* reason);

  FrameChain chain_;
  SlotRecorder recorder_;
  const char* reason_;
  bool verifies_;  // GREENFIBER_VERIFY_SHAPES
  ShapeMapCounts counts_;

  std::vector<std::unique_ptr<Map>> maps_;
  std::unordered_multimap<Word, std::uint32_t> by_hash_;
  std::unordered_set<Word> unlike_;  // hashes of shapes that make no map
  std::size_t bytes_ = 0;
  std::uint32_t last_ = 0;  // the map that was used last
  std::uint32_t until_compared_;
  ScriptContext script_context_ = ScriptContext::kUnknown;

  // The stack that V8 walks.
  const YoungPages* young_ = nullptr;
  Map* compared_ = nullptr;  // null: it is learnt from
  StackShape fresh_;
  Word fresh_hash_ = 0;
};

}  // namespace greenfiber::v8_state
