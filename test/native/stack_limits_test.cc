// Limits of slots, address space and memory, and what happens at them.

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "stack_fixture.h"

namespace greenfiber::stack {
namespace {

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
  if (test::is_emulated()) return test::skip("an emulator keeps no such limit");
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
  if (test::is_emulated()) return test::skip("an emulator keeps no such limit");
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
  if (test::is_emulated()) return test::skip("an emulator keeps no such limit");
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

TEST(where_advice_is_accepted_and_ignored_guards_are_made_by_mprotect) {
  const int result = in_child([] {
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter = {sizeof code / sizeof *code, code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return 77;
    Pool pool;
    if (pool.statistics().guard_kind != GuardKind::kProtect) return 1;
    return guarded(must_acquire(pool)) ? 0 : 2;
  });
  if (result == 77) return test::skip("filters of system calls are not permitted here");
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

}  // namespace
}  // namespace greenfiber::stack
