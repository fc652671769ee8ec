// HandleScopeData and HandleScopeImplementer.
#include <algorithm>
#include <cstring>

#include "v8_state/calibration/calibration.h"

namespace greenfiber::v8_state {

namespace {

// HandleScopeData.next is the word that points right behind each newest handle.
std::size_t find_scope_data(v8::Isolate* isolate, const Layout& layout) {
  const Word* words = isolate_words(layout);
  const std::size_t count = isolate_word_count(layout);
  v8::Local<v8::Object> object = v8::Object::New(isolate);
  Word first = reinterpret_cast<Word>(slot_of(v8::Local<v8::Object>::New(isolate, object)));
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i + 3 < count; ++i) {
    if (words[i] == first + sizeof(Word)) candidates.push_back(i);
  }
  Word second = reinterpret_cast<Word>(slot_of(v8::Local<v8::Object>::New(isolate, object)));
  std::size_t found = 0;
  for (std::size_t i : candidates) {
    const Word next = words[i], limit = words[i + 1];
    if (next != second + sizeof(Word) || limit < second) continue;
    if (limit - second > kHandleBlockSize) continue;
    if (found != 0) return 0;
    found = i;
  }
  return found;
}

// Makes V8 take another handle block. Memory that a former isolate at the same address has left behind does not follow.
template <typename Use>
void with_another_block(v8::Isolate* isolate, const Word* limit, Use use) {
  v8::HandleScope scope(isolate);
  v8::Local<v8::Object> object = v8::Object::New(isolate);
  const Word before = *limit;
  for (std::size_t i = 0; i <= kHandlesPerBlock && *limit == before; ++i) {
    v8::Local<v8::Object>::New(isolate, object);
  }
  use();
}

// Whether V8 reads this word to find its implementer: it works on a copy when the word leads to one.
bool is_read(v8::Isolate* isolate, Word* place, const Word* limit) {
  constexpr std::size_t kWords = kImplementerSize / sizeof(Word), kSize = 3;
  auto* const implementer = reinterpret_cast<Word*>(*place);
  Word copy[kWords];
  if (!MemoryProbe::read(implementer, copy, sizeof copy)) return false;
  *place = reinterpret_cast<Word>(copy);
  const Word size = copy[kSize];
  bool follows = false;
  with_another_block(isolate, limit, [&] { follows = copy[kSize] == size + 1; });
  // A vector of it may have moved, and the block that was left is kept.
  if (follows) std::copy_n(copy, kWords, implementer);
  *place = reinterpret_cast<Word>(implementer);
  return follows;
}

}  // namespace

std::string find_handle_scopes(v8::Isolate* isolate, const MemoryProbe& probe, Layout& layout) {
  v8::HandleScope scope(isolate);
  std::size_t data = find_scope_data(isolate, layout);
  if (data == 0) return "HandleScopeData";
  layout.handle_scope_data = isolate_words(layout) + data;

  // HandleScopeImplementer begins { isolate, blocks: { pointer, capacity, size } }, and the last block holds
  // the newest handle.
  constexpr std::size_t kSize = 3;
  Word newest = *layout.handle_scope_data - sizeof(Word);
  Word* words = isolate_words(layout);
  std::vector<Word*> places;
  std::vector<Word> sizes;
  Word head[4], last_block;
  probe.follow_each(words, isolate_word_count(layout), sizeof head,
                    [&](std::size_t i, const std::byte* copy) {
                      std::memcpy(head, copy, sizeof head);
                      if (head[0] != reinterpret_cast<Word>(isolate)) return;
                      const Word capacity = head[2], size = head[3];
                      if (size == 0 || size > capacity || capacity > 100'000) return;
                      auto* blocks = reinterpret_cast<Word*>(head[1]);
                      if (!probe.read(blocks + size - 1, &last_block, sizeof last_block)) return;
                      if (newest < last_block || newest >= last_block + kHandleBlockSize) return;
                      places.push_back(&words[i]);
                      sizes.push_back(size);
                    });
  if (places.size() > 1) {
    std::vector<Word*> follow;
    with_another_block(isolate, layout.handle_scope_data + 1, [&] {
      for (std::size_t k = 0; k < places.size(); ++k) {
        const auto* implementer = reinterpret_cast<const Word*>(*places[k]);
        if (MemoryProbe::word_at(&implementer[kSize], 0) == sizes[k] + 1) {
          follow.push_back(places[k]);
        }
      }
    });
    places = follow;
    if (places.size() > 1) {
      std::erase_if(places, [&](Word* place) {
        return !is_read(isolate, place, layout.handle_scope_data + 1);
      });
    }
  }
  if (places.empty()) return "HandleScopeImplementer";
  if (places.size() > 1) return "HandleScopeImplementer (ambiguous)";
  layout.implementer_place = reinterpret_cast<Word**>(places.front());
  layout.main_implementer = *layout.implementer_place;
  return "";
}

std::string find_spare_block(v8::Isolate* isolate, const MemoryProbe&, Layout& layout) {
  // A second handle block, once left, becomes the implementer's spare: the word that now holds its address.
  Word* implementer = layout.main_implementer;
  const std::size_t count = kImplementerSize / sizeof(Word);
  Word second_block = 0;
  {
    v8::HandleScope scope(isolate);
    const Word size_before = implementer[3];
    for (std::size_t i = 0; i <= kHandlesPerBlock && implementer[3] == size_before; ++i) {
      v8::Local<v8::Object>::New(isolate, v8::Object::New(isolate));
    }
    if (implementer[3] == size_before) return "a second handle block";
    second_block = reinterpret_cast<Word*>(implementer[1])[implementer[3] - 1];
  }
  for (std::size_t i = 4; i < count; ++i) {
    if (implementer[i] != second_block) continue;
    if (layout.spare_in_implementer != 0) return "the spare handle block (ambiguous)";
    layout.spare_in_implementer = i * sizeof(Word);
  }
  return layout.spare_in_implementer == 0 ? "the spare handle block" : "";
}

}  // namespace greenfiber::v8_state
