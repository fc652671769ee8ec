// What the program's environment variables say.
#pragma once

#include <cstdlib>
#include <string_view>

namespace greenfiber::v8_state {

inline bool environment_is(const char* variable, std::string_view value) {
  const char* given = std::getenv(variable);
  return given != nullptr && given == value;
}

// A list with commas.
inline bool environment_lists(const char* variable, std::string_view value) {
  const char* given = std::getenv(variable);
  for (std::string_view rest = given == nullptr ? "" : given; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    if (rest.substr(0, comma) == value) return true;
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
  }
  return false;
}

}  // namespace greenfiber::v8_state
