#include "advice.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace greenfiber::stack {
namespace {

#if defined(SYS_process_madvise)
constexpr long kProcessMadvise = SYS_process_madvise;
#else
constexpr long kProcessMadvise = 440;  // the same number on every architecture
#endif

// From linux/pidfd.h: whoever makes the call. Unlike a descriptor from pidfd_open it needs no
// closing and still means the right process after fork().
constexpr int kPidfdSelf = -10000;

}  // namespace

void AdviceBatch::add(std::byte* start, std::size_t size) {
  if (count_ > 0) {
    iovec& last = ranges_[count_ - 1];
    auto* const last_start = static_cast<std::byte*>(last.iov_base);
    if (last_start + last.iov_len == start) {
      last.iov_len += size;
      return;
    }
    if (start + size == last_start) {
      last = {start, last.iov_len + size};
      return;
    }
  }
  if (count_ == kMaxRanges) flush();
  ranges_[count_++] = {start, size};
}

AdviceBatch::Outcome AdviceBatch::finish() {
  flush();
  return outcome_;
}

void AdviceBatch::flush() {
  std::size_t done = 0;  // ranges that need nothing more
  const bool try_vector = vectored_ && count_ > 1;
  if (try_vector) {
    const long advised = syscall(kProcessMadvise, kPidfdSelf, ranges_, count_, advice_, 0);
    outcome_.calls += 1;
    // Less than everything means that the range behind it was refused.
    std::size_t left = advised < 0 ? 0 : static_cast<std::size_t>(advised);
    for (; done < count_ && left >= ranges_[done].iov_len; ++done) {
      left -= ranges_[done].iov_len;
      outcome_.bytes += ranges_[done].iov_len;
    }
  }
  if (fallback_ == Fallback::kNone && done < count_) {
    outcome_.complete = false;
    count_ = 0;
    return;
  }
  const std::size_t first_left = done;
  for (; done < count_; ++done) {
    const iovec& range = ranges_[done];
    outcome_.calls += 1;
    if (madvise(range.iov_base, range.iov_len, advice_) != 0) {
      outcome_.complete = false;
      continue;
    }
    outcome_.bytes += range.iov_len;
    // What madvise accepts and process_madvise did not: there is no use in trying that again.
    if (try_vector && done == first_left) vectored_ = false;
  }
  count_ = 0;
}

}  // namespace greenfiber::stack
