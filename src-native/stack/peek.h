// Memory that may not be there, read through a pipe: the kernel refuses to fetch from where nothing can be read, and
// nobody gets a signal.

#pragma once

#include <cstddef>

namespace greenfiber::stack {

// Copies `bytes` from `address`. False: some of them cannot be read, or there are no descriptors left for a pipe.
[[nodiscard]] bool read_through_pipe(const void* address, void* out, std::size_t bytes);

// Whether the byte there can be read; also false when it could not be found out.
[[nodiscard]] bool is_readable(const void* address);

}  // namespace greenfiber::stack
