// The list of the stacks that WebAssembly runs on.
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "v8_state/calibration/calibration.h"

namespace greenfiber::v8_state {

namespace {

constexpr std::size_t kMostStacks = 100'000;

// Whether `stack` leads to what V8 knows of a stack: { lower end, size }.
bool reads_stack(const MemoryProbe& probe, Word stack, Word (&extent)[2]) {
  return probe.looks_like_pointer(stack) &&
         MemoryProbe::read(reinterpret_cast<void*>(stack), extent, sizeof extent) && extent[1] != 0;
}

// Whether these are the words of a vector of such stacks, of which the first begins at `start`. V8's table of external
// references, addresses of words of the isolate one behind the other, looks like one: its buffer would be the isolate's.
bool lists_stacks(const MemoryProbe& probe, const Layout& layout, const Word* vector, Word start) {
  const Word begin = vector[0], end = vector[1], capacity = vector[2];
  const Word isolate = reinterpret_cast<Word>(layout.isolate);
  if (begin >= isolate && begin < isolate + layout.isolate_extent) return false;
  if (end <= begin || capacity < end || (end - begin) % sizeof(Word) != 0 ||
      (capacity - begin) % sizeof(Word) != 0 || capacity - begin > kMostStacks * sizeof(Word) ||
      !probe.looks_like_pointer(begin)) {
    return false;
  }
  const auto stacks =
      MemoryProbe::read_words(reinterpret_cast<void*>(begin), (end - begin) / sizeof(Word));
  Word extent[2];
  if (stacks.size() != (end - begin) / sizeof(Word) || !reads_stack(probe, stacks[0], extent) ||
      extent[0] + extent[1] != start) {
    return false;
  }
  return std::all_of(stacks.begin(), stacks.end(),
                     [&](Word stack) { return reads_stack(probe, stack, extent); });
}

// Where in the isolate words lie that may be such a vector's: the buffer's first word leads to the stack that begins at
// `start`. Many words look like a vector's, so all are asked together, in few system calls.
std::vector<std::size_t> candidates(const MemoryProbe& probe, const Word* words, std::size_t count,
                                    Word start) {
  std::vector<std::size_t> places, kept;
  std::vector<Word> targets;
  const auto add = [&](std::size_t place, Word target) {
    if (!probe.looks_like_pointer(target)) return;
    places.push_back(place);
    targets.push_back(target);
  };
  for (std::size_t i = 0; i + 2 < count; ++i) {
    if (words[i + 1] > words[i]) add(i, words[i]);
  }
  const std::vector<std::size_t> vectors = std::exchange(places, {});
  const std::vector<Word> buffers = std::exchange(targets, {});
  MemoryProbe::read_each(buffers, sizeof(Word), [&](std::size_t k, const std::byte* copy) {
    Word first;
    std::memcpy(&first, copy, sizeof first);
    add(vectors[k], first);
  });
  MemoryProbe::read_each(targets, 2 * sizeof(Word), [&](std::size_t k, const std::byte* copy) {
    Word extent[2];
    std::memcpy(extent, copy, sizeof extent);
    if (extent[0] + extent[1] == start) kept.push_back(places[k]);
  });
  return kept;
}

// Whether exports can be made suspendable. In the first releases of Node 24 that takes a flag, and without it there is no
// such list.
bool has_suspendable_exports(v8::Isolate* isolate) {
  const v8::TryCatch ignored(isolate);
  const v8::Local<v8::Context> context = isolate->GetCurrentContext();
  v8::Local<v8::Value> webassembly;
  return context->Global()
             ->GetRealNamedProperty(context, v8::String::NewFromUtf8Literal(isolate, "WebAssembly"))
             .ToLocal(&webassembly) &&
         webassembly->IsObject() &&
         webassembly.As<v8::Object>()
             ->HasRealNamedProperty(context, v8::String::NewFromUtf8Literal(isolate, "promising"))
             .FromMaybe(false);
}

}  // namespace

// A std::vector of pointers, whose first leads to what V8 knows of the thread's own stack: { lower end, size }.
std::string find_wasm_stacks(v8::Isolate* isolate, const MemoryProbe& probe, Layout& layout) {
  if constexpr (!kHasWasmStacks) return "";
  Word* words = isolate_words(layout);
  Word* found = nullptr;
  for (const std::size_t i :
       candidates(probe, words, isolate_word_count(layout), layout.main_stack_start)) {
    if (!lists_stacks(probe, layout, &words[i], layout.main_stack_start)) continue;
    if (found != nullptr) return "the list of WebAssembly's stacks (ambiguous)";
    found = &words[i];
  }
  if (found == nullptr && has_suspendable_exports(isolate)) {
    return "the list of WebAssembly's stacks";
  }
  layout.wasm_stacks = found;
  return "";
}

}  // namespace greenfiber::v8_state
