// The words for the enumerations of this folder.

#include "slot.h"
#include "statistics.h"

namespace greenfiber::stack {

const char* describe(Error error) {
  switch (error) {
    case Error::kNone:
      return "no error";
    case Error::kOutOfAddressSpace:
      return "no address space left for fiber stacks";
    case Error::kOutOfMemory:
      return "the system refused memory for fiber stacks";
    case Error::kLimit:
      return "the limit on the number of fiber stacks is reached";
    case Error::kTooLarge:
      return "a fiber stack cannot be larger than 16 MiB";
    case Error::kUnsupportedPageSize:
      return "fiber stacks need pages of 4, 16 or 64 KiB";
  }
  return "unknown error";
}

const char* describe(GuardKind kind) {
  switch (kind) {
    case GuardKind::kNone:
      return "none";
    case GuardKind::kMarker:
      return "marker";
    case GuardKind::kProtect:
      return "mprotect";
  }
  return "unknown";
}

}  // namespace greenfiber::stack
