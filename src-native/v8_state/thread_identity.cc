#include "v8_state/thread_identity.h"

#include <dlfcn.h>
#include <link.h>

#include <vector>

#include "v8_state/memory_probe.h"

namespace greenfiber::v8_state {

namespace {

struct Block {
  std::uintptr_t begin, end;
};

int collect_tls_block(dl_phdr_info* info, std::size_t, void* out) {
  auto* blocks = static_cast<std::vector<Block>*>(out);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_TLS || info->dlpi_tls_data == nullptr) continue;
    auto begin = reinterpret_cast<std::uintptr_t>(info->dlpi_tls_data);
    blocks->push_back({begin, begin + header.p_memsz});
  }
  return 0;
}

// Ids are small and positive; nothing else may be disturbed even for a moment.
constexpr std::int32_t kLargestThreadId = 1'000'000;
constexpr std::int32_t kOtherThread = 0x20000000;

bool is_thread_id(v8::Isolate* isolate, volatile std::int32_t* word) {
  const std::int32_t value = *word;
  if (value <= 0 || value > kLargestThreadId) return false;
  *word = value ^ kOtherThread;
  const bool locked = v8::Locker::IsLocked(isolate);
  *word = value;
  return !locked;
}

}  // namespace

std::string find_thread_identity(v8::Isolate* isolate, ThreadIdentity& identity) {
  if (!v8::Locker::IsLocked(isolate)) return "a v8::Locker held by this thread";
  std::vector<Block> blocks;
  dl_iterate_phdr(collect_tls_block, &blocks);
  for (const Block& block : blocks) {
    for (std::uintptr_t at = (block.begin + 3) & ~std::uintptr_t{3}; at + 4 <= block.end; at += 4) {
      auto* word = reinterpret_cast<std::int32_t*>(at);
      if (!is_thread_id(isolate, word)) continue;
      identity.thread_id = word;
      break;
    }
    if (identity.thread_id != nullptr) break;
  }
  if (identity.thread_id == nullptr) return "V8's thread id in thread-local storage";

  using GetStackStart = void* (*)();
  auto get_stack_start =
      reinterpret_cast<GetStackStart>(dlsym(RTLD_DEFAULT, "_ZN2v84base5Stack13GetStackStartEv"));
  if (get_stack_start == nullptr) return "v8::base::Stack::GetStackStart";
  const auto start = reinterpret_cast<Word>(get_stack_start());
  for (const Block& block : blocks) {
    for (std::uintptr_t at = (block.begin + 7) & ~std::uintptr_t{7}; at + 8 <= block.end; at += 8) {
      auto* word = reinterpret_cast<volatile Word*>(at);
      if (*word != start) continue;
      *word = start - sizeof(Word);
      const bool follows = reinterpret_cast<Word>(get_stack_start()) == start - sizeof(Word);
      *word = start;
      if (follows) identity.stack_start = reinterpret_cast<Word*>(at);
    }
  }
  return "";
}

}  // namespace greenfiber::v8_state
