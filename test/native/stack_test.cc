// Tests of src-native/stack: memory for stacks, without V8. More of them lie in stack_*_test.cc.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "stack_fixture.h"

namespace greenfiber::stack {
namespace {

// --- Acquire and release -------------------------------------------------------------------------

TEST(a_slot_is_aligned_usable_and_as_large_as_its_stride_minus_the_guard) {
  Pool pool;
  const Slot slot = must_acquire(pool);
  CHECK(slot.size() == 256 * kKiB - kPageSize);
  CHECK(reinterpret_cast<std::uintptr_t>(slot.high) % (256 * kKiB) == 0);
  CHECK(pool.extent().contains(slot.low) && pool.extent().contains(slot.high - 1));
  touch(slot.low);
  touch(slot.high - 1);
}

TEST(sizes_round_up_to_a_power_of_two_and_what_is_too_large_is_refused) {
  if (kPageSize != kSmallestPage) return test::skip("counts on the smallest strides");
  Pool pool;
  CHECK(must_acquire(pool, 1).size() + kPageSize == 16 * kKiB);
  CHECK(must_acquire(pool, 16 * kKiB).size() + kPageSize == 16 * kKiB);
  CHECK(must_acquire(pool, 16 * kKiB + 1).size() + kPageSize == 32 * kKiB);
  CHECK(must_acquire(pool, 100'000).size() + kPageSize == 128 * kKiB);
  CHECK(must_acquire(pool, 16 * kMiB).size() + kPageSize == 16 * kMiB);
  CHECK(must_acquire(pool, 0).size() + kPageSize == 256 * kKiB);
  CHECK(pool.acquire(16 * kMiB + 1).error == Error::kTooLarge);
  CHECK(pool.acquire(SIZE_MAX).error == Error::kTooLarge);
  CHECK(adds_up(pool.statistics()));
}

TEST(zero_means_the_default_size_from_the_free_list_too) {
  Pool pool;
  const Slot slot = must_acquire(pool);
  pool.release(slot);
  CHECK(must_acquire(pool, 0) == slot);
  Options options;
  options.default_stack_size = 0;
  Pool other(options);
  CHECK(must_acquire(other).size() == slot.size());
}

TEST(the_slot_released_last_is_acquired_first) {
  Pool pool;
  const std::vector<Slot> slots = acquire_many(pool, 3);
  release_all(pool, slots);
  for (std::size_t i = 3; i-- > 0;) CHECK(must_acquire(pool) == slots[i]);
}

TEST(the_first_touch_of_a_stack_costs_one_page_and_not_a_huge_one) {
  if (!counts_pages()) return test::skip(kOtherPages);
  Pool pool;
  const Slot slot = must_acquire(pool, 16 * kMiB);
  CHECK(pool.resident_bytes(slot) == 0);
  touch(slot.high - 1);
  CHECK(pool.resident_bytes(slot) == kPageSize);
}

TEST(the_kernel_is_told_not_to_use_huge_pages_for_stacks) {
  if (test::is_emulated()) return test::skip("an emulator keeps the advice to itself");
  Pool pool;
  char start[32];
  std::snprintf(start, sizeof start, "%lx-", reinterpret_cast<unsigned long>(pool.extent().low));
  std::FILE* const file = std::fopen("/proc/self/smaps", "r");
  char line[512];
  bool in_extent = false;
  bool found = false;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    if (std::strncmp(line, start, std::strlen(start)) == 0) in_extent = true;
    if (!in_extent || std::strncmp(line, "VmFlags:", 8) != 0) continue;
    found = std::strstr(line, " nh") != nullptr;
    break;
  }
  std::fclose(file);
  CHECK(found);
}

TEST(random_use_hands_out_no_slot_twice_and_keeps_its_contents) {
  Options options;
  options.pool_size = 8;
  Pool pool(options);
  std::mt19937 random(42);
  std::map<std::byte*, std::pair<Slot, unsigned>> live;  // by high
  for (unsigned step = 0; step < 20'000; ++step) {
    if (random() % 2 == 0 && live.size() < 500) {
      const Slot slot = must_acquire(pool, std::size_t{16 * kKiB} << random() % 5);
      const auto above = live.lower_bound(slot.low);
      CHECK(above == live.end() || above->second.first.low >= slot.high);
      std::memcpy(slot.high - sizeof step, &step, sizeof step);
      live[slot.high] = {slot, step};
    } else if (!live.empty()) {
      auto chosen = live.begin();
      std::advance(chosen, random() % live.size());
      const auto [slot, mark] = chosen->second;
      CHECK(std::memcmp(slot.high - sizeof mark, &mark, sizeof mark) == 0);
      CHECK(pool.find(slot.low - 1) == slot && pool.find(slot.high - 1) == slot);
      pool.release(slot);
      live.erase(chosen);
    }
    if (step % 1000 == 0) pool.trim_idle();
  }
  const Statistics statistics = pool.statistics();
  CHECK(adds_up(statistics));
  CHECK(statistics.slots_in_use == live.size());
  CHECK(statistics.slots_given_back > 0);
  for (const auto& [high, slot_and_mark] : live) {
    CHECK(std::memcmp(high - sizeof(unsigned), &slot_and_mark.second, sizeof(unsigned)) == 0);
    CHECK(guarded(slot_and_mark.first));
  }
}

TEST(find_knows_nothing_of_addresses_outside_of_slabs) {
  Pool pool;
  int local = 0;
  CHECK(!pool.find(&local));
  CHECK(!pool.find(pool.extent().low));
  CHECK(!pool.find(pool.extent().high));
  const Slot slot = must_acquire(pool);
  CHECK(pool.find(pool.extent().low) == slot);
  CHECK(!pool.find(pool.extent().high - 1));
}

// --- Warm and cold -------------------------------------------------------------------------------

TEST(slots_released_beyond_the_pool_size_give_their_pages_back) {
  if (!counts_pages()) return test::skip(kOtherPages);
  Options options;
  options.pool_size = 10;
  Pool pool(options);
  const std::vector<Slot> slots = acquire_many(pool, 100);
  for (const Slot& slot : slots) touch_all(slot);
  release_all(pool, slots);
  const Statistics statistics = pool.statistics();
  CHECK(statistics.slots_warm >= 10 && statistics.slots_warm <= 11);  // a batch is 2
  CHECK(statistics.slots_cold == 100 - statistics.slots_warm);
  CHECK(statistics.slots_given_back == statistics.slots_cold);
  CHECK(pool.resident_bytes(slots.front()) == 0);
  CHECK(pool.resident_bytes(slots.back()) == slots.back().size());
}

TEST(a_pool_size_of_zero_keeps_no_page) {
  Options options;
  options.pool_size = 0;
  Pool pool(options);
  const Slot slot = must_acquire(pool);
  touch(slot.high - 1);
  pool.release(slot);
  CHECK(pool.resident_bytes(slot) == 0);
  CHECK(pool.trim_idle() == 0);
}

TEST(warm_slots_are_reused_before_cold_ones_and_those_before_unused_ones) {
  if (!counts_pages()) return test::skip(kOtherPages);
  Options options;
  options.pool_size = 4;
  Pool pool(options);
  const std::vector<Slot> slots = acquire_many(pool, 10);
  for (const Slot& slot : slots) touch(slot.high - 1);
  release_all(pool, slots);
  const std::size_t warm = pool.statistics().slots_warm;
  for (std::size_t i = 0; i < 10; ++i) {
    const Slot slot = must_acquire(pool);
    CHECK((pool.resident_bytes(slot) != 0) == (i < warm));
    touch(slot.high - 1);
  }
  CHECK(pool.statistics().slots_peak == 10);
  must_acquire(pool);
  CHECK(pool.statistics().slots_peak == 11);
}

TEST(giving_back_takes_few_system_calls) {
  if (!kernel_has_markers()) return test::skip("needs a kernel with process_madvise on itself");
  Pool pool;
  // Every other slot, so that neighbours cannot merge.
  std::vector<Slot> even;
  std::vector<Slot> odd;
  for (const Slot& slot : acquire_many(pool, 8192, 16 * kKiB)) {
    (even.size() > odd.size() ? odd : even).push_back(slot);
  }
  release_all(pool, even);
  const Statistics statistics = pool.statistics();
  CHECK(statistics.slots_given_back >= 3500);
  CHECK(statistics.give_back_calls <= statistics.slots_given_back / 60);
}

TEST(trim_idle_halves_what_was_not_needed_and_ends_at_nothing) {
  Pool pool;
  const std::vector<Slot> slots = acquire_many(pool, 200);
  for (const Slot& slot : slots) touch(slot.high - 1);
  release_all(pool, slots);
  CHECK(pool.trim_idle() == 200);  // all of them were in use during the period that ends here
  CHECK(pool.trim_idle() == 100);
  CHECK(pool.trim_idle() == 50);
  std::size_t left = 50;
  for (int ticks = 0; ticks < 6; ++ticks) left = pool.trim_idle();
  CHECK(left == 0);
  for (const Slot& slot : slots) CHECK(pool.resident_bytes(slot) == 0);
}

TEST(trim_idle_leaves_the_slots_that_are_in_steady_use_warm) {
  Pool pool;
  release_all(pool, acquire_many(pool, 200));
  std::size_t left = 0;
  for (int tick = 0; tick < 20; ++tick) {
    release_all(pool, acquire_many(pool, 20));
    left = pool.trim_idle();
  }
  CHECK(left == 20);
}

TEST(trim_all_makes_everything_cold) {
  if (kPageSize != kSmallestPage) return test::skip("counts on the smallest strides");
  Pool pool;
  for (const std::size_t size : {16 * kKiB, 64 * kKiB, 256 * kKiB}) {
    const std::vector<Slot> slots = acquire_many(pool, 20, size);
    for (const Slot& slot : slots) touch_all(slot);
    release_all(pool, slots);
  }
  pool.trim_all();
  const Statistics statistics = pool.statistics();
  CHECK(statistics.slots_warm == 0);
  CHECK(statistics.slots_cold == 60);
  CHECK(statistics.advised_bytes == 20 * (16 + 64 + 256) * kKiB);
}

TEST(trim_gives_back_what_lies_wholly_below_the_live_part_and_keeps_the_rest) {
  if (!counts_pages()) return test::skip(kOtherPages);
  Pool pool;
  const Slot slot = must_acquire(pool);
  std::memset(slot.low, 7, slot.size());
  std::byte* const live_low = slot.high - 3 * kPageSize + 100;
  CHECK(Pool::worth_trimming(live_low, slot.low));
  pool.trim(slot, live_low);
  CHECK(pool.resident_bytes(slot) == 3 * kPageSize);
  CHECK(*live_low == std::byte{7} && slot.high[-1] == std::byte{7});
  CHECK(guarded(slot));
  CHECK(pool.statistics().live_trims == 1);
}

TEST(trim_with_nothing_below_the_live_part_does_nothing) {
  if (!counts_pages()) return test::skip(kOtherPages);
  Pool pool;
  const Slot slot = must_acquire(pool);
  touch_all(slot);
  pool.trim(slot, slot.low);
  pool.trim(slot, slot.low - 1);
  pool.trim(slot, slot.low + 1);
  CHECK(pool.statistics().live_trims == 0);
  CHECK(pool.resident_bytes(slot) == slot.size());
  CHECK(!Pool::worth_trimming(slot.low + kPageSize, slot.low));
}

// --- Lifetime, processes, threads ----------------------------------------------------------------

TEST(the_destructor_unmaps_the_reservation_with_slots_in_use_too) {
  if (test::is_emulated()) return test::skip("an emulator's mincore refuses guards");
  Extent extent;
  {
    Pool pool;
    extent = pool.extent();
    for (const Slot& slot : acquire_many(pool, 100)) touch(slot.high - 1);
    CHECK(is_mapped(extent.low) && is_mapped(extent.high - kPageSize));
  }
  CHECK(!is_mapped(extent.low) && !is_mapped(extent.high - kPageSize));
}

TEST(pools_made_and_destroyed_leave_no_mapping_behind) {
  const std::size_t before = count_mappings();
  for (int i = 0; i < 200; ++i) {
    Pool pool;
    touch(must_acquire(pool).high - 1);
  }
  CHECK(count_mappings() <= before + 4);
}

TEST(after_fork_the_child_has_its_own_copy) {
  Pool pool;
  const std::vector<Slot> slots = acquire_many(pool, 10);
  for (const Slot& slot : slots) touch(slot.high - 1);
  pool.release(slots[9]);
  const int result = in_child([&] {
    if (!(must_acquire(pool) == slots[9])) return 1;
    if (slots[0].high[-1] != std::byte{1}) return 2;
    slots[0].high[-1] = std::byte{2};
    for (const Slot& slot : acquire_many(pool, 1000)) {
      touch(slot.high - 1);
      if (!guarded(slot)) return 3;
    }
    release_all(pool, slots);
    pool.trim_all();
    return 0;
  });
  CHECK(result == 0);
  CHECK(slots[0].high[-1] == std::byte{1});
  CHECK(must_acquire(pool) == slots[9]);
  CHECK(pool.statistics().slots_in_use == 10);
}

TEST(pools_on_several_threads_do_not_know_each_other) {
  std::vector<std::thread> threads;
  std::size_t in_use[4] = {};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t, &in_use] {
      Pool pool;
      for (int round = 0; round < 50; ++round) {
        std::vector<Slot> slots;
        for (int i = 0; i < 400; ++i) slots.push_back(pool.acquire().slot);
        for (const Slot& slot : slots) *(slot.high - 1) = std::byte(t);
        for (const Slot& slot : slots) in_use[t] += slot.high[-1] != std::byte(t);
        for (const Slot& slot : slots) pool.release(slot);
        pool.trim_idle();
      }
      in_use[t] += pool.statistics().slots_in_use;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::size_t count : in_use) CHECK(count == 0);
}

// --- Scale ---------------------------------------------------------------------------------------

TEST(a_million_slots_cost_address_space_but_neither_memory_nor_mappings) {
  if (!kernel_has_markers()) return test::skip("no MADV_GUARD_INSTALL before Linux 6.13");
  constexpr std::size_t kCount = 1'000'000;
  Pool pool;
  const std::size_t mappings = count_mappings();
  const std::size_t resident = resident_set_bytes();
  std::vector<Slot> slots = acquire_many(pool, kCount, 16 * kKiB);
  if (!kAsan) CHECK(count_mappings() < mappings + 10 && count_mappings() < 100);
  const std::size_t ours = kCount * sizeof(Slot) * 2;  // the vector of this test
  if (!kAsan) CHECK(resident_set_bytes() < resident + ours + 16 * kMiB);
  Statistics statistics = pool.statistics();
  CHECK(statistics.slots_in_use == kCount && statistics.slots_unguarded == 0);
  CHECK(statistics.slots_total - kCount < kMaxSlabSlots);
  CHECK(statistics.slabs < kCount / kMaxSlabSlots + 20);

  release_all(pool, slots);
  statistics = pool.statistics();
  CHECK(statistics.slots_in_use == 0 && statistics.slots_warm < 256 + 64);
  CHECK(statistics.give_back_calls <= kCount / 64 + 1);
  if (!kAsan) CHECK(count_mappings() < mappings + 10);

  // They all come again, without growth.
  for (std::size_t i = 0; i < kCount; ++i) slots[i] = must_acquire(pool, 16 * kKiB);
  CHECK(pool.statistics().slabs == statistics.slabs);
  CHECK(guarded(slots[0]) && guarded(slots[kCount / 2]) && guarded(slots[kCount - 1]));
}

}  // namespace
}  // namespace greenfiber::stack

TEST_MAIN()
