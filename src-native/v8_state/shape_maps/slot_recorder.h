// Writes down which slots V8 visits while it walks one stack, and whether it does anything else to the record.
#pragma once

#include <vector>

#include "v8_state/shape_maps/slot_map.h"

namespace greenfiber::v8_state {

class SlotRecorder {
 public:
  SlotRecorder(const Layout& layout, const Word* empty_archive)
      : layout_(layout), empty_archive_(empty_archive) {}

  // V8 is about to walk the stack. Before it does, it visits the end of the archive that it is at now.
  void begin(const ThreadRecord& record);
  void comes_from(const Word* archive) { archive_before_ = archive; }
  void cancel() { record_ = nullptr; }
  bool recording() const { return record_ != nullptr; }
  void saw(Word root, const Tagged* first, const Tagged* end, const YoungPages& young);
  // V8 has walked it. Null, or what it did that makes no map.
  const char* finish();

  // What was written down, sorted.
  const std::vector<SlotVisit>& visits() const { return visits_; }

  // What V8 did with the context of the script that called C++: some clear it and do not visit it.
  enum class ScriptContext { kUnknown, kCleared, kKept, kVisited };
  ScriptContext script_context() const { return script_context_; }

 private:
  bool is_nobodys(Word at, Word end) const;
  const char* compare_archives();
  bool visited(const Word* word) const;

  const Layout& layout_;
  const Word* empty_archive_;
  const ThreadRecord* record_ = nullptr;
  const Word* archive_before_ = nullptr;
  const char* odd_ = nullptr;
  std::vector<SlotVisit> visits_;
  ScriptContext script_context_ = ScriptContext::kUnknown;
  Word archive_[kArchiveWords] = {};
};

}  // namespace greenfiber::v8_state
