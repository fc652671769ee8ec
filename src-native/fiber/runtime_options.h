// How large stacks are, how many are kept, and which engine is tried first.
#pragma once

#include <cstddef>

namespace greenfiber::fiber {

struct RuntimeOptions {
  std::size_t stack_size = 256 * 1024;
  std::size_t stack_pool_size = 256;  // released stacks that keep their pages
  std::size_t max_stacks = 0;         // each with one of the smallest pages; 0: no limit
  std::size_t reservation = 0;        // address space for stacks
  bool prefer_locker = false;
};

// What V8's and Node's own C++ code may use below the limit at which JavaScript is told that its stack is
// full: compilers, module loaders and other addons run without checking (docs/stack-sizes.md).
inline constexpr std::size_t kHeadroom = 48 * 1024;

}  // namespace greenfiber::fiber
