// Guards of stacks: what a write below a stack does.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

#include "stack_fixture.h"

namespace greenfiber::stack {
namespace {

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
  CHECK(must_acquire(pool, 16 * kKiB).size() ==
        24 * kPageSize);  // the smallest stride is four guards
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
  if (kPageSize != kSmallestPage) return test::skip("counts on the smallest strides");
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

}  // namespace
}  // namespace greenfiber::stack
