#include "v8_state/thread_locals.h"

#include <link.h>

namespace greenfiber::v8_state {

namespace {

int collect(dl_phdr_info* info, std::size_t, void* out) {
  auto* found = static_cast<std::vector<ThreadLocals>*>(out);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_TLS || info->dlpi_tls_data == nullptr) continue;
    auto begin = reinterpret_cast<std::uintptr_t>(info->dlpi_tls_data);
    found->push_back({begin, begin + header.p_memsz});
  }
  return 0;
}

}  // namespace

std::vector<ThreadLocals> thread_locals() {
  std::vector<ThreadLocals> found;
  dl_iterate_phdr(collect, &found);
  return found;
}

}  // namespace greenfiber::v8_state
