#include "offload/library.h"

#include <dlfcn.h>

#include <string_view>

namespace greenfiber::offload {

namespace {

bool is_signature(std::string_view signature) {
  int buffers = 0;
  int integers = 0;
  int doubles = 0;
  std::size_t at = 0;
  for (; at < signature.size() && signature[at] != ':'; ++at) {
    switch (signature[at]) {
      case 'b':
        ++buffers;
        break;
      case 'i':
        ++integers;
        break;
      case 'd':
        ++doubles;
        break;
      default:
        return false;
    }
  }
  if (buffers > 1 || integers > GREENFIBER_MAX_INTEGERS || doubles > GREENFIBER_MAX_DOUBLES) {
    return false;
  }
  const std::string_view result = signature.substr(at);
  return result.empty() || result == ":i" || result == ":d";
}

Library refused(const char* code, std::string reason) {
  Library library;
  library.code = code;
  library.reason = std::move(reason);
  return library;
}

}  // namespace

Library read_table(const greenfiber_library& table, const std::string& path) {
  if (table.abi_version > GREENFIBER_ABI_VERSION || table.abi_version == 0) {
    return refused("ERR_OFFLOAD_ABI", "it was built for version " +
                                          std::to_string(table.abi_version) +
                                          " of the interface, and this greenfiber knows version " +
                                          std::to_string(GREENFIBER_ABI_VERSION));
  }
  Library library;
  for (std::uint32_t index = 0; index < table.count; ++index) {
    const greenfiber_export& entry = table.functions[index];
    if (entry.name == nullptr || entry.signature == nullptr || entry.function == nullptr) {
      return refused("ERR_OFFLOAD_LIBRARY",
                     "entry " + std::to_string(index) + " of greenfiber_exports is incomplete");
    }
    if (!is_signature(entry.signature)) {
      return refused("ERR_OFFLOAD_LIBRARY", std::string("the signature \"") + entry.signature +
                                                "\" of " + entry.name + " is none");
    }
    library.targets.push_back({entry.function, entry.name, entry.signature, path});
  }
  return library;
}

Library load_library(const std::string& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = dlerror();
    return refused("ERR_OFFLOAD_LIBRARY", reason != nullptr ? reason : "it cannot be loaded");
  }
  const void* table = dlsym(handle, "greenfiber_exports");
  Library library = table == nullptr
                        ? refused("ERR_OFFLOAD_LIBRARY",
                                  "it has no symbol greenfiber_exports: see GREENFIBER_EXPORTS in "
                                  "greenfiber.h")
                        : read_table(*static_cast<const greenfiber_library*>(table), path);
  if (library.code != nullptr) dlclose(handle);
  return library;
}

}  // namespace greenfiber::offload
