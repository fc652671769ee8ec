// Tasks that hold the thread for too long, found while they do.
//
// TypeScript counts the switches between tasks in memory that the watchdog reads (lib/scheduler/slow-tasks.ts). Where the
// number stays the same for too long, what runs is interrupted, and its stack is taken as text, without JavaScript: that
// is told at the next switch, and stderr at once, if it is to be.
#pragma once

#include <v8.h>

#include <atomic>
#include <memory>
#include <string>

#include "fiber/runtime.h"
#include "fiber/watchdog.h"

namespace greenfiber::fiber {

class SlowTasks final : public Watchdog::Lookout {
 public:
  // What lies where in the memory that is shared, all numbers: see lib/scheduler/slow-tasks.ts.
  enum Slot {
    kSwitches,
    kTask,      // the id of who runs; 0: nobody's task
    kReported,  // not 0: there are frames to be taken
    kHeld,      // for how many milliseconds it has held the thread, when they are taken
  };
  struct Watched {
    std::shared_ptr<v8::BackingStore> memory;
    v8::Local<v8::Array> name;  // its first element is that of who runs, if it has one
    Nanoseconds threshold;
    bool writes;  // to stderr, in the interrupt
  };

  SlowTasks(Runtime& runtime, Watchdog& watchdog);

  void watch(const Watched& watched);
  void stop();
  // In the interrupt.
  void look();
  // Of the last report.
  const std::string& take_frames();
  bool is_due() override;

 private:
  double load(Slot slot) const;
  void store(Slot slot, double value);
  void write(Nanoseconds held) const;

  Runtime& runtime_;
  Watchdog& watchdog_;
  std::string own_folder_;
  std::shared_ptr<v8::BackingStore> memory_;
  v8::Global<v8::Array> name_;
  Nanoseconds threshold_ = 0;
  bool writes_ = false;
  // Of the watchdog's thread.
  double seen_ = -1;
  Nanoseconds since_ = 0;
  bool asked_ = false;
  // From there to the interrupt.
  std::atomic<double> due_ = -1;
  std::atomic<Nanoseconds> due_since_ = 0;
  std::string frames_;
  Nanoseconds held_since_ = 0;
};

}  // namespace greenfiber::fiber
