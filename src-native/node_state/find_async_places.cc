#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "node_state/async_places.h"

namespace greenfiber::node_state {

namespace {

constexpr std::size_t kEnvironmentWords = 2048;
constexpr std::size_t kAsyncHooksWords = 34;  // from the current ids on
constexpr std::size_t kFieldCount = 9;

// Ids for two nested scopes that nobody else uses, nor an earlier search: what is left in memory of an environment that
// is gone is not to be taken for this one's.
struct ProbeIds {
  double outer_id, outer_trigger, inner_id, inner_trigger;

  static ProbeIds next() {
    static std::atomic<std::uint32_t> searches = 0;
    const double number = searches.fetch_add(1, std::memory_order_relaxed);
    return {123456789 + number, 987654321 - number, 5123456789 + number, 5987654321 - number};
  }
};

using Fields = std::array<std::uint32_t, kFieldCount>;

// The environment's words, and what those that are pointers to async fields point to, at one moment.
struct Snapshot {
  std::vector<Word> words;
  std::vector<Fields> fields;
  std::vector<bool> has_fields;

  Snapshot(const MemoryProbe& probe, const Word* environment, std::size_t count) : words(count) {
    probe.read(environment, words.data(), count * sizeof(Word));
    fields.resize(count);
    has_fields.resize(count);
    std::vector<std::size_t> places;
    std::vector<Word> targets;
    for (std::size_t i = 0; i < count; ++i) {
      if (probe.bytes_to_mapping_end(words[i]) < sizeof(Fields)) continue;
      places.push_back(i);
      targets.push_back(words[i]);
    }
    MemoryProbe::read_each(targets, sizeof(Fields), [&](std::size_t k, const std::byte* copy) {
      has_fields[places[k]] = true;
      std::memcpy(fields[places[k]].data(), copy, sizeof(Fields));
    });
  }
};

// The places of the words that point to this pair of ids.
std::vector<std::size_t> find_ids(const MemoryProbe& probe, const std::vector<Word>& words,
                                  double id, double trigger) {
  std::vector<std::size_t> places, found;
  std::vector<Word> targets;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!probe.looks_like_pointer(words[i])) continue;
    places.push_back(i);
    targets.push_back(words[i]);
  }
  double pair[2];
  MemoryProbe::read_each(targets, sizeof pair, [&](std::size_t k, const std::byte* copy) {
    std::memcpy(pair, copy, sizeof pair);
    if (pair[0] == id && pair[1] == trigger) found.push_back(places[k]);
  });
  return found;
}

bool holds_ids(const MemoryProbe& probe, Word pointer, double id, double trigger) {
  double pair[2];
  return probe.looks_like_pointer(pointer) &&
         probe.read(reinterpret_cast<void*>(pointer), pair, sizeof pair) && pair[0] == id &&
         pair[1] == trigger;
}

// Makes Node grow the array of saved pairs, and leaves those of the places where that shows. What somebody else has left
// in the environment's memory does not follow.
void keep_growing(v8::Isolate* isolate, const Word* environment, std::vector<std::size_t>& stacks) {
  constexpr std::size_t kMostScopes = 10'000;
  const std::vector<Word> before(environment, environment + stacks.back());
  const auto has_grown = [&](std::size_t i) { return environment[i - 2] > before[i - 2]; };
  std::vector<std::unique_ptr<node::CallbackScope>> scopes;
  while (std::none_of(stacks.begin(), stacks.end(), has_grown) && scopes.size() < kMostScopes) {
    scopes.push_back(std::make_unique<node::CallbackScope>(isolate, v8::Object::New(isolate),
                                                           node::async_context{0, 0}));
  }
  std::erase_if(stacks, std::not_fn(has_grown));
  while (!scopes.empty()) scopes.pop_back();  // the inner ones first
}

