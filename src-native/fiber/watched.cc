// What the watchdog's interrupt serves, once it is asked for.
#include "fiber/cpu_limits.h"
#include "fiber/runtime.h"
#include "fiber/slow_tasks.h"
#include "fiber/watchdog.h"

namespace greenfiber::fiber {

Watchdog* Runtime::watchdog() {
  if (watchdog_ == nullptr) watchdog_ = Watchdog::start({isolate_, running_, on_interrupt});
  return watchdog_.get();
}

CpuLimits* Runtime::cpu_limits() {
  if (cpu_limits_ == nullptr && watchdog() != nullptr) {
    cpu_limits_ = std::make_unique<CpuLimits>(*this, *watchdog_);
  }
  return cpu_limits_.get();
}

SlowTasks* Runtime::slow_tasks() {
  if (slow_tasks_ == nullptr && watchdog() != nullptr) {
    slow_tasks_ = std::make_unique<SlowTasks>(*this, *watchdog_);
  }
  return slow_tasks_.get();
}

void Runtime::on_interrupt(v8::Isolate*, void*) {
  Runtime* const self = current();
  if (self == nullptr || self->watchdog_ == nullptr) return;
  if (self->slow_tasks_ != nullptr) self->slow_tasks_->look();
  if (self->cpu_limits_ != nullptr) self->cpu_limits_->sample();
  self->watchdog_->served();
}

}  // namespace greenfiber::fiber
