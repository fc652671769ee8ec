#include "v8_state/engine_flags.h"

#include <link.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "v8_state/v8_version.h"

namespace greenfiber::v8_state {

namespace {

// All of them are on unless we, or the command line, turn them off.
std::vector<const char*> unwanted() {
  std::vector<const char*> names = {"wasm-code-gc", "move-object-start"};
  if constexpr (kHasFastApiCalls) names.push_back("turbo-fast-api-calls");
  if constexpr (kHasUnsoundWasmWrapper) names.push_back("wasm-to-js-generic-wrapper");
  return names;
}

void set_by_name(const char* name, bool on) {
  v8::V8::SetFlagsFromString((std::string(on ? "--" : "--no-") + name).c_str());
}

// The writable memory of the module that V8 is part of: its flags are static variables there.
struct Statics {
  std::uint8_t* begin = nullptr;
  std::size_t size = 0;

  static Statics of_v8() {
    Statics found;
    dl_iterate_phdr(look_into, &found);
    return found;
  }

 private:
  static int look_into(dl_phdr_info* info, std::size_t, void* out) {
    const auto code = reinterpret_cast<std::uintptr_t>(&v8::V8::GetVersion);
    Statics writable;
    bool is_v8 = false;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const ElfW(Phdr)& header = info->dlpi_phdr[i];
      if (header.p_type != PT_LOAD) continue;
      const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
      if (code >= begin && code < begin + header.p_memsz) is_v8 = true;
      if ((header.p_flags & PF_W) == 0) continue;
      writable = {reinterpret_cast<std::uint8_t*>(begin), header.p_memsz};
    }
    if (!is_v8) return 0;
    *static_cast<Statics*>(out) = writable;
    return 1;
  }
};

// The byte that is 1 when the flag is on and 0 when it is off, each time; null: it is not the only one. Leaves it on.
std::uint8_t* find_flag(const Statics& statics, const char* name, std::vector<std::uint8_t>& copy) {
  set_by_name(name, false);
  copy.assign(statics.begin, statics.begin + statics.size);
  set_by_name(name, true);
  std::vector<std::uint8_t*> candidates;
  for (std::size_t i = 0; i < statics.size; ++i) {
    if (copy[i] == 0 && statics.begin[i] == 1) candidates.push_back(statics.begin + i);
  }
  for (const bool on : {false, true}) {
    set_by_name(name, on);
    std::erase_if(candidates, [&](const std::uint8_t* byte) { return *byte != (on ? 1 : 0); });
  }
  return candidates.size() == 1 ? candidates.front() : nullptr;
}

// V8 accepts compiled code from a cache, that of Node's own modules above all, only if a hash of all flags is what it was.
// None of ours changes what the cache holds. So the hash is taken while they are on, and they are turned off behind its
// back; where that is not understood they are turned off by name, and what is loaded later is compiled anew.
void turn_all_off() {
  const Statics statics = Statics::of_v8();
  const std::uint32_t tag = v8::ScriptCompiler::CachedDataVersionTag();
  std::vector<std::uint8_t> copy;
  std::vector<const char*> found_on;
  std::vector<std::uint8_t*> flags;
  for (const char* name : unwanted()) {
    set_by_name(name, false);
    if (v8::ScriptCompiler::CachedDataVersionTag() == tag) continue;  // it was off
    std::uint8_t* const flag = find_flag(statics, name, copy);
    found_on.push_back(name);
    if (flag != nullptr) flags.push_back(flag);
  }
  if (flags.size() == found_on.size() && v8::ScriptCompiler::CachedDataVersionTag() == tag) {
    for (std::uint8_t* flag : flags) std::atomic_ref<std::uint8_t>(*flag).store(0);
  } else {
    for (const char* name : found_on) set_by_name(name, false);
  }
}

}  // namespace

void set_engine_flags(v8::Isolate* isolate) {
  static std::once_flag once;
  std::call_once(once, turn_all_off);
  if constexpr (kHasFastApiCalls) deoptimize_all(isolate);
}

void deoptimize_all(v8::Isolate* isolate) {
  // Optimised code assumes a locale, so V8 waits for its compile jobs and throws all of it away.
  isolate->LocaleConfigurationChangeNotification();
}

}  // namespace greenfiber::v8_state
