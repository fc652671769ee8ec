// Tests of runs and of Pool::sweep: pages that come and go many slots at a time.
#include "stack_fixture.h"

namespace greenfiber::stack {
namespace {

// --- Runs ----------------------------------------------------------------------------------------

Options with_hot_page() {
  Options options;
  options.hot_page = 3 * kPageSize;
  return options;
}

std::byte* hot_page_of(Slot slot) { return slot.high - 3 * kPageSize; }

// As fibers are seen by sweep(): everything from `live` pages below the hot page on has to stay.
struct Sleepers {
  std::size_t live_pages = 0;
  std::size_t asked = 0;

  Pool::Occupants occupants() {
    return {[](const void* self, Slot slot) {
              auto& sleepers = *const_cast<Sleepers*>(static_cast<const Sleepers*>(self));
              ++sleepers.asked;
              return hot_page_of(slot) - sleepers.live_pages * kPageSize;
            },
            this};
  }
};

TEST(the_first_page_of_many_slots_is_made_in_runs_before_they_are_handed_out) {
  Pool pool(with_hot_page());
  const std::vector<Slot> slots = acquire_many(pool, 2000, 64 * kKiB);
  const Statistics statistics = pool.statistics();
  CHECK(adds_up(statistics));
  CHECK(statistics.slots_in_use == 2000);
  CHECK(statistics.slots_warm < Pool::kMaxRun);
  if (statistics.slots_prefaulted == 0) return test::skip("needs MADV_POPULATE_WRITE in vectors");
  CHECK(statistics.slots_prefaulted >= 1900);
  for (const Slot& slot : slots) CHECK(pool.resident_bytes(slot) <= kPageSize);
  CHECK(pool.resident_bytes(slots.back()) == kPageSize);
}

TEST(a_program_with_few_stacks_pays_for_few) {
  Pool pool(with_hot_page());
  for (std::size_t i = 1; i <= 100; ++i) {
    must_acquire(pool);
    CHECK(pool.statistics().slots_warm <= i / 8);
  }
}

TEST(no_run_is_longer_than_the_pool_is_large) {
  Options options = with_hot_page();
  options.pool_size = 5;
  Pool pool(options);
  acquire_many(pool, 1000);
  CHECK(pool.statistics().slots_warm < 5);
  options.pool_size = 0;
  Pool none(options);
  acquire_many(none, 1000);
  CHECK(none.statistics().slots_warm == 0);
  CHECK(none.statistics().slots_prefaulted == 0);
}

TEST(cold_slots_come_back_in_runs_too) {
  Pool pool(with_hot_page());
  release_all(pool, acquire_many(pool, 1000));
  pool.trim_all();
  const std::uint64_t before = pool.statistics().slots_prefaulted;
  acquire_many(pool, 1000);
  const Statistics statistics = pool.statistics();
  CHECK(adds_up(statistics));
  CHECK(statistics.slots_total == statistics.slots_in_use + statistics.slots_warm +
                                      statistics.slots_cold + statistics.slots_unused);
  CHECK(before == 0 || statistics.slots_prefaulted >= before + 900);
}

TEST(the_rest_of_a_run_is_given_back_when_nobody_needs_it) {
  Pool pool(with_hot_page());
  acquire_many(pool, 600);
  for (int ticks = 0; ticks < 12; ++ticks) pool.trim_idle();
  CHECK(pool.statistics().slots_warm == 0);
}

// --- Sweeping ------------------------------------------------------------------------------------

TEST(a_sweep_gives_back_what_lies_below_the_live_part_of_every_slot_and_nothing_else) {
  if (test::is_emulated()) return test::skip("an emulator's mincore refuses guards");
  for (const std::size_t size : {64 * kKiB, 256 * kKiB, 4096 * kKiB, 16384 * kKiB}) {
    Pool pool(with_hot_page());
    const std::vector<Slot> slots = acquire_many(pool, 40, size);
    for (const Slot& slot : slots) {
      std::memset(slot.low, 7, slot.size());
    }
    Sleepers sleepers{.live_pages = 2};
    while (pool.sweep(sleepers.occupants())) {
    }
    for (const Slot& slot : slots) {
      CHECK(pool.resident_bytes(slot) == 5 * kPageSize);
      for (const std::byte* at = hot_page_of(slot) - 2 * kPageSize; at < slot.high; at += 512) {
        CHECK(*at == std::byte{7});
      }
    }
    CHECK(pool.statistics().live_trims == 40);
  }
}

TEST(a_sweep_asks_about_no_slot_that_has_nothing_to_give) {
  Pool pool(with_hot_page());
  for (const Slot& slot : acquire_many(pool, 500, 64 * kKiB)) touch(hot_page_of(slot));
  Sleepers sleepers;
  while (pool.sweep(sleepers.occupants())) {
  }
  CHECK(sleepers.asked == 0);
  CHECK(pool.statistics().live_trims == 0);
}

TEST(a_sweep_looks_at_a_bounded_piece_and_goes_on_there) {
  if (test::is_emulated()) return test::skip("an emulator's mincore refuses guards");
  Pool pool(with_hot_page());
  // 16 MiB are 8 chunks: 200 stacks are three calls.
  std::size_t touched = 0;
  for (const Slot& slot : acquire_many(pool, 200, 16384 * kKiB)) {
    touch(hot_page_of(slot));
    touch(slot.low);
    ++touched;
  }
  Sleepers sleepers;
  std::size_t calls = 0;
  while (pool.statistics().live_trims < touched && calls < 100) {
    pool.sweep(sleepers.occupants());
    ++calls;
  }
  CHECK(pool.statistics().live_trims == 200);
  CHECK(sleepers.asked == 200);
}

TEST(page_tables_of_cold_slots_go_and_their_guards_come_back_with_the_slots) {
  if (!kernel_has_markers()) return test::skip("needs guard markers");
  Pool pool(with_hot_page());
  std::vector<Slot> slots = acquire_many(pool, 2048, 64 * kKiB);
  for (const Slot& slot : slots) touch(hot_page_of(slot));
  const Slot kept = slots.back();
  slots.pop_back();
  std::memset(hot_page_of(kept), 9, kPageSize);
  release_all(pool, slots);
  pool.trim_all();
  Sleepers sleepers;
  while (pool.sweep(sleepers.occupants())) {
  }
  Statistics statistics = pool.statistics();
  CHECK(statistics.chunks_dropped >= 50 && statistics.chunks_dropped < 64);
  CHECK(adds_up(statistics));
  CHECK(*hot_page_of(kept) == std::byte{9});
  CHECK(guarded(kept));
  CHECK(accessible(slots[1000].low - 1));
  for (const Slot& slot : acquire_many(pool, 2047, 64 * kKiB)) {
    CHECK(guarded(slot));
    touch(slot.low);
    touch(slot.high - 1);
  }
  statistics = pool.statistics();
  CHECK(statistics.slots_unguarded == 0);
  CHECK(adds_up(statistics));
}

TEST(with_mprotect_guards_page_tables_stay_and_so_do_the_guards) {
  Options options = with_mprotect();
  options.hot_page = 3 * kPageSize;
  Pool pool(options);
  const std::vector<Slot> slots = acquire_many(pool, 256, 64 * kKiB);
  release_all(pool, slots);
  pool.trim_all();
  Sleepers sleepers;
  while (pool.sweep(sleepers.occupants())) {
  }
  CHECK(pool.statistics().chunks_dropped == 0);
  for (const Slot& slot : slots) CHECK(guarded(slot));
}

TEST(random_use_with_sweeps_in_between_keeps_contents_and_guards) {
  if (test::is_emulated()) return test::skip("an emulator's mincore refuses guards");
  Options options = with_hot_page();
  options.pool_size = 20;
  Pool pool(options);
  Sleepers sleepers{.live_pages = 1};
  std::uint32_t random = 1;
  std::vector<Slot> in_use;
  for (int step = 0; step < 20000; ++step) {
    random = random * 1664525 + 1013904223;
    const std::uint32_t choice = random >> 16;
    const bool grows = in_use.size() < 100 || (step / 2000 % 2 == 0 && in_use.size() < 1500);
    if (grows) {
      const Slot slot = must_acquire(pool, std::size_t{64 * kKiB} << (choice % 3));
      CHECK(step % 16 != 0 || guarded(slot));
      *reinterpret_cast<std::byte**>(hot_page_of(slot) - 8) = slot.low;
      if (choice % 5 == 0) touch(slot.low);
      in_use.push_back(slot);
    } else {
      std::swap(in_use[choice % in_use.size()], in_use.back());
      const Slot slot = in_use.back();
      CHECK(*reinterpret_cast<std::byte**>(hot_page_of(slot) - 8) == slot.low);
      pool.release(slot);
      in_use.pop_back();
    }
    if (step % 50 == 0) pool.sweep(sleepers.occupants());
    if (step % 300 == 0) pool.trim_idle();
    if (step % 2000 == 0) pool.trim_all();
  }
  CHECK(adds_up(pool.statistics()));
  CHECK(pool.statistics().live_trims > 0);
  for (const Slot& slot : in_use) {
    CHECK(*reinterpret_cast<std::byte**>(hot_page_of(slot) - 8) == slot.low);
    CHECK(guarded(slot));
  }
}

}  // namespace
}  // namespace greenfiber::stack
