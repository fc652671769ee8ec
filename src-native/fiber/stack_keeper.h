// The stacks of one runtime, each with the fiber that lies on it: where they come from, which ones are parked for the
// next body, which fiber a handle names, and when memory goes back.
//
// A stack is parked when its body has ended, and retired when nobody wants it any more. Only a switch to it can make it
// leave for good, so that is the runtime's; what it has left is released here.
#pragma once

#include <algorithm>
#include <memory>

#include "fiber/fiber.h"
#include "fiber/runtime_options.h"
#include "fiber/stack_page.h"
#include "stack/pool.h"
#include "v8_state/after_isolate.h"

namespace greenfiber::fiber {

class StackKeeper {
 public:
  StackKeeper(v8::Isolate* isolate, const RuntimeOptions& options);

  // Whether there is address space to work in.
  stack::Error error() const { return pool_->error(); }
  stack::Statistics statistics() const { return pool_->statistics(); }

  // The size of a new stack that nobody named one for.
  std::size_t stack_size() const { return options_.stack_size; }
  // For fibers started from now on. A change of size wants none to be parked.
  void configure(std::size_t stack_size, std::size_t pool_size);

  // Fibers that have a stack, with those that are parked.
  std::uint32_t alive() const { return alive_; }
  std::uint32_t parked() const { return parked_count_; }

  // A parked fiber with a stack of that size, 0 for the default one; null: there is none.
  Fiber* take_parked(std::size_t stack_size);
  // A fiber on a stack that nothing has run on. Null: *error says why.
  Fiber* place(std::size_t stack_size, stack::Error& error);
  bool may_park(const Fiber& fiber) const {
    return fiber.may_park && parked_count_ < std::min(kMaxParked, options_.stack_pool_size);
  }
  void park(Fiber& fiber);
  // Gives back the stack of a fiber that has left for good.
  void release(Fiber& fiber);

  // A handle is the number of the page that the fiber lies in; it is never shown to users.
  std::int32_t handle_of(const Fiber& fiber) const;
  // For a handle that is no live fiber's, one that is finished.
  Fiber& fiber_of(std::int32_t handle);
  // Has the processor load what continuing that fiber will touch first: itself and the frames that it sleeps in, which
  // lie where those of `running`, who asks, do if both sleep in the same call. Costs some nanoseconds, and saves the
  // waits for memory where they are in no cache.
  void fetch_ahead(std::int32_t handle, const Fiber& running) const;

  // Once in a while: begins a tick, and says how many stacks may stay parked of those that nobody needed in the last one.
  std::uint32_t tick();
  // Gives back memory that nobody needs any more, a bounded piece at a time. False: there is nothing left to look after.
  bool trim(const Fiber& running);

  // At the end of the environment: V8 may still look at stacks on which somebody sleeps. `stands_on_one`: so does who
  // calls, and under its own feet nothing can be unmapped; then the address space goes with the process.
  void leave_to_isolate(bool stands_on_one);

 private:
  static std::byte* live_low(const void* look, stack::Slot slot);
  StackPage page_of(std::int32_t handle) const {
    return {pages_ + static_cast<std::uint32_t>(handle) * kSmallestPage};
  }

  static constexpr std::size_t kMaxParked = 256;

  Fiber* parked_ = nullptr;
  std::uint32_t parked_count_ = 0;
  std::uint32_t parked_low_water_ = 0;  // the fewest parked since the last tick
  std::byte* pages_ = nullptr;          // where handles count from
  std::uint32_t page_count_ = 0;
  std::uint32_t alive_ = 0;
  RuntimeOptions options_;
  std::uint32_t tick_ = 0;
  std::size_t released_ = 0;         // stacks, since malloc was last trimmed
  std::size_t released_before_ = 0;  // the same at the last tick
  std::unique_ptr<stack::Pool> pool_;
  v8_state::AfterIsolate after_isolate_;
  Fiber nobody_;  // for handles that are nobody's
};

inline Fiber* StackKeeper::take_parked(std::size_t stack_size) {
  if (parked_ == nullptr || (stack_size != 0 && stack_size != options_.stack_size)) [[unlikely]]
    return nullptr;
  Fiber* fiber = parked_;
  parked_ = fiber->next_parked;
  if (--parked_count_ < parked_low_water_) parked_low_water_ = parked_count_;
  return fiber;
}

inline void StackKeeper::park(Fiber& fiber) {
  fiber.state = State::kParked;
  fiber.next_parked = parked_;
  parked_ = &fiber;
  ++parked_count_;
}

inline std::int32_t StackKeeper::handle_of(const Fiber& fiber) const {
  auto* at = reinterpret_cast<const std::byte*>(&fiber);
  return static_cast<std::int32_t>(static_cast<std::size_t>(at - pages_) / kSmallestPage);
}

[[gnu::always_inline]] inline Fiber& StackKeeper::fiber_of(std::int32_t handle) {
  if (static_cast<std::uint32_t>(handle) >= page_count_) [[unlikely]]
    return nobody_;
  const StackPage page = page_of(handle);
  Fiber& fiber = *page.fiber();
  return fiber.slot.high == page.page + kTopPages ? fiber : nobody_;
}

[[gnu::always_inline]] inline void StackKeeper::fetch_ahead(std::int32_t handle,
                                                            const Fiber& running) const {
  constexpr std::ptrdiff_t kLine = 64;
  constexpr std::ptrdiff_t kBelow = 3 * kLine;    // what the switch pushes
  constexpr std::ptrdiff_t kFrames = 14 * kLine;  // up to the caller in JavaScript
  const auto* here = static_cast<const std::byte*>(__builtin_frame_address(0));
  const std::ptrdiff_t depth = reinterpret_cast<const std::byte*>(&running) - here;
  const std::byte* fiber = reinterpret_cast<const std::byte*>(page_of(handle).fiber());
  for (std::ptrdiff_t at = 0; at < std::ptrdiff_t{sizeof(Fiber)}; at += kLine) {
    __builtin_prefetch(fiber + at, 1);
  }
  const std::ptrdiff_t low = std::min(depth + kBelow, std::ptrdiff_t{kStackInPage});
  const std::ptrdiff_t high = std::max(depth - kFrames, std::ptrdiff_t{0});
  for (std::ptrdiff_t at = low; at > high; at -= kLine) __builtin_prefetch(fiber - at, 1);
}

}  // namespace greenfiber::fiber
