#include "fiber/stack_keeper.h"

#include <malloc.h>

#include <new>

namespace greenfiber::fiber {

namespace {

// So many released stacks leave enough behind in malloc to look for it: V8 allocates three vectors for each.
constexpr std::size_t kWorthMallocTrim = 4096;

// Ticks that a fiber sleeps before the pages go that it used below: one that is continued now and then would
// pay for them again each time.
constexpr std::uint32_t kKeptDeep = 10;

stack::Options pool_options(const RuntimeOptions& options) {
  stack::Options result;
  result.default_stack_size = options.stack_size;
  result.pool_size = options.stack_pool_size;
  result.max_slots = options.max_stacks / (stack::page_size() / kSmallestPage);
  result.reservation = options.reservation;
  result.hot_page = kTopPages;
  return result;
}

// The kernel gets what malloc keeps of what was freed. Other C libraries see to that themselves.
void give_back_freed() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

// What live_low is asked on behalf of.
struct Look {
  const Fiber* running;
  std::uint32_t tick;
};

}  // namespace

StackKeeper::StackKeeper(v8::Isolate* isolate, const RuntimeOptions& options)
    : options_(options),
      pool_(std::make_unique<stack::Pool>(pool_options(options))),
      after_isolate_(isolate) {
  nobody_.state = State::kFinished;
  if (error() != stack::Error::kNone) return;
  pages_ = pool_->extent().low;
  page_count_ = static_cast<std::uint32_t>(pool_->extent().size() / kSmallestPage);
}

void StackKeeper::configure(std::size_t stack_size, std::size_t pool_size) {
  options_.stack_size = stack_size;
  options_.stack_pool_size = pool_size;
  pool_->set_pool_size(pool_size);
}

Fiber* StackKeeper::place(std::size_t stack_size, stack::Error& error) {
  if (stack_size == 0) stack_size = options_.stack_size;
  const stack::Acquired acquired = pool_->acquire(stack_size);
  error = acquired.error;
  if (!acquired) return nullptr;
  auto* fiber = new (StackPage::of(acquired.slot).fiber()) Fiber(acquired.slot);
  fiber->may_park = stack_size == options_.stack_size;
  ++alive_;
  return fiber;
}

void StackKeeper::release(Fiber& fiber) {
  const stack::Slot slot = fiber.slot;
  fiber.~Fiber();
  // For live_low; volatile, since for the compiler there is no object any more.
  *const_cast<std::byte* volatile*>(&fiber.slot.high) = nullptr;
  pool_->release(slot);
  --alive_;
  ++released_;
}

std::byte* StackKeeper::live_low(const void* look, stack::Slot slot) {
  const StackPage page = StackPage::of(slot);
  Fiber& fiber = *page.fiber();
  if (fiber.slot.high != slot.high) return page.page;  // released, or not begun
  const auto& [running, tick] = *static_cast<const Look*>(look);
  if (&fiber == running) return slot.low;
  if (fiber.found_deep == 0) fiber.found_deep = tick;
  if (tick - fiber.found_deep < kKeptDeep) return slot.low;
  return reinterpret_cast<std::byte*>(fiber.suspended);
}

std::uint32_t StackKeeper::tick() {
  ++tick_;
  return parked_count_ - (parked_low_water_ + 1) / 2;
}

bool StackKeeper::trim(const Fiber& running) {
  parked_low_water_ = parked_count_;
  const std::size_t warm = pool_->trim_idle();
  const Look look{&running, tick_};
  const bool sweeps = pool_->sweep({live_low, &look});
  // Once the burst is over: malloc keeps what is freed, in pieces too small to be given back one by one.
  if (released_ >= kWorthMallocTrim && released_ == released_before_) {
    give_back_freed();
    released_ = 0;
  }
  released_before_ = released_;
  return warm > 0 || sweeps || alive_ > 0 || released_ >= kWorthMallocTrim;
}

void StackKeeper::leave_to_isolate(bool stands_on_one) {
  if (alive_ == 0) return;
  stack::Pool* const pool = pool_.release();
  if (stands_on_one) return;
  after_isolate_.call([](void* left) { delete static_cast<stack::Pool*>(left); }, pool);
}

}  // namespace greenfiber::fiber
