// What lies where in a fiber's slot. The top of the stack, the fiber itself and the first handles share one
// page, so a fiber asleep near the bottom of its stack costs one page:
//
//   slot.low                                                                          slot.high
//   | ............ stack <--- grows down | Fiber | handle block (V8's first, 8,176 bytes)   |
//                        |  kStackInPage |       | 16 handles |                            |
//                        |<------- one page, 4 KiB ---------->|<-- two pages, rarely used -->|
//
// Where the kernel's pages are larger, all of it lies in one or two of them.
#pragma once

#include "fiber/fiber.h"
#include "stack/size_class.h"
#include "v8_state/layout.h"

namespace greenfiber::fiber {

using stack::kSmallestPage;
inline constexpr std::size_t kHandlesInPage = 16 * sizeof(Word);
inline constexpr std::size_t kFiberSize = (sizeof(Fiber) + 15) & ~std::size_t{15};
inline constexpr std::size_t kStackInPage =
    (kSmallestPage - kFiberSize - kHandlesInPage) & ~std::size_t{15};
inline constexpr std::size_t kTopPages = 3 * kSmallestPage;

// A JavaScript fiber suspended in yield uses 1,056 to 1,664 bytes of stack, a task in a blocking call some 2,600.
static_assert(kStackInPage >= 2912);
static_assert(kStackInPage + kFiberSize + v8_state::kHandleBlockSize <= kTopPages);

struct StackPage {
  std::byte* page;

  static StackPage of(stack::Slot slot) { return {slot.high - kTopPages}; }
  std::byte* stack_top() const { return page + kStackInPage; }
  Fiber* fiber() const { return reinterpret_cast<Fiber*>(stack_top()); }
  std::byte* handles() const { return stack_top() + kFiberSize; }
};

}  // namespace greenfiber::fiber
