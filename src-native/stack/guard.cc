#include "guard.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "advice.h"
#include "peek.h"
#include "size_class.h"

#if !defined(MADV_GUARD_INSTALL)
#define MADV_GUARD_INSTALL 102
#endif
#if !defined(MADV_GUARD_REMOVE)
#define MADV_GUARD_REMOVE 103
#endif

namespace greenfiber::stack {
namespace {

constexpr std::size_t kDefaultMaxMapCount = 65530;
constexpr std::size_t kMappingsPerGuard = 2;

std::size_t max_map_count() {
  const int file = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
  if (file < 0) return kDefaultMaxMapCount;
  char text[32] = {};
  const ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  return length > 0 ? std::strtoul(text, nullptr, 10) : kDefaultMaxMapCount;
}

// Lines of /proc/self/maps; the limit when it cannot be read, so that no guards are made blindly.
std::size_t mappings_in_use(std::size_t if_unknown) {
  const int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0) return if_unknown;
  std::size_t lines = 0;
  char text[4096];
  for (ssize_t length; (length = read(file, text, sizeof text)) > 0;) {
    for (ssize_t i = 0; i < length; ++i) lines += text[i] == '\n';
  }
  close(file);
  return lines;
}

// Tried on a page of its own, which could be read before.
bool kernel_has_markers() {
  void* const page =
      mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  const bool works = is_readable(page) && madvise(page, page_size(), MADV_GUARD_INSTALL) == 0 &&
                     !is_readable(page);
  munmap(page, page_size());
  return works;
}

}  // namespace

bool ProtectBudget::take() {
  if (left_ == 0) refill();
  if (left_ == 0) return false;
  --left_;
  return true;
}

void ProtectBudget::close() {
  left_ = 0;
  closed_ = true;
}

void ProtectBudget::refill() {
  if (closed_) return;
  const std::size_t limit = max_map_count();
  const std::size_t in_use = mappings_in_use(limit);
  const std::size_t free = in_use < limit ? limit - in_use : 0;
  if (free > limit / 4) left_ = free / 8 / kMappingsPerGuard;
  if (left_ == 0) closed_ = true;
}

Guard::Guard(Extent extent, std::size_t guard_bytes, bool allow_markers)
    : guard_bytes_(guard_bytes), kind_(GuardKind::kProtect) {
  if (guard_bytes == 0 || extent.size() == 0) {
    kind_ = GuardKind::kNone;
  } else if (allow_markers && kernel_has_markers()) {
    kind_ = GuardKind::kMarker;
  }
}

void Guard::install(std::byte* start, std::size_t stride, std::size_t count, bool& vectored) {
  switch (kind_) {
    case GuardKind::kNone:
      return;
    case GuardKind::kMarker:
      return install_markers(start, stride, count, vectored);
    case GuardKind::kProtect:
      return protect(start, stride, count);
  }
}

void Guard::install_markers(std::byte* start, std::size_t stride, std::size_t count,
                            bool& vectored) {
  AdviceBatch batch(MADV_GUARD_INSTALL, vectored);
  for (std::size_t i = 0; i < count; ++i) batch.add(start + i * stride, guard_bytes_);
  guarded_ += batch.finish().bytes / guard_bytes_;
}

bool Guard::remove_markers(std::byte* start, std::size_t size, std::size_t slots) {
  if (kind_ != GuardKind::kMarker || madvise(start, size, MADV_GUARD_REMOVE) != 0) return false;
  guarded_ -= slots;
  madvise(start, size, MADV_DONTNEED);
  return true;
}

void Guard::protect(std::byte* start, std::size_t stride, std::size_t count) {
  for (std::size_t i = 0; i < count && budget_.take(); ++i) {
    if (mprotect(start + i * stride, guard_bytes_, PROT_NONE) != 0) return budget_.close();
    guarded_ += 1;
  }
}

}  // namespace greenfiber::stack
