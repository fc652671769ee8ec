// Libraries of external functions: include/greenfiber.h.
#pragma once

#include <string>
#include <vector>

#include "offload/batch.h"

namespace greenfiber::offload {

struct Library {
  std::vector<Target> targets;
  // What is wrong with it, if anything: the name of a FiberErrorCode, and what the dynamic loader or we have to say.
  const char* code = nullptr;
  std::string reason;
};

// A library that was loaded stays loaded: its functions may run at any time.
Library load_library(const std::string& path);

// The functions that a table lists, or what is wrong with it.
Library read_table(const greenfiber_library& table, const std::string& path);

}  // namespace greenfiber::offload
