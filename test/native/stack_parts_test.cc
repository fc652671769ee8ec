// The parts of src-native/stack: slabs, free lists, batches of advice.

#include <sys/mman.h>

#include <cstddef>
#include <cstring>

#include "../../src-native/stack/advice.h"
#include "stack_fixture.h"

namespace greenfiber::stack {
namespace {

TEST(the_first_slab_is_about_four_megabytes_and_slabs_double_up_to_a_limit) {
  CHECK(next_slab_slots(class_of_stride(256 * kKiB), 0) == 16);
  CHECK(next_slab_slots(class_of_stride(16 * kKiB), 0) == 16);
  CHECK(next_slab_slots(class_of_stride(1 * kMiB), 0) == 4);
  CHECK(next_slab_slots(class_of_stride(16 * kMiB), 0) == 1);
  CHECK(next_slab_slots(0, 16) == 16);
  CHECK(next_slab_slots(0, 32) == 32);
  CHECK(next_slab_slots(0, 100'000) == kMaxSlabSlots);
}

TEST(slabs_are_aligned_to_their_stride_clipped_to_the_limit_and_found_by_granule) {
  SlabList slabs;
  const unsigned large = class_of_stride(64 * kKiB);  // 4 granules
  CHECK(slabs.find(0) == nullptr);
  if (!CHECK(slabs.reserve_one())) return;
  slabs.add(slabs.place(0, 3, 64));
  if (!CHECK(slabs.reserve_one())) return;
  slabs.add(slabs.place(large, 5, 64));
  CHECK(slabs[0].start == 0 && slabs[0].slots == 3);
  CHECK(slabs.find(2) == &slabs[0]);
  CHECK(slabs.find(3) == nullptr);  // the gap that alignment left
  CHECK(slabs.find(4) == &slabs[1]);
  CHECK(slabs.find(23) == &slabs[1]);
  CHECK(slabs.find(24) == nullptr);
  CHECK(slabs.place(large, 100, 64).start == 24);
  CHECK(slabs.place(large, 100, 64).slots == 10);
  CHECK(slabs.place(large, 100, 24).slots == 0);
}

TEST(a_free_list_pops_warm_before_cold_and_knows_what_was_idle) {
  FreeList list;
  if (!CHECK(list.reserve(8))) return;
  for (Granule i = 0; i < 8; ++i) list.push(i);
  CHECK(list.warm() == 8 && list.cold() == 0);
  CHECK(*list.oldest_warm() == 0);
  list.cool(3);
  CHECK(list.warm() == 5 && list.cold() == 3);
  list.mark_period();
  CHECK(list.pop() == 7);
  CHECK(list.pop() == 6);
  list.push(6);
  CHECK(list.idle() == 3);  // 3, 4 and 5 were not needed
  for (Granule expected : {6, 5, 4, 3}) CHECK(list.pop() == expected);
  CHECK(list.warm() == 0 && list.cold() == 3);
  CHECK(*list.next_cold(1) == 2);
  list.warm_up(1);
  CHECK(list.warm() == 1 && list.idle() == 0);
  CHECK(list.pop() == 2);
  list.push(2);  // it was used, so it is warm now
  CHECK(list.warm() == 1 && list.cold() == 2);
}

TEST(a_batch_of_advice_does_the_same_with_and_without_process_madvise) {
  for (const bool start_vectored : {true, false}) {
    constexpr std::size_t kPages = 512;
    auto* const low = static_cast<std::byte*>(mmap(
        nullptr, kPages * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memset(low, 1, kPages * kPageSize);
    bool vectored = start_vectored;
    AdviceBatch batch(MADV_DONTNEED, vectored);
    for (std::size_t page = 0; page < kPages; page += 2)
      batch.add(low + page * kPageSize, kPageSize);
    const AdviceBatch::Outcome outcome = batch.finish();
    CHECK(outcome.complete);
    CHECK(outcome.bytes == kPages / 2 * kPageSize);
    CHECK(outcome.calls ==
          (vectored ? (kPages / 2 + 255) / 256 : kPages / 2 + (start_vectored ? 1 : 0)));
    for (std::size_t page = 0; page < kPages; ++page) {
      CHECK(low[page * kPageSize] == std::byte(page % 2));
    }
    munmap(low, kPages * kPageSize);
  }
}

TEST(a_batch_merges_neighbours_upwards_and_downwards) {
  auto* const low = static_cast<std::byte*>(
      mmap(nullptr, 64 * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  bool vectored = false;
  AdviceBatch up(MADV_DONTNEED, vectored);
  for (std::size_t page = 0; page < 64; ++page) up.add(low + page * kPageSize, kPageSize);
  CHECK(up.finish().calls == 1);
  AdviceBatch down(MADV_DONTNEED, vectored);
  for (std::size_t page = 64; page-- > 0;) down.add(low + page * kPageSize, kPageSize);
  CHECK(down.finish().calls == 1);
  munmap(low, 64 * kPageSize);
}

TEST(a_batch_goes_on_behind_a_range_that_is_refused) {
  if (test::is_emulated()) return test::skip("an emulator accepts any advice");
  auto* const low = static_cast<std::byte*>(
      mmap(nullptr, 5 * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  std::memset(low, 1, 5 * kPageSize);
  munmap(low + 2 * kPageSize, kPageSize);
  bool vectored = true;
  AdviceBatch batch(MADV_DONTNEED, vectored);
  for (const std::size_t page : {0, 2, 4}) batch.add(low + page * kPageSize, kPageSize);
  const AdviceBatch::Outcome outcome = batch.finish();
  CHECK(!outcome.complete);
  CHECK(vectored || !kernel_has_markers());  // one bad range is no reason to give up on vectors
  CHECK(outcome.bytes == 2 * kPageSize);
  CHECK(low[0] == std::byte{0} && low[4 * kPageSize] == std::byte{0});
  munmap(low, 5 * kPageSize);
}

}  // namespace
}  // namespace greenfiber::stack
