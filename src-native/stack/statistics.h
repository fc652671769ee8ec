// A snapshot of a Pool, cheap enough to take at any time: no page is touched, no system call made.

#pragma once

#include <cstddef>
#include <cstdint>

namespace greenfiber::stack {

enum class GuardKind : unsigned char {
  kNone,     // switched off, or no way to make one
  kMarker,   // MADV_GUARD_INSTALL: a mark in the page table, the mapping stays whole
  kProtect,  // mprotect(PROT_NONE): two mappings each, so only as many as vm.max_map_count bears
};

const char* describe(GuardKind kind);

struct Statistics {
  // Address space.
  std::size_t reserved_bytes = 0;   // the reservation; costs nothing by itself
  std::size_t committed_bytes = 0;  // cut into slabs; still only touched pages count
  std::size_t slabs = 0;            // how often a class grew

  // Slots. total == in_use + warm + cold + unused.
  std::size_t slots_total = 0;
  std::size_t slots_in_use = 0;
  std::size_t slots_warm = 0;    // released, pages kept
  std::size_t slots_cold = 0;    // released, pages given back
  std::size_t slots_unused = 0;  // never prepared, never touched
  std::size_t slots_peak = 0;  // per class the most ever prepared at once, summed over the classes

  // Guards. total == guarded + unguarded. What sweep() dropped counts as guarded: it will be again.
  GuardKind guard_kind = GuardKind::kNone;
  std::size_t slots_guarded = 0;
  std::size_t slots_unguarded = 0;

  std::uint64_t slots_prefaulted = 0;  // given their page in runs, before somebody touched it

  // Pages returned to the kernel since the pool was made.
  std::uint64_t slots_given_back = 0;  // whole slots, warm -> cold
  std::uint64_t give_back_calls = 0;   // system calls that took
  std::uint64_t live_trims = 0;        // trim() of a slot in use, and what sweep() found to trim
  std::uint64_t chunks_dropped = 0;    // 2 MiB of cold slots each, with their page tables
  std::uint64_t advised_bytes = 0;     // address range named in all these calls: an upper bound
};

}  // namespace greenfiber::stack
