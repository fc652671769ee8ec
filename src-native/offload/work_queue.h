// Where the threads of a pool get their batches: a lock-free queue, and a place to sleep while it is empty.
#pragma once

#include <concurrentqueue/concurrentqueue.h>

#include <atomic>
#include <cstdint>

#include "offload/batch.h"

namespace greenfiber::offload {

using BatchQueue = moodycamel::ConcurrentQueue<Batch*>;

// Processors that this process may use, but for one. Who waits may spin only while there is one: on a single
// processor he would keep the others from what he waits for.
int spare_processors();

class WorkQueue {
 public:
  WorkQueue() : producer_(batches_) {}

  // By one thread. False: memory is out.
  bool push(Batch* batch);
  // By the same. Who is in take, or comes later, gets what is left and then null.
  void stop();
  // Sleeps while there is nothing.
  Batch* take(moodycamel::ConsumerToken& consumer);

  BatchQueue& batches() { return batches_; }

 private:
  Batch* try_take(moodycamel::ConsumerToken& consumer);
  void wake_one();
  bool spin(std::uint32_t seen);
  bool spin_while(std::uint32_t seen) const;

  BatchQueue batches_;
  moodycamel::ProducerToken producer_;
  // An event count: grows with every push, so that nobody falls asleep over one.
  alignas(kCacheLine) std::atomic<std::uint32_t> events_ = 0;
  alignas(kCacheLine) std::atomic<std::uint32_t> sleepers_ = 0;
  std::atomic<int> spinners_ = 0;
  std::atomic<bool> stopping_ = false;
};

}  // namespace greenfiber::offload
