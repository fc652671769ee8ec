// The thread that looks after the one that runs JavaScript: while it is needed it has V8 interrupt what runs, so
// often, and tells how much of the processor that thread has used. It decides nothing.
#pragma once

#include <pthread.h>
#include <v8.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <memory>
#include <mutex>

namespace greenfiber::fiber {

struct Fiber;

using Nanoseconds = std::int64_t;

// Of the calling thread.
Nanoseconds processor_time();
// Of a clock that goes on whatever the thread does.
Nanoseconds monotonic_time();

class Watchdog {
 public:
  // What was when the interrupt was asked for that is being served.
  struct Request {
    Nanoseconds used = 0;
    const Fiber* running = nullptr;  // to be compared, never to be followed
  };
  struct Watched {
    v8::Isolate* isolate;
    Fiber* const& running;
    // Called on the thread of the isolate, and perhaps once more after the watchdog is gone.
    v8::InterruptCallback on_interrupt;
  };

  // Who knows by other signs than processor time when to interrupt.
  class Lookout {
   public:
    // Asked on the watchdog's thread, at every tick.
    virtual bool is_due() = 0;

   protected:
    ~Lookout() = default;
  };

  // Of the calling thread. Null: the thread cannot be started.
  static std::unique_ptr<Watchdog> start(const Watched& watched);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // From now on there is one more, or less, to look after, `precision` being how well. It sleeps when there is none.
  void open(Nanoseconds precision) {
    if (precision < tick_.load(std::memory_order_relaxed)) be_as_fast_as(precision);
    ++open_;
    if (asleep_) [[unlikely]]
      wake();
  }
  void close() {
    if (--open_ == 0) tick_.store(idle_tick_, std::memory_order_relaxed);
  }
  // From now on `lookout` is asked, so often; null: nobody is.
  void set_lookout(Lookout* lookout, Nanoseconds precision);
  // What has to be done could not be done now.
  void hurry() { tick_.store(kShortestTick, std::memory_order_relaxed); }

  // In the interrupt.
  Request request() const { return {used_, running_}; }
  // At its end: the next one may be asked for, a while later. V8 serves whatever it is asked for meanwhile before it goes
  // on with the program.
  void served();
  // The processor time between two interrupts, about.
  Nanoseconds tick() const { return tick_.load(std::memory_order_relaxed); }

 private:
  static constexpr Nanoseconds kShortestTick = 1'000'000, kLongestTick = 10'000'000;
  // Ticks without anything to look after until it sleeps: waking it costs more than a short limit may.
  static constexpr int kLinger = 100;

  explicit Watchdog(const Watched& watched) : watched_(watched) {}
  static void* thread_main(void* self);
  void run();
  void look();
  void interrupt(Nanoseconds used);
  void be_as_fast_as(Nanoseconds precision);
  void wake();

  Watched watched_;
  clockid_t clock_ = 0;
  pthread_t thread_ = {};
  std::mutex mutex_;
  std::condition_variable woken_;
  bool stop_ = false;
  Lookout* lookout_ = nullptr;            // guarded by the mutex
  Nanoseconds idle_tick_ = kLongestTick;  // while no limit is open
  std::atomic<int> open_ = 0;
  std::atomic<bool> asleep_ = false;
  std::atomic<Nanoseconds> tick_ = kLongestTick;
  std::atomic<bool> pending_ = false;
  std::atomic<Nanoseconds> used_ = 0;  // when an interrupt was last asked for, or served
  std::atomic<const Fiber*> running_ = nullptr;
};

}  // namespace greenfiber::fiber
