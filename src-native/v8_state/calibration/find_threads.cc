// The list of archived threads, and what a fresh thread looks like to V8.
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "v8_state/calibration/calibration.h"
#include "v8_state/thread_record.h"

// glibc's dynamic linker exports it.
extern "C" [[gnu::weak]] void* __libc_stack_end;  // NOLINT(bugprone-reserved-identifier)

namespace greenfiber::v8_state {

std::string find_thread_list(v8::Isolate* isolate, const MemoryProbe& probe, Layout& layout) {
  // ThreadManager holds two ThreadState anchors, free and in use, followed by the isolate. Both anchors
  // point back to the manager.
  constexpr std::size_t kManagerWords = 16;
  const Word* words = isolate_words(layout);
  Word manager[kManagerWords];
  bool is_ambiguous = false;
  const auto look = [&](std::size_t i, const std::byte* copy) {
    std::memcpy(manager, copy, sizeof manager);
    for (std::size_t k = 2; k < kManagerWords; ++k) {
      if (manager[k] != reinterpret_cast<Word>(isolate)) continue;
      ThreadState free_anchor, in_use;
      if (!probe.read(reinterpret_cast<void*>(manager[k - 1]), &in_use, sizeof in_use)) continue;
      if (!probe.read(reinterpret_cast<void*>(manager[k - 2]), &free_anchor, sizeof free_anchor)) {
        continue;
      }
      auto* self = reinterpret_cast<void*>(words[i]);
      if (in_use.thread_manager != self || free_anchor.thread_manager != self) continue;
      if (in_use.data != nullptr || in_use.next == nullptr || in_use.previous == nullptr) continue;
      is_ambiguous |= layout.thread_manager != nullptr && layout.thread_manager != self;
      layout.thread_manager = self;
      layout.in_use_anchor = reinterpret_cast<ThreadState*>(manager[k - 1]);
    }
  };
  probe.follow_each(words, isolate_word_count(layout), sizeof manager, look);
  if (is_ambiguous) return "ThreadManager (ambiguous)";
  if (layout.thread_manager == nullptr) return "ThreadManager";
  if (layout.in_use_anchor->next != layout.in_use_anchor) {
    return "an empty list of archived threads (another OS thread is archived in this isolate)";
  }
  return "";
}

namespace {

// Where a thread's stack begins: its upper end as pthread knows it, or, on the main thread and for some
// versions of V8, the place that the dynamic linker recorded before it put arguments and environment there.
struct StackStart {
  Word end, recorded;

  static StackStart of_this_thread() {
    const StackExtent extent = current_thread_stack();
    const auto recorded =
        reinterpret_cast<Word>(&__libc_stack_end != nullptr ? __libc_stack_end : nullptr);
    const bool ours = recorded > extent.low && recorded <= extent.high;
    return {extent.high, ours ? recorded : extent.high};
  }
  bool is(Word word) const { return word == end || word == recorded; }
};

// What one helper thread sees right after it has taken the isolate over from the main thread.
struct Visit {
  alignas(16) std::byte thread_local_top[kThreadLocalTopSize];
  std::vector<Word*>
      stack_starts;  // those candidates that followed Isolate::Enter to this thread's stack
  std::vector<std::byte> archive;  // V8's, of the main thread
};

void visit_as_helper(v8::Isolate* isolate, const Layout& layout,
                     const std::vector<Word*>& candidates, Visit& visit) {
  v8::Locker locker(isolate);
  std::memcpy(visit.thread_local_top, layout.thread_local_top(), kThreadLocalTopSize);
  ThreadState* main_state = layout.in_use_anchor->next;
  if (main_state != layout.in_use_anchor) {
    auto* bytes = reinterpret_cast<const std::byte*>(main_state->data);
    visit.archive.assign(bytes, bytes + malloc_usable_size(main_state->data));
  }
  const StackStart start = StackStart::of_this_thread();
  isolate->Enter();
  for (Word* place : candidates) {
    if (start.is(MemoryProbe::word_at(place, 0))) visit.stack_starts.push_back(place);
  }
  isolate->Exit();
}

// Two helper threads, alive at the same time so that nothing of theirs coincides, visit one after the other.
void visit_twice(v8::Isolate* isolate, const Layout& layout, const std::vector<Word*>& candidates,
                 Visit (&visits)[2]) {
  v8::Unlocker unlocker(isolate);
  std::thread([&] {
    visit_as_helper(isolate, layout, candidates, visits[0]);
    std::thread([&] { visit_as_helper(isolate, layout, candidates, visits[1]); }).join();
  }).join();
}

// What is looked for, and what was found of it.
struct StackStartSearch {
  const MemoryProbe& probe;
  StackStart wanted;
  std::vector<Word*> places = {};
  bool goes_on = true;
  std::vector<Word> frontier = {};  // if it goes on: where the words that were looked at lead

  // `copy` is that of `count` words from `start`.
  void look_at(Word start, const std::byte* copy, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      Word word;
      std::memcpy(&word, copy + i * sizeof word, sizeof word);
      if (wanted.is(word)) places.push_back(reinterpret_cast<Word*>(start) + i);
      if (goes_on && probe.looks_like_pointer(word)) frontier.push_back(word);
    }
  }

