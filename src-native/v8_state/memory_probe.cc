#include "v8_state/memory_probe.h"

#include <pthread.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "stack/peek.h"
#include "stack/size_class.h"

namespace greenfiber::v8_state {

MemoryProbe::MemoryProbe() {
  std::FILE* maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) return;
  char line[512];
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    unsigned long begin, end;
    char permissions[5];
    if (std::sscanf(line, "%lx-%lx %4s", &begin, &end, permissions) != 3) continue;
    if (permissions[0] != 'r' || permissions[1] != 'w') continue;
    if (!writable_.empty() && writable_.back().end == begin) {
      writable_.back().end = end;
    } else {
      writable_.push_back({begin, end});
    }
  }
  std::fclose(maps);
}

namespace {

// The C library asks the kernel at each call.
pid_t own_process() {
  static const pid_t id = getpid();
  return id;
}

constexpr std::size_t kMostAtOnce = 512;  // the kernel takes twice as many
constexpr std::uintptr_t kPage = stack::kSmallestPage;

// Some sandboxes (a container's filter of system calls, an emulator) have no process_vm_readv.
bool is_refused() { return errno == ENOSYS || errno == EPERM; }

}  // namespace

bool MemoryProbe::read(const void* address, void* out, std::size_t bytes) {
  iovec local{out, bytes};
  iovec remote{const_cast<void*>(address), bytes};
  const ssize_t read = process_vm_readv(own_process(), &local, 1, &remote, 1, 0);
  if (read < 0 && is_refused()) [[unlikely]]
    return stack::read_through_pipe(address, out, bytes);
  return read == static_cast<ssize_t>(bytes);
}

std::vector<std::uintptr_t> MemoryProbe::read_words(const void* address, std::size_t most) {
  std::vector<std::uintptr_t> words(most);
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  std::size_t count = 0;
  while (count < most) {
    const std::uintptr_t at = begin + count * sizeof(std::uintptr_t);
    const std::size_t in_page = (kPage - at % kPage) / sizeof(std::uintptr_t);
    const std::size_t wanted = std::min(in_page, most - count);
    if (wanted == 0 ||
        !read(reinterpret_cast<void*>(at), &words[count], wanted * sizeof(std::uintptr_t))) {
      break;
    }
    count += wanted;
  }
  words.resize(count);
  return words;
}

std::size_t MemoryProbe::read_run(const std::vector<std::uintptr_t>& addresses, std::size_t first,
                                  std::size_t most, std::size_t bytes, std::byte* out) {
  std::array<iovec, kMostAtOnce> remote;
  const std::size_t count = std::min({addresses.size() - first, most, kMostAtOnce});
  for (std::size_t i = 0; i < count; ++i) {
    remote[i] = {reinterpret_cast<void*>(addresses[first + i]), bytes};
  }
  iovec local{out, count * bytes};
  const ssize_t read = process_vm_readv(own_process(), &local, 1, remote.data(), count, 0);
  if (read < 0 && is_refused()) [[unlikely]]
    return stack::read_through_pipe(remote[0].iov_base, out, bytes) ? 1 : 0;
  return read <= 0 ? 0 : static_cast<std::size_t>(read) / bytes;
}

bool MemoryProbe::looks_like_pointer(std::uintptr_t word) const {
  return (word & 7) == 0 && bytes_to_mapping_end(word) != 0;
}

std::size_t MemoryProbe::bytes_to_mapping_end(std::uintptr_t word) const {
  auto after = std::upper_bound(writable_.begin(), writable_.end(), word,
                                [](std::uintptr_t w, const Range& r) { return w < r.begin; });
  if (after == writable_.begin()) return 0;
  const Range& range = *(after - 1);
  return word < range.end ? range.end - word : 0;
}

StackExtent current_thread_stack() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {0, 0};
  void* low = nullptr;
  std::size_t size = 0;
  int failed = pthread_attr_getstack(&attributes, &low, &size);
  pthread_attr_destroy(&attributes);
  if (failed != 0) return {0, 0};
  auto begin = reinterpret_cast<std::uintptr_t>(low);
  return {begin, begin + size};
}

}  // namespace greenfiber::v8_state