std::string search_async_places(v8::Isolate* isolate, AsyncPlaces& places) {
  MemoryProbe probe;
  v8::HandleScope scope(isolate);
  auto* environment =
      reinterpret_cast<Word*>(node::GetCurrentEnvironment(isolate->GetCurrentContext()));
  if (environment == nullptr) return "a node::Environment";
  // The environment is one block of malloc.
  const std::size_t count =
      std::min(malloc_usable_size(environment) / sizeof(Word), kEnvironmentWords);
  if (count < 64) return "a node::Environment of its own";

  const ProbeIds probes = ProbeIds::next();
  const v8::Local<v8::Object> outer_resource = v8::Object::New(isolate);
  const v8::Local<v8::Object> inner_resource = v8::Object::New(isolate);
  std::vector<std::size_t> ids, stacks;
  auto take = [&] { return Snapshot(probe, environment, count); };
  Snapshot before = take();
  Snapshot outer = before, inner = before, after = before;
  ResourceStack resources;
  std::size_t resource_levels = 0;
  {
    node::CallbackScope outer_scope(isolate, outer_resource,
                                    {probes.outer_id, probes.outer_trigger});
    outer = take();
    ids = find_ids(probe, outer.words, probes.outer_id, probes.outer_trigger);
    {
      node::CallbackScope inner_scope(isolate, inner_resource,
                                      {probes.inner_id, probes.inner_trigger});
      inner = take();
      std::erase_if(ids, [&](std::size_t i) {
        return !holds_ids(probe, inner.words[i], probes.inner_id, probes.inner_trigger);
      });
      // The native resources lie in the same object, behind the ids. What an environment that is gone has left behind in
      // this one's memory may point to the same ids, but no resources follow it.
      const std::vector<std::size_t> candidates = std::exchange(ids, {});
      for (std::size_t i : candidates) {
        const ResourceStack found = ResourceStack::find(probe, environment + i + 1,
                                                        std::min(count - i - 1, kAsyncHooksWords),
                                                        inner_resource, outer_resource);
        if (candidates.size() > 1 && found.size() == 0) continue;
        ids.push_back(i);
        resources = found;
        resource_levels = found.size();
      }
    }
    after = take();
  }
  if (ids.size() != 1) return "the current async ids";
  places.ids = reinterpret_cast<double*>(environment[ids.front()]);

  // The fields: the word whose target counts the nesting at kStackLength.
  std::size_t fields = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!before.has_fields[i] || !outer.has_fields[i] || !inner.has_fields[i]) continue;
    const std::uint32_t length = before.fields[i][kStackLength];
    if (outer.fields[i][kStackLength] != length + 1) continue;
    if (inner.fields[i][kStackLength] != length + 2) continue;
    if (length > 1000) continue;
    if (fields != 0 && environment[fields] != environment[i]) {
      return "the async hook fields (ambiguous)";
    }
    fields = i;
  }
  if (fields == 0) return "the async hook fields";
  places.fields = reinterpret_cast<std::uint32_t*>(environment[fields]);

  // The saved pairs: inside the inner scope the outer one's ids lie at their level's place.
  const std::uint32_t level = inner.fields[fields][kStackLength] - 1;
  for (std::size_t i = 2; i < count; ++i) {
    const Word data = inner.words[i];
    if (!probe.looks_like_pointer(data)) continue;
    if (holds_ids(probe, data + level * 2 * sizeof(double), probes.outer_id,
                  probes.outer_trigger)) {
      stacks.push_back(i);
    }
  }
  if (stacks.size() > 1) keep_growing(isolate, environment, stacks);
  if (stacks.empty()) return "the stack of async ids";
  if (stacks.size() > 1) return "the stack of async ids (ambiguous)";
  places.stack_data = &environment[stacks.front()];
  places.stack_capacity = &environment[stacks.front() - 2];
  if (*places.stack_capacity < 4 || *places.stack_capacity > 1'000'000) {
    return "the capacity of the stack of async ids";
  }

  std::size_t depth = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Word base = before.words[i];
    if (base >= 64 || outer.words[i] != base + 1 || inner.words[i] != base + 2) continue;
    if (after.words[i] != base + 1) continue;
    if (depth != 0) return "the depth of callback scopes (ambiguous)";
    depth = i;
  }
  if (depth == 0) return "the depth of callback scopes";
  places.callback_depth = &environment[depth];

  if (resource_levels != level + 1) return "the native execution resources";
  places.resources = resources;
  // The JavaScript half, a v8::Global, lies right before them.
  places.resource_array = reinterpret_cast<Tagged**>(resources.container() - 1);
  Tagged array;
  if (!probe.looks_like_pointer(reinterpret_cast<Word>(*places.resource_array)) ||
      !probe.read(*places.resource_array, &array, sizeof array) || (array & 3) != 1) {
    return "the array of execution resources";
  }
  return "";
}

}  // namespace

std::string find_async_places(v8::Isolate* isolate, AsyncPlaces& places) {
  // What looks like one of the places by accident does not do so with the ids of the next search.
  constexpr int kSearches = 3;
  std::string missed;
  for (int search = 0; search < kSearches; ++search) {
    safepoint(isolate);
    missed = search_async_places(isolate, places);
    if (missed.empty()) break;
  }
  return missed;
}

