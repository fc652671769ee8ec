#include "v8_state/memory_probe.h"

#include <pthread.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

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

bool MemoryProbe::read(const void* address, void* out, std::size_t bytes) {
  iovec local{out, bytes};
  iovec remote{const_cast<void*>(address), bytes};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
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