  // `most` bytes where each of `starts` leads, or as far as the memory there goes.
  void look_behind(const std::vector<Word>& starts, std::size_t most) {
    std::vector<Word> whole;
    for (const Word start : starts) {
      const std::size_t bytes = probe.bytes_to_mapping_end(start) & ~(sizeof(Word) - 1);
      if (bytes >= most) {
        whole.push_back(start);
        continue;
      }
      const auto words =
          MemoryProbe::read_words(reinterpret_cast<void*>(start), bytes / sizeof(Word));
      look_at(start, reinterpret_cast<const std::byte*>(words.data()), words.size());
    }
    MemoryProbe::read_each(whole, most, [&](std::size_t k, const std::byte* copy) {
      look_at(whole[k], copy, most / sizeof(Word));
    });
  }
};

// Words that may hold the main stack's start and can be reached from the isolate in `hops` pointers.
std::vector<Word*> stack_start_candidates(const MemoryProbe& probe, const Layout& layout,
                                          StackStart wanted, int hops) {
  StackStartSearch search{probe, wanted};
  search.look_behind({reinterpret_cast<Word>(layout.isolate)}, layout.isolate_extent);
  for (int hop = 0; hop < hops; ++hop) {
    std::vector<Word> starts;
    starts.swap(search.frontier);
    std::sort(starts.begin(), starts.end());
    starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
    search.goes_on = hop + 1 < hops;
    search.look_behind(starts, hop == 0 ? 4096 : 64);
  }
  std::vector<Word*>& places = search.places;
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

Word word_at(const std::byte* base, std::size_t offset) {
  Word word;
  std::memcpy(&word, base + offset, sizeof word);
  return word;
}

// The archive begins with the HandleScopeImplementer; ThreadLocalTop follows it.
std::string measure_archive(const Visit& visit, const std::byte* main_top, Word main_next_handle,
                            Layout& layout) {
  const std::byte* archive = visit.archive.data();
  std::size_t top_at = 0, scope_data_at = 0;
  for (std::size_t at = 64; at + kThreadLocalTopSize <= visit.archive.size() && at <= 256;
       at += 8) {
    if (std::memcmp(archive + at, main_top, kThreadLocalTopSize) != 0) continue;
    top_at = at;
    break;
  }
  for (std::size_t at = 0; at + kHandleScopeDataSize <= top_at; at += 8) {
    if (word_at(archive, at) == main_next_handle) scope_data_at = at;
  }
  if (top_at != kImplementerSize || scope_data_at != kScopeDataInImplementer) {
    return "the archive of a thread as this binary was built for (found " + std::to_string(top_at) +
           ", " + std::to_string(scope_data_at) + ")";
  }
  layout.archive_size = visit.archive.size();
  // Whatever malloc serves the process: as much as it takes for one that just fits.
  void* fitting = std::malloc(kArchiveWords * sizeof(Word));
  const std::size_t most = malloc_usable_size(fitting);
  std::free(fitting);
  if (layout.archive_size > most) {
    return "an archive as small as this binary was built for (found " +
           std::to_string(layout.archive_size) + ")";
  }
  return "";
}

// A fiber runs on the main thread: where two helper threads differ (thread id, address of the thread's wasm
// flag) the main thread's own value belongs. Everything else must be the same for every fresh thread.
void make_fresh_thread(const Visit (&visits)[2], const std::byte* main_top, Layout& layout) {
  std::memcpy(layout.fresh_thread_local_top, visits[0].thread_local_top, kThreadLocalTopSize);
  for (std::size_t at = 0; at < kThreadLocalTopSize; at += sizeof(Word)) {
    if (word_at(visits[0].thread_local_top, at) == word_at(visits[1].thread_local_top, at))
      continue;
    layout.fresh_thread_local_top[at / sizeof(Word)] = word_at(main_top, at);
  }
}

}  // namespace

std::string find_fresh_thread(v8::Isolate* isolate, const MemoryProbe& probe, Layout& layout) {
  alignas(16) std::byte main_top[kThreadLocalTopSize];
  std::memcpy(main_top, layout.thread_local_top(), kThreadLocalTopSize);
  const Word main_next_handle = *layout.handle_scope_data;
  const StackStart start = StackStart::of_this_thread();
  // Most V8s keep the stack's start one pointer away; the wide search is slow and only a second resort.
  for (int hops = 1; hops <= 2 && layout.stack_start_count == 0; ++hops) {
    std::vector<Word*> candidates = stack_start_candidates(probe, layout, start, hops);
    std::vector<Word> before;
    before.reserve(candidates.size());
    for (Word* place : candidates) before.push_back(MemoryProbe::word_at(place, 0));
    Visit visits[2];
    visit_twice(isolate, layout, candidates, visits);
    isolate->Enter();  // brings the stack's start back to the main thread's
    isolate->Exit();
    if (visits[0].archive.empty()) return "V8's archive of the main thread";
    if (layout.archive_size == 0) {
      std::string missed = measure_archive(visits[0], main_top, main_next_handle, layout);
      if (!missed.empty()) return missed;
      make_fresh_thread(visits, main_top, layout);
    }
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      Word* place = candidates[i];
      const auto followed = [&](const Visit& visit) {
        return std::count(visit.stack_starts.begin(), visit.stack_starts.end(), place) == 1;
      };
      if (!followed(visits[0]) || !followed(visits[1]) ||
          MemoryProbe::word_at(place, 0) != before[i])
        continue;
      if (layout.stack_start_count != 0 && before[i] != layout.main_stack_start) {
        return "the start of the stack for the conservative scan (ambiguous)";
      }
      layout.main_stack_start = before[i];
      if (layout.stack_start_count == std::size(layout.stack_starts)) break;
      layout.stack_starts[layout.stack_start_count++] = place;
    }
  }
  return layout.stack_start_count == 0 ? "the start of the stack for the conservative scan" : "";
}

}  // namespace greenfiber::v8_state