namespace {

constexpr std::size_t kQueueBytes = 160;
using QueueBytes = std::array<std::uint8_t, kQueueBytes>;

// The only 32-bit counter that grows by one with each of two nested scopes; 0 when there is none or several.
template <typename Scope>
std::size_t find_counter(const MemoryProbe& probe, const void* queue, Scope enter_scope) {
  QueueBytes before{}, outer{}, inner{};
  probe.read(queue, before.data(), kQueueBytes);
  enter_scope([&] {
    probe.read(queue, outer.data(), kQueueBytes);
    enter_scope([&] { probe.read(queue, inner.data(), kQueueBytes); });
  });
  std::size_t found = 0;
  for (std::size_t at = 0; at + 4 <= kQueueBytes; at += 4) {
    std::int32_t b, o, i;
    std::memcpy(&b, &before[at], 4);
    std::memcpy(&o, &outer[at], 4);
    std::memcpy(&i, &inner[at], 4);
    if (o != b + 1 || i != b + 2) continue;
    if (found != 0) return 0;
    found = at;
  }
  return found;
}

// A queue of our own shows the flag: the byte that is 1 only while a microtask of that queue runs. (So do
// the two counters, which are not flags.)
std::size_t find_running_flag(v8::Isolate* isolate, std::size_t depth_at,
                              std::size_t suppressions_at) {
  auto queue = v8::MicrotaskQueue::New(isolate, v8::MicrotasksPolicy::kExplicit);
  struct Seen {
    const void* queue;
    std::size_t bytes;
    QueueBytes before, inside, after;
  } seen{queue.get(), std::min(kQueueBytes, depth_at + 16), {}, {}, {}};
  const std::size_t bytes = seen.bytes;
  std::memcpy(seen.before.data(), queue.get(), bytes);
  queue->EnqueueMicrotask(
      isolate,
      [](void* data) {
        auto* s = static_cast<Seen*>(data);
        std::memcpy(s->inside.data(), s->queue, s->bytes);
      },
      &seen);
  queue->PerformCheckpoint(isolate);
  std::memcpy(seen.after.data(), queue.get(), bytes);
  std::size_t found = 0;
  const auto within = [](std::size_t at, std::size_t counter) {
    return at >= counter && at < counter + 4;
  };
  for (std::size_t at = depth_at; at < bytes; ++at) {
    if (within(at, depth_at) || within(at, suppressions_at)) continue;
    if (seen.before[at] != 0 || seen.inside[at] != 1 || seen.after[at] != 0) continue;
    if (found != 0) return 0;
    found = at;
  }
  return found;
}

}  // namespace

std::string find_microtask_places(v8::Isolate* isolate, AsyncPlaces& places) {
  MemoryProbe probe;
  v8::HandleScope scope(isolate);
  v8::Local<v8::Context> context = isolate->GetCurrentContext();
  auto* queue = reinterpret_cast<std::uint8_t*>(context->GetMicrotaskQueue());
  // Node's policy is explicit: nothing runs at the end of these scopes.
  std::size_t depth = find_counter(probe, queue, [&](auto inside) {
    v8::MicrotasksScope s(context, v8::MicrotasksScope::kRunMicrotasks);
    inside();
  });
  if (depth == 0) return "the depth of microtask scopes";
  std::size_t suppressions = find_counter(probe, queue, [&](auto inside) {
    v8::Isolate::SuppressMicrotaskExecutionScope s(isolate);
    inside();
  });
  if (suppressions == 0) return "the count of microtask suppressions";
  std::size_t running = find_running_flag(isolate, depth, suppressions);
  if (running == 0) return "the microtasks-running flag";
  // Both counters are saved and restored as one word: neither ever falls below what a fiber began with.
  if (suppressions != depth + 4 || depth % 8 != 0) return "neighbouring counters of microtasks";
  places.microtask_counts = reinterpret_cast<Word*>(queue + depth);
  places.microtasks_running = queue + running;
  return "";
}

bool confirm_resource_array(v8::Local<v8::Context> context, const AsyncPlaces& places,
                            v8::Local<v8::Value> resource) {
  // Only when the length is where it must be, V8 is asked about the object.
  MemoryProbe probe;
  const std::uint32_t levels = places.fields[kStackLength];
  Tagged object, length;
  if (!probe.read(*places.resource_array, &object, sizeof object) || (object & 3) != 1)
    return false;
  if (!probe.read(reinterpret_cast<void*>(object - 1 + AsyncPlaces::kArrayLength), &length,
                  sizeof length)) {
    return false;
  }
  if (!is_small_integer(length) || small_integer(length) != static_cast<int>(levels)) return false;
  v8::Local<v8::Value> array = local_over(*places.resource_array);
  v8::Local<v8::Value> last;
  return levels > 0 && array->IsArray() &&
         array.As<v8::Array>()->Get(context, levels - 1).ToLocal(&last) &&
         last->StrictEquals(resource);
}

}  // namespace greenfiber::node_state
