#include "peek.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "size_class.h"

namespace greenfiber::stack {

bool read_through_pipe(const void* address, void* out, std::size_t bytes) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  const auto* from = static_cast<const std::byte*>(address);
  auto* to = static_cast<std::byte*>(out);
  while (bytes > 0) {
    const auto piece = static_cast<ssize_t>(std::min(bytes, kSmallestPage));
    if (write(ends[1], from, static_cast<std::size_t>(piece)) != piece ||
        read(ends[0], to, static_cast<std::size_t>(piece)) != piece) {
      break;
    }
    from += piece;
    to += piece;
    bytes -= static_cast<std::size_t>(piece);
  }
  close(ends[0]);
  close(ends[1]);
  return bytes == 0;
}

bool is_readable(const void* address) {
  std::byte byte;
  return read_through_pipe(address, &byte, 1);
}

}  // namespace greenfiber::stack
