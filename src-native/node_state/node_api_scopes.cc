#include "node_state/node_api_scopes.h"

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <span>

namespace greenfiber::node_state {

namespace {

constexpr std::size_t kEnvironmentWords = 2048;
constexpr Word kMostAddons = 10'000, kMostHooks = 1'000'000;

// Node's environment: one block of malloc.
std::span<Word> environment_words(v8::Isolate* isolate) {
  auto* words = reinterpret_cast<Word*>(node::GetCurrentEnvironment(isolate->GetCurrentContext()));
  if (words == nullptr) return {};
  return {words, std::min(malloc_usable_size(words) / sizeof(Word), kEnvironmentWords)};
}

// What dlopen answered for the library that this code is in.
Word own_library() {
  static const char here = 0;
  Dl_info info;
  if (dladdr(&here, &info) == 0) return 0;
  void* const library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return 0;
  dlclose(library);  // it stays: somebody else has opened it
  return reinterpret_cast<Word>(library);
}

// A std::list's node: { next, previous }, and an element that begins with a name and ends with the library. The name is a
// std::string: { text, length, room for a short text or the capacity }.
using ListNode = std::array<Word, 13>;
constexpr std::size_t kNext = 0, kPrevious = 1, kText = 2, kLength = 3, kBehindName = 6;
constexpr Word kLongestName = 4096;

bool has_name(const ListNode& node) {
  const Word length = node[kLength];
  if (length == 0 || length > kLongestName) return false;
  std::vector<char> text(length + 1);
  return MemoryProbe::read(reinterpret_cast<void*>(node[kText]), text.data(), text.size()) &&
         std::find(text.begin(), text.end(), 0) == text.end() - 1;
}

bool names(const ListNode& node, Word library) {
  return std::count(node.begin() + kBehindName, node.end(), library) > 0 && has_name(node);
}

// Whether `header`, { first, last, size }, is that of a list one of whose elements names `library`.
bool lists_library(const MemoryProbe& probe, const Word* header, Word library) {
  const Word size = header[2];
  if (size == 0 || size > kMostAddons) return false;
  Word at = header[0], previous = reinterpret_cast<Word>(header);
  bool found = false;
  for (Word i = 0; i < size; ++i) {
    ListNode node;
    if (!probe.looks_like_pointer(at) ||
        !MemoryProbe::read(reinterpret_cast<void*>(at), node.data(), sizeof node) ||
        node[kPrevious] != previous) {
      return false;
    }
    found = found || names(node, library);
    previous = at;
    at = node[kNext];
  }
  return found && at == reinterpret_cast<Word>(header) && header[1] == previous;
}

}  // namespace

std::string NodeApiScopes::find(napi_env own, v8::Isolate* isolate, const AsyncPlaces& async,
                                NodeApiScopes& found) {
  MemoryProbe probe;
  const std::span<Word> environment = environment_words(isolate);
  const Word library = own_library();
  found.own_ = reinterpret_cast<Word*>(own);
  if (library == 0) return "the library that this code is in";

  for (std::size_t i = 0; i + 2 < environment.size(); ++i) {
    if (!lists_library(probe, &environment[i], library)) continue;
    if (found.loaded_addons_ != nullptr) return "the list of loaded addons (ambiguous)";
    found.loaded_addons_ = &environment[i + 2];
  }
  if (found.loaded_addons_ == nullptr) return "the list of loaded addons";

  // libstdc++'s std::unordered_set: { buckets, bucket count, first, size }.
  for (std::size_t i = 2; i + 1 < environment.size(); ++i) {
    const Word size = environment[i + 1];
    if (environment[i - 1] == 0 || size == 0 || size > kMostHooks) continue;
    Word at = environment[i], hooks = 0;
    void (*function)(void*) = nullptr;
    for (; at != 0 && hooks < size && probe.looks_like_pointer(at); ++hooks) {
      CleanupHook hook;
      if (!MemoryProbe::read(reinterpret_cast<void*>(at), &hook, sizeof hook)) break;
      if (hook.argument == found.own_) function = hook.function;
      at = reinterpret_cast<Word>(hook.next);
    }
    if (at != 0 || hooks != size || function == nullptr) continue;
    if (found.hooks_ != nullptr) return "the environment's cleanup hooks (ambiguous)";
    found.hooks_ = reinterpret_cast<const CleanupHook* const*>(&environment[i]);
    found.end_of_addon_ = function;
  }
  if (found.hooks_ == nullptr) return "the environment's cleanup hooks";
  if (!found.find_counts(isolate, async)) return "the count of an addon's open scopes";
  found.look_for_addons();
  return "";
}

// Opens two scopes of each kind, one in the other: the only integers that grow with them, and shrink with them.
bool NodeApiScopes::find_counts(v8::Isolate* isolate, const AsyncPlaces& async) {
  const auto own = reinterpret_cast<napi_env>(own_);
  const auto* numbers = reinterpret_cast<const std::int32_t*>(own_);
  const std::size_t count = malloc_usable_size(own_) / sizeof(std::int32_t);
  const auto take = [&] { return std::vector<std::int32_t>(numbers, numbers + count); };
  const auto find_counter = [&](auto open, auto close) -> std::size_t {
    const auto before = take();
    auto outer_scope = open();
    const auto outer = take();
    auto inner_scope = open();
    const auto inner = take();
    close(inner_scope);
    const auto left = take();
    close(outer_scope);
    const auto after = take();
    std::size_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (outer[i] != before[i] + 1 || inner[i] != before[i] + 2 || left[i] != outer[i] ||
          after[i] != before[i]) {
        continue;
      }
      if (found != 0) return 0;
      found = i;
    }
    return found;
  };

