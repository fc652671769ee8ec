// Tests of src-native/stack: memory for stacks, without V8.

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "../../src-native/stack/advice.h"
#include "stack_fixture.h"

namespace greenfiber::stack {
namespace {

// --- Parts ---------------------------------------------------------------------------------------

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
  Pool pool;
  const Slot slot = must_acquire(pool, 16 * kMiB);
  CHECK(pool.resident_bytes(slot) == 0);
  touch(slot.high - 1);
  CHECK(pool.resident_bytes(slot) == kPageSize);
}

TEST(the_kernel_is_told_not_to_use_huge_pages_for_stacks) {
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

// --- Guards --------------------------------------------------------------------------------------

void check_that_guards_hold(const Options& options) {
  Pool pool(options);
  const std::vector<Slot> slots = acquire_many(pool, 50);
  for (const Slot& slot : slots) CHECK(guarded(slot));
  const Slot slot = slots[20];
  CHECK(write_faults(slot.low - 1));
  CHECK(write_faults(slot.low - options.guard_pages * kPageSize));
  CHECK(!write_faults(slot.low));
  CHECK(!write_faults(slot.low - options.guard_pages * kPageSize - 1));  // top of the neighbour

  touch_all(slot);
  pool.trim(slot, slot.high);
  CHECK(guarded(slot));
  release_all(pool, slots);
  pool.trim_all();
  for (const Slot& cold : slots) CHECK(guarded(cold));
  CHECK(pool.statistics().slots_unguarded == 0);
}

TEST(touching_a_guard_marker_is_a_segmentation_fault_also_after_pages_were_given_back) {
  if (!kernel_has_markers()) return test::skip("no MADV_GUARD_INSTALL before Linux 6.13");
  check_that_guards_hold({});
}

TEST(touching_an_mprotect_guard_is_a_segmentation_fault_also_after_pages_were_given_back) {
  check_that_guards_hold(with_mprotect());
}

TEST(guards_of_several_pages_hold) {
  Options options;
  options.guard_pages = 8;
  check_that_guards_hold(options);
  Pool pool(options);
  CHECK(must_acquire(pool, 16 * kKiB).size() == 96 * kKiB);  // the smallest stride is four guards
}

TEST(guards_hold_in_a_reservation_that_is_opened_slab_by_slab) {
  Options options;
  options.reserve_inaccessible = true;
  check_that_guards_hold(options);
  options.allow_guard_markers = false;
  check_that_guards_hold(options);
}

TEST(guard_markers_survive_madvise_dontneed_free_and_fork) {
  if (!kernel_has_markers()) return test::skip("no MADV_GUARD_INSTALL before Linux 6.13");
  Pool pool;
  const Slot slot = must_acquire(pool);
  std::byte* const guard = slot.low - kPageSize;
  for (const int advice : {MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT}) {
    madvise(guard, slot.size() + kPageSize, advice);
    CHECK(guarded(slot));
  }
  // A grandchild: two forks.
  CHECK(in_child([&] { return write_faults(guard) ? 11 : 0; }) == 11);
}

TEST(guards_can_be_switched_off) {
  Options options;
  options.guard_pages = 0;
  Pool pool(options);
  const std::vector<Slot> slots = acquire_many(pool, 3);
  CHECK(slots[1].size() == 256 * kKiB);
  CHECK(slots[1].low == slots[0].high);
  const Statistics statistics = pool.statistics();
  CHECK(statistics.guard_kind == GuardKind::kNone);
  CHECK(statistics.slots_unguarded == statistics.slots_total);
}

TEST(mprotect_guards_end_long_before_the_mappings_of_the_process_do) {
  Pool pool(with_mprotect());
  const std::size_t before = count_mappings();
  acquire_many(pool, 60'000, 16 * kKiB);
  const std::size_t made = count_mappings() - before;
  const Statistics statistics = pool.statistics();
  CHECK(adds_up(statistics));
  CHECK(statistics.guard_kind == GuardKind::kProtect);
  CHECK(statistics.slots_guarded > 5'000 && statistics.slots_unguarded > 5'000);
  CHECK(made <= 2 * statistics.slots_guarded + (kAsan ? 200 : 2));
  CHECK(made < 52'000);
  // A second pool respects what the first one took, and works.
  Pool other(with_mprotect());
  touch_all(must_acquire(other));
  CHECK(other.statistics().slots_guarded <= 16);
  CHECK(count_mappings() < 55'000);
}

// --- Limits and failures -------------------------------------------------------------------------

TEST(max_slots_is_an_error_and_released_slots_can_still_be_acquired) {
  Options options;
  options.max_slots = 20;
  Pool pool(options);
  const std::vector<Slot> slots = acquire_many(pool, 20);
  CHECK(pool.acquire().error == Error::kLimit);
  CHECK(pool.acquire(16 * kKiB).error == Error::kLimit);
  pool.release(slots[3]);
  CHECK(must_acquire(pool) == slots[3]);
  CHECK(pool.statistics().slots_total == 20);
}

TEST(a_full_reservation_is_an_error_and_not_a_crash) {
  Options options;
  options.reservation = 32 * kMiB;
  options.min_reservation = 32 * kMiB;
  Pool pool(options);
  CHECK(pool.extent().size() == 32 * kMiB);
  std::vector<Slot> slots = acquire_many(pool, 128);
  CHECK(pool.acquire().error == Error::kOutOfAddressSpace);
  CHECK(pool.acquire(16 * kKiB).error == Error::kOutOfAddressSpace);
  CHECK(slots.back().high == pool.extent().high);
  touch(slots.back().high - 1);
  pool.release(slots.back());
  CHECK(must_acquire(pool) == slots.back());
}

TEST(under_a_limit_on_address_space_the_reservation_is_smaller) {
  if (kAsan) return test::skip("AddressSanitizer needs its address space");
  const int result = in_child([] {
    const rlimit limit = {20 * kGiB, 20 * kGiB};
    setrlimit(RLIMIT_AS, &limit);
    Pool pool;
    if (pool.extent().size() != 5 * kGiB) return 1;
    Pool second;
    Pool third;
    Pool fourth;  // less than 5 GiB are left for this one
    if (fourth.error() != Error::kNone || fourth.extent().size() >= 5 * kGiB) return 2;
    touch_all(must_acquire(fourth));
    return 0;
  });
  CHECK(result == 0);
}

TEST(without_address_space_every_acquire_says_so) {
  if (kAsan) return test::skip("AddressSanitizer needs its address space");
  const int result = in_child([] {
    const rlimit limit = {512 * kMiB, 512 * kMiB};
    setrlimit(RLIMIT_AS, &limit);
    Pool pool;
    if (pool.error() != Error::kOutOfAddressSpace || pool.extent().size() != 0) return 1;
    if (pool.acquire().error != Error::kOutOfAddressSpace) return 2;
    if (pool.acquire(16 * kKiB).error != Error::kOutOfAddressSpace) return 3;
    pool.trim_all();
    if (pool.trim_idle() != 0 || pool.find(&pool) || !adds_up(pool.statistics())) return 4;
    return 0;
  });
  CHECK(result == 0);
}

TEST(where_writable_memory_is_charged_slabs_are_opened_one_by_one_until_it_is_out) {
  if (kAsan) return test::skip("AddressSanitizer needs its address space");
  const int result = in_child([] {
    const rlimit limit = {256 * kMiB, 256 * kMiB};
    setrlimit(RLIMIT_DATA, &limit);
    Pool pool;
    if (pool.extent().size() != Options{}.reservation) return 1;
    std::vector<Slot> slots;
    Acquired acquired;
    while ((acquired = pool.acquire())) slots.push_back(acquired.slot);
    if (acquired.error != Error::kOutOfMemory) return 2;
    if (slots.size() < 900 || slots.size() > 1024) return 3;
    for (const Slot& slot : slots) touch(slot.high - 1);
    for (const Slot& slot : slots) pool.release(slot);
    return pool.acquire() ? 0 : 4;
  });
  CHECK(result == 0);
}

TEST(where_a_container_forbids_process_madvise_everything_works_with_more_calls) {
  const int result = in_child([] {
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_madvise, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter = {sizeof code / sizeof *code, code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return 0;
    Pool pool;
    const std::vector<Slot> slots = acquire_many(pool, 1000);
    for (const Slot& slot : slots) {
      touch(slot.high - 1);
      if (!guarded(slot)) return 1;
    }
    release_all(pool, slots);
    pool.trim_all();
    for (const Slot& slot : slots) {
      if (pool.resident_bytes(slot) != 0 || !guarded(slot)) return 2;
    }
    return pool.statistics().slots_unguarded == 0 ? 0 : 3;
  });
  CHECK(result == 0);
}

TEST(where_memory_is_locked_pages_stay_and_nothing_breaks) {
  Pool pool;
  const Slot slot = must_acquire(pool, 16 * kKiB);
  touch_all(slot);
  // Not mlock(): AddressSanitizer replaces it with nothing.
  if (syscall(SYS_mlock, slot.low, slot.size()) != 0) return test::skip("may not lock memory");
  pool.trim(slot, slot.high);
  CHECK(pool.resident_bytes(slot) == slot.size());
  pool.release(slot);
  pool.trim_all();
  CHECK(must_acquire(pool, 16 * kKiB) == slot);
  CHECK(pool.statistics().advised_bytes == 0);
}

TEST(every_error_has_a_description) {
  for (int error = 0; error <= static_cast<int>(Error::kUnsupportedPageSize); ++error) {
    CHECK(std::strcmp(describe(static_cast<Error>(error)), "unknown error") != 0);
  }
  CHECK(std::strcmp(describe(GuardKind::kMarker), "marker") == 0);
}

// --- Lifetime, processes, threads ----------------------------------------------------------------

TEST(the_destructor_unmaps_the_reservation_with_slots_in_use_too) {
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

// --- Debug builds --------------------------------------------------------------------------------

#if defined(GREENFIBER_DEBUG_STACKS)

template <typename Body>
bool aborts(Body body) {
  return in_child([&] {
           if (freopen("/dev/null", "w", stderr) == nullptr) return 1;
           body();
           return 0;
         }) == -SIGABRT;
}

TEST(a_debug_build_aborts_when_a_slot_is_released_twice) {
  Pool pool;
  const Slot slot = must_acquire(pool);
  CHECK(!aborts([&] { pool.release(slot); }));
  CHECK(aborts([&] {
    pool.release(slot);
    pool.release(slot);
  }));
}

TEST(a_debug_build_aborts_when_something_else_is_released) {
  Pool pool;
  Pool other;
  const Slot slot = must_acquire(pool);
  CHECK(aborts([&] { other.release(slot); }));
  CHECK(aborts([&] { pool.release({slot.low + 128 * kKiB, slot.high + 128 * kKiB}); }));
}

TEST(a_debug_build_aborts_when_a_stack_was_written_to_after_its_release) {
  Pool pool;
  const Slot slot = must_acquire(pool);
  touch(slot.high - 1);
  CHECK(aborts([&] {
    pool.release(slot);
    touch(slot.high - 64);
    must_acquire(pool);
  }));
  CHECK(!aborts([&] {
    pool.release(slot);
    pool.trim_all();
    must_acquire(pool);
  }));
}

TEST(a_debug_build_does_not_touch_a_slot_that_nobody_touched) {
  Pool pool;
  const Slot slot = must_acquire(pool);
  pool.release(slot);
  CHECK(pool.resident_bytes(slot) == 0);
  CHECK(must_acquire(pool) == slot);
}

#endif

#if defined(GREENFIBER_STACK_ASAN)

TEST(marks_that_abandoned_frames_left_for_the_sanitizer_are_gone_on_reuse) {
  Pool pool;
  const Slot slot = must_acquire(pool);
  __asan_poison_memory_region(slot.high - 4096, 512);
  pool.release(slot);
  const Slot again = must_acquire(pool);
  CHECK(again == slot);
  CHECK(__asan_region_is_poisoned(again.high - 4096, 4096) == nullptr);
}

#endif

}  // namespace
}  // namespace greenfiber::stack

TEST_MAIN()
