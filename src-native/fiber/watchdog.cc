#include "fiber/watchdog.h"

#include <csignal>

#include <algorithm>
#include <chrono>

namespace greenfiber::fiber {

namespace {

Nanoseconds time_of(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return Nanoseconds{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Explicit, since it is anybody's guess otherwise: V8 only takes a mutex on it.
constexpr std::size_t kStackBytes = 256 * 1024;

}  // namespace

Nanoseconds processor_time() { return time_of(CLOCK_THREAD_CPUTIME_ID); }
Nanoseconds monotonic_time() { return time_of(CLOCK_MONOTONIC); }

std::unique_ptr<Watchdog> Watchdog::start(const Watched& watched) {
  std::unique_ptr<Watchdog> watchdog(new Watchdog(watched));
  if (pthread_getcpuclockid(pthread_self(), &watchdog->clock_) != 0) return nullptr;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the program's threads
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  const int failed = pthread_create(&watchdog->thread_, &attributes, thread_main, watchdog.get());
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failed == 0) return watchdog;
  watchdog->thread_ = {};
  return nullptr;
}

Watchdog::~Watchdog() {
  if (thread_ == pthread_t{}) return;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  woken_.notify_one();
  pthread_join(thread_, nullptr);
}

void* Watchdog::thread_main(void* self) {
  pthread_setname_np(pthread_self(), "fiber-watchdog");
  static_cast<Watchdog*>(self)->run();
  return nullptr;
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  int idle = 0;
  while (!stop_) {
    if (idle == kLinger) {
      // In this order, as open() counts first and then asks: one of us sees the other.
      asleep_ = true;
      woken_.wait(lock, [this] { return stop_ || open_ != 0 || lookout_ != nullptr; });
      asleep_ = false;
      idle = 0;
    }
    woken_.wait_for(lock, std::chrono::nanoseconds(tick()), [this] { return stop_; });
    if (open_ == 0 && lookout_ == nullptr) {
      ++idle;
      continue;
    }
    idle = 0;
    if (!stop_) look();
  }
}

void Watchdog::look() {
  const Nanoseconds used = time_of(clock_);
  // Even if another interrupt is still to be served: under the locker engine that may wait for a thread of V8's.
  if (lookout_ != nullptr && lookout_->is_due()) return interrupt(used);
  if (open_ == 0) return;
  const Nanoseconds since = used - used_.load(std::memory_order_relaxed);
  // Nothing runs that could be interrupted, or it is still to be.
  if (since < tick() / 2) return;
  if (pending_) return;
  interrupt(used);
}

void Watchdog::interrupt(Nanoseconds used) {
  used_ = used;
  // The other thread writes it at every switch, and asks nobody: what is read is somebody who ran about now.
  running_ = __atomic_load_n(&watched_.running, __ATOMIC_RELAXED);
  pending_ = true;
  watched_.isolate->RequestInterrupt(watched_.on_interrupt, nullptr);
}

void Watchdog::served() {
  used_ = processor_time();
  pending_ = false;
}

void Watchdog::set_lookout(Lookout* lookout, Nanoseconds precision) {
  const std::lock_guard lock(mutex_);
  lookout_ = lookout;
  idle_tick_ =
      lookout == nullptr ? kLongestTick : std::clamp(precision, kShortestTick, kLongestTick);
  if (open_ == 0 || idle_tick_ < tick()) tick_.store(idle_tick_, std::memory_order_relaxed);
  woken_.notify_one();
}

void Watchdog::be_as_fast_as(Nanoseconds precision) {
  tick_.store(std::max(precision, kShortestTick), std::memory_order_relaxed);
}

void Watchdog::wake() {
  const std::lock_guard lock(mutex_);
  woken_.notify_one();
}

}  // namespace greenfiber::fiber