  v8::HandleScope scope(isolate);
  const std::size_t handles = find_counter(
      [&] {
        napi_handle_scope opened = nullptr;
        napi_open_handle_scope(own, &opened);
        return opened;
      },
      [&](napi_handle_scope opened) { napi_close_handle_scope(own, opened); });

  napi_value resource = nullptr, name = nullptr;
  napi_async_context context = nullptr;
  napi_create_object(own, &resource);
  napi_create_string_utf8(own, "FiberCalibration", NAPI_AUTO_LENGTH, &name);
  if (napi_async_init(own, resource, name, &context) != napi_ok) return false;
  ++*async.callback_depth;  // so that closing the outer scope drains no queue
  const std::size_t callbacks = find_counter(
      [&] {
        napi_callback_scope opened = nullptr;
        napi_open_callback_scope(own, resource, context, &opened);
        return opened;
      },
      [&](napi_callback_scope opened) { napi_close_callback_scope(own, opened); });
  --*async.callback_depth;
  napi_async_destroy(own, context);

  // Both are taken along as one word.
  counts_at_ = handles / 2;
  return handles != 0 && handles % 2 == 0 && callbacks == handles + 1;
}

void NodeApiScopes::look_for_addons() {
  known_addons_ = *loaded_addons_;
  counts_.clear();
  for (const CleanupHook* hook = *hooks_; hook != nullptr; hook = hook->next) {
    // Of the same class, to be sure.
    if (hook->function != end_of_addon_ || hook->argument == own_ || *hook->argument != *own_)
      continue;
    counts_.push_back(hook->argument + counts_at_);
  }
}

void NodeApiScopes::take(const void* owner) {
  for (Word* place : counts_) {
    if (*place == 0) continue;
    taken_.emplace(owner, Taken{place, *place});
    *place = 0;
  }
}

void NodeApiScopes::put_back(const void* owner) {
  const auto [begin, end] = taken_.equal_range(owner);
  for (auto entry = begin; entry != end; ++entry) *entry->second.place = entry->second.counts;
  taken_.erase(begin, end);
}

}  // namespace greenfiber::node_state
