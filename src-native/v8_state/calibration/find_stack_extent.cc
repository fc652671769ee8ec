// Where V8 believes the running stack to lie.
#include <dlfcn.h>

#include "v8_state/calibration/calibration.h"
#include "v8_state/thread_locals.h"

namespace greenfiber::v8_state {

namespace {

using GetStackStart = void* (*)();

// V8 keeps the start of the calling thread's stack in a thread_local once it has asked for it.
Word* find_cached_start(GetStackStart get_stack_start) {
  const auto start = reinterpret_cast<Word>(get_stack_start());
  Word* found = nullptr;
  for (const ThreadLocals& block : thread_locals()) {
    for (std::uintptr_t at = (block.begin + 7) & ~std::uintptr_t{7}; at + 8 <= block.end; at += 8) {
      auto* word = reinterpret_cast<volatile Word*>(at);
      if (*word != start) continue;
      *word = start - sizeof(Word);
      const bool follows = reinterpret_cast<Word>(get_stack_start()) == start - sizeof(Word);
      *word = start;
      if (follows) found = reinterpret_cast<Word*>(at);
    }
  }
  return found;
}

// Isolate::SetStackLimit stores the distance from there to the limit: the word that follows it twice.
Word* find_stack_size(v8::Isolate* isolate, const Layout& layout, Word& original) {
  Word* words = isolate_words(layout);
  const std::vector<Word> before(words, words + isolate_word_count(layout));
  const Word here = reinterpret_cast<Word>(__builtin_frame_address(0)) & ~Word{15};
  std::vector<std::size_t> candidates;
  for (const Word below : {80 * 1024, 120 * 1024}) {
    const Word limit = here - below, size = layout.main_stack_start - limit;
    isolate->SetStackLimit(limit);
    if (candidates.empty()) {
      for (std::size_t i = 0; i < before.size(); ++i) {
        if (words[i] == size) candidates.push_back(i);
      }
    } else {
      std::erase_if(candidates, [&](std::size_t i) { return words[i] != size; });
    }
  }
  isolate->SetStackLimit(layout.main_stack_limit);
  if (candidates.size() != 1) return nullptr;
  Word* const place = &words[candidates.front()];
  original = *place = before[candidates.front()];
  return place;
}

}  // namespace

std::string find_thread_stack_start(v8::Isolate*, const MemoryProbe&, Layout& layout) {
  auto get_stack_start =
      reinterpret_cast<GetStackStart>(dlsym(RTLD_DEFAULT, "_ZN2v84base5Stack13GetStackStartEv"));
  if (get_stack_start == nullptr) return "v8::base::Stack::GetStackStart";
  layout.thread_stack_start = find_cached_start(get_stack_start);
  return "";
}

std::string find_stack_extent(v8::Isolate* isolate, const MemoryProbe& probe, Layout& layout) {
  if constexpr (!kHasStackExtent) return "";
  std::string missed = find_thread_stack_start(isolate, probe, layout);
  if (!missed.empty()) return missed;
  if (layout.thread_stack_start == nullptr) return "the start of the thread's stack as V8 keeps it";
  // The direct engine has found what the conservative scan believes.
  if (layout.stack_start_count != 0 && layout.main_stack_start != *layout.thread_stack_start) {
    return "one start of the thread's stack";
  }
  layout.main_stack_start = *layout.thread_stack_start;
  layout.stack_size = find_stack_size(isolate, layout, layout.main_stack_size);
  return layout.stack_size == nullptr ? "the size of the thread's stack" : "";
}

}  // namespace greenfiber::v8_state
