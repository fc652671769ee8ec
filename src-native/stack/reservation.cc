#include "reservation.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdint>

#include "size_class.h"

#if !defined(PR_SET_VMA)
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

namespace greenfiber::stack {
namespace {

constexpr int kAccessible = PROT_READ | PROT_WRITE;
constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

// Half of what 32-bit granule numbers reach.
constexpr std::size_t kMaxReservation = (std::size_t{1} << 31) * kMinStride;

// Under a limit on address space ("ulimit -v") a quarter of it, since V8 reserves too.
std::size_t cap_by_limit(std::size_t size, std::size_t min_size) {
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return size;
  const std::size_t share = round_down(static_cast<std::size_t>(limit.rlim_cur) / 4, kMaxStride);
  if (size <= share) return size;
  return share > min_size ? share : min_size;
}

std::size_t clamp(std::size_t size) {
  if (size > kMaxReservation) return kMaxReservation;
  return size < kMaxStride ? kMaxStride : round_up(size, kMaxStride);
}

}  // namespace

Reservation::Reservation(const Request& request) {
  const std::size_t min_size = clamp(request.min_size);
  std::size_t size = cap_by_limit(clamp(request.size), min_size);
  for (;; size = round_down(size / 2, kMaxStride)) {
    // With vm.overcommit_memory=2 and under RLIMIT_DATA the kernel charges writable memory, touched
    // or not, and refuses the first; inaccessible memory is not charged, slabs then are one by one.
    if (!request.inaccessible && map(size, kAccessible)) break;
    if (map(size, PROT_NONE)) break;
    if (size / 2 < min_size) return;
  }
  const std::size_t reserved = extent_.size();
  // A huge page would turn the first touch of a stack into 2 MiB. Core dumps keep the stacks: a
  // crash inside a fiber is worth reading, and untouched pages are holes in the file.
  madvise(extent_.low, reserved, MADV_NOHUGEPAGE);
  // The name shows in /proc/self/maps where the kernel has CONFIG_ANON_VMA_NAME.
  prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, extent_.low, reserved, "greenfiber stacks");
}

Reservation::~Reservation() {
  if (extent_.low != nullptr) munmap(extent_.low, extent_.size());
}

bool Reservation::map(std::size_t size, int protection) {
  void* const mapped = mmap(nullptr, size + kMaxStride, protection, kFlags, -1, 0);
  if (mapped == MAP_FAILED) return false;
  auto* const start = static_cast<std::byte*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(mapped);
  const std::size_t head = round_up(address, kMaxStride) - address;
  const std::size_t tail = kMaxStride - head;
  if (head != 0) munmap(start, head);
  if (tail != 0) munmap(start + head + size, tail);
  extent_ = {start + head, start + head + size};
  accessible_ = protection == kAccessible;
  return true;
}

bool Reservation::commit(std::byte* start, std::size_t size) {
  return accessible_ || mprotect(start, size, kAccessible) == 0;
}

}  // namespace greenfiber::stack
