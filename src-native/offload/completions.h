// Batches that were run, on their way back to the event loop: one wake-up for all that are there.
#pragma once

#include <sched.h>

#include <atomic>
#include <mutex>

#include "offload/work_queue.h"

namespace greenfiber::offload {

class Completions {
 public:
  using Wake = void (*)(void*);
  // `wake(argument)` makes the loop call take, soon and on its own thread; it is called on the pool's threads.
  Completions(Wake wake, void* argument) : wake_(wake), argument_(argument) {}

  BatchQueue& batches() { return batches_; }

  // By a thread of a pool.
  void add(moodycamel::ProducerToken& producer, Batch* batch) {
    batch->hand_over();
    // Somebody waits for it: should memory be out, it is tried again until there is some.
    while (!batches_.enqueue(producer, batch)) sched_yield();
    if (announced_.exchange(true, std::memory_order_acq_rel)) return;
    const std::scoped_lock lock(mutex_);
    if (wake_ != nullptr) wake_(argument_);
  }

  // By the loop's thread, before it calls take until that answers null: what comes later wakes it.
  void begin() { announced_.exchange(false, std::memory_order_acq_rel); }
  // Nobody need wake the loop's thread: it will call begin before it sleeps.
  void hold() { announced_.store(true, std::memory_order_release); }
  bool is_empty() const { return batches_.size_approx() == 0; }
  Batch* take() {
    Batch* batch = nullptr;
    if (!batches_.try_dequeue(batch)) return nullptr;
    batch->take_over();
    return batch;
  }

  // The loop goes away: nobody is woken any more.
  void close() {
    const std::scoped_lock lock(mutex_);
    wake_ = nullptr;
  }

 private:
  BatchQueue batches_;
  alignas(kCacheLine) std::atomic<bool> announced_ = false;
  std::mutex mutex_;
  Wake wake_;
  void* argument_;
};

}  // namespace greenfiber::offload
