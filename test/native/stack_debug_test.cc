// What builds for debugging and for sanitizers notice.

#include <fcntl.h>

#include <csignal>

#include "stack_fixture.h"

namespace greenfiber::stack {
namespace {

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
