#include <unistd.h>

#include "size_class.h"

namespace greenfiber::stack {

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace greenfiber::stack
