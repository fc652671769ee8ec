// Tests of v8_state/memory_probe: memory that was there a moment ago is no signal when it is gone.
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

#include "check.h"
#include "v8_state/memory_probe.h"

namespace greenfiber::v8_state {
namespace {

using Word = std::uintptr_t;

// A page of its own, whose words are their own addresses.
class Page {
 public:
  Page()
      : words_(static_cast<Word*>(
            mmap(nullptr, size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    for (std::size_t i = 0; i < size() / sizeof(Word); ++i)
      words_[i] = address() + i * sizeof(Word);
  }
  ~Page() { leave(); }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  void leave() {
    if (!is_left_) munmap(words_, size());
    is_left_ = true;
  }
  Word address() const { return reinterpret_cast<Word>(words_); }
  const Word* words() const { return words_; }
  static std::size_t size() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

 private:
  Word* words_;
  bool is_left_ = false;
};

TEST(a_word_that_was_found_and_is_gone_since_is_answered_by_something_else) {
  Page page;
  CHECK(MemoryProbe::word_at(page.words() + 3, 1) == page.address() + 3 * sizeof(Word));
  page.leave();
  CHECK(MemoryProbe::word_at(page.words() + 3, 1) == 1);
}

TEST(of_many_addresses_those_are_read_that_can_be_whatever_lies_between_them) {
  // More than are copied at once.
  constexpr std::size_t kCount = 40, kBytes = 2048;
  std::array<Page, kCount> pages;
  std::vector<Word> addresses;
  for (const Page& page : pages) addresses.push_back(page.address());
  for (std::size_t i = 0; i < kCount; i += 3) pages[i].leave();
  std::vector<std::size_t> seen;
  bool are_right = true;
  MemoryProbe::read_each(addresses, kBytes, [&](std::size_t i, const std::byte* copy) {
    Word last;
    std::memcpy(&last, copy + kBytes - sizeof last, sizeof last);
    are_right = are_right && last == addresses[i] + kBytes - sizeof last;
    seen.push_back(i);
  });
  std::vector<std::size_t> expected;
  for (std::size_t i = 0; i < kCount; ++i) {
    if (i % 3 != 0) expected.push_back(i);
  }
  CHECK(are_right);
  CHECK(seen == expected);
}

TEST(words_that_look_like_no_pointer_are_not_followed) {
  const Page page;
  const MemoryProbe probe;
  const Word words[] = {0, page.address() + 8, 42, page.address() + 1, page.address() + 16};
  std::vector<std::size_t> seen;
  probe.follow_each(words, std::size(words), sizeof(Word),
                    [&](std::size_t i, const std::byte* copy) {
                      Word word;
                      std::memcpy(&word, copy, sizeof word);
                      if (word == words[i]) seen.push_back(i);
                    });
  CHECK((seen == std::vector<std::size_t>{1, 4}));
}

}  // namespace
}  // namespace greenfiber::v8_state

TEST_MAIN()
