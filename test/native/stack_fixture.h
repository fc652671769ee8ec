// What the tests of src-native/stack have in common.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <vector>

#include "../../src-native/stack/pool.h"
#include "check.h"

namespace greenfiber::stack {

inline const std::size_t kPageSize = page_size();
inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;
inline constexpr std::size_t kGiB = 1024 * kMiB;

#if defined(GREENFIBER_STACK_ASAN)
inline constexpr bool kAsan = true;
#else
inline constexpr bool kAsan = false;
#endif

// An emulator can give the program pages of another size than the host's, which mincore then counts.
inline bool counts_pages() { return !test::is_emulated() || kPageSize == kSmallestPage; }
inline constexpr char kOtherPages[] = "an emulator's mincore counts the pages of the host";

inline Slot must_acquire(Pool& pool, std::size_t size = 0) {
  const Acquired acquired = pool.acquire(size);
  CHECK(acquired.error == Error::kNone);
  return acquired.slot;
}

inline void touch(std::byte* address) { *static_cast<volatile std::byte*>(address) = std::byte{1}; }

inline void touch_all(Slot slot) {
  for (std::byte* at = slot.low; at < slot.high; at += kPageSize) touch(at);
}

inline std::vector<Slot> acquire_many(Pool& pool, std::size_t count, std::size_t size = 0) {
  std::vector<Slot> slots;
  for (std::size_t i = 0; i < count; ++i) slots.push_back(must_acquire(pool, size));
  return slots;
}

inline void release_all(Pool& pool, const std::vector<Slot>& slots) {
  for (const Slot& slot : slots) pool.release(slot);
}

// Runs `body` in a child process. Its exit code, or minus the signal that ended it.
template <typename Body>
inline int in_child(Body body) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);
    std::signal(SIGABRT, SIG_DFL);
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

inline bool write_faults(std::byte* address) {
  return in_child([&] { return touch(address), 0; }) == -SIGSEGV;
}

// Whether the kernel may write to the page, found out without dying: read() into it.
inline bool accessible(std::byte* address) {
  static const int kZero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  return read(kZero, address, 1) == 1;
}

inline bool guarded(Slot slot) { return !accessible(slot.low - 1) && accessible(slot.low); }

inline std::size_t count_mappings(const char* containing = "") {
  std::size_t lines = 0;
  std::FILE* const file = std::fopen("/proc/self/maps", "r");
  char line[512];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    lines += std::strstr(line, containing) != nullptr;
  }
  std::fclose(file);
  return lines;
}

inline bool is_mapped(std::byte* page) {
  unsigned char resident;
  return mincore(page, kPageSize, &resident) == 0;  // ENOMEM for unmapped memory
}

inline std::size_t resident_set_bytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  unsigned long total = 0;
  unsigned long resident = 0;
  const int fields = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  return fields == 2 ? resident * kPageSize : 0;
}

inline bool adds_up(const Statistics& s) {
  return s.slots_total == s.slots_in_use + s.slots_warm + s.slots_cold + s.slots_unused &&
         s.slots_total == s.slots_guarded + s.slots_unguarded && s.slots_peak >= s.slots_in_use &&
         s.committed_bytes <= s.reserved_bytes;
}

inline bool kernel_has_markers() {
  Pool pool;
  return pool.statistics().guard_kind == GuardKind::kMarker;
}

inline Options with_mprotect() {
  Options options;
  options.allow_guard_markers = false;
  return options;
}

}  // namespace greenfiber::stack
