#include "node_state/resource_stack.h"

#include <algorithm>
#include <deque>

namespace greenfiber::node_state {

namespace {

using Shape = ResourceStack::Shape;
using Entry = ResourceStack::Entry;

constexpr std::size_t kVectorWords = 3, kDequeWords = 10;
constexpr Word kLargestVector = 8192, kDequeChunk = 512;

void assign(void*& place, const Entry& entry) { place = entry.pointer; }
void assign(Entry& place, const Entry& entry) { place = entry; }
Entry entry_of(void* place) { return {place, 0}; }
Entry entry_of(const Entry& place) { return place; }

// Calls `work` with the container as what it is.
template <typename Work>
auto with_container(Shape shape, Word* container, Work work) {
  switch (shape) {
    case Shape::kVectorOfLocals:
      return work(*reinterpret_cast<std::vector<void*>*>(container));
    case Shape::kDequeOfLocalPointers:
      return work(*reinterpret_cast<std::deque<void*>*>(container));
    default:
      return work(*reinterpret_cast<std::deque<Entry>*>(container));
  }
}

}  // namespace

ResourceStack::Extent ResourceStack::extent() const {
  const Word* words = container_;
  if (shape_ == Shape::kVectorOfLocals) {
    const Word begin = words[0], end = words[1], capacity = words[2];
    const bool fits = begin % 8 == 0 && begin <= end && end <= capacity;
    return fits && capacity - begin <= kLargestVector ? Extent{begin, end} : Extent{0, 0};
  }
  const Word start = words[2], first = words[3], last = words[4], start_node = words[5];
  const Word finish = words[6], finish_node = words[9];
  const bool fits =
      first <= start && start <= finish && finish <= last && start_node == finish_node;
  return fits && last - first == kDequeChunk ? Extent{start, finish} : Extent{0, 0};
}

bool ResourceStack::leads_to(const MemoryProbe& probe, Word entry,
                             v8::Local<v8::Object> resource) const {
  Word word;
  const auto follow = [&](Word address) {
    return probe.read(reinterpret_cast<void*>(address), &word, sizeof word);
  };
  if (!follow(entry)) return false;
  if (shape_ != Shape::kVectorOfLocals && !follow(word)) return false;
  return follow(word) && word == tagged_word(resource);
}

ResourceStack ResourceStack::find(const MemoryProbe& probe, Word* words, std::size_t count,
                                  v8::Local<v8::Object> top, v8::Local<v8::Object> below) {
  ResourceStack found;
  for (Shape shape :
       {Shape::kVectorOfLocals, Shape::kDequeOfLocalPointers, Shape::kDequeOfVariants}) {
    const std::size_t needed = shape == Shape::kVectorOfLocals ? kVectorWords : kDequeWords;
    for (std::size_t i = 0; i + needed <= count; ++i) {
      const ResourceStack stack(shape, words + i);
      const auto [begin, end] = stack.extent();
      const std::size_t size = stack.entry_size();
      if ((end - begin) % size != 0 || end - begin < 2 * size) continue;
      if (!stack.leads_to(probe, end - size, top)) continue;
      if (!stack.leads_to(probe, end - 2 * size, below)) continue;
      if (found.container_ != nullptr) return {};
      found = stack;
    }
  }
  return found;
}

std::size_t ResourceStack::size() const {
  if (container_ == nullptr) return 0;
  return with_container(shape_, container_, [](const auto& container) { return container.size(); });
}

void ResourceStack::set_distant(std::uint32_t level, Tagged*& resource) {
  void* const pointer = shape_ == Shape::kVectorOfLocals ? static_cast<void*>(resource)
                                                         : static_cast<void*>(&resource);
  paste(level, {{pointer, 0}});
}

std::vector<Entry> ResourceStack::copy(std::size_t from, std::size_t to) const {
  return with_container(shape_, container_, [&](const auto& container) {
    std::vector<Entry> entries;
    for (std::size_t i = from; i < std::min(to, container.size()); ++i) {
      entries.push_back(entry_of(container[i]));
    }
    return entries;
  });
}

void ResourceStack::paste(std::size_t from, const std::vector<Entry>& entries) {
  with_container(shape_, container_, [&](auto& container) {
    if (container.size() < from + entries.size()) container.resize(from + entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) assign(container[from + i], entries[i]);
  });
}

}  // namespace greenfiber::node_state
