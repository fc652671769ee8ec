// Where the threads of a pool get their batches: a lock-free queue, and a place to sleep while it is empty.
#pragma once

#include <concurrentqueue/concurrentqueue.h>

#include <atomic>
#include <cstdint>

#include "offload/batch.h"

namespace greenfiber::offload {

using BatchQueue = moodycamel::ConcurrentQueue<Batch*>;

// Whether somebody else can make progress meanwhile: not on a single processor.
bool is_worth_spinning();

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
  bool spin(std::uint32_t seen) const;

  BatchQueue batches_;
  moodycamel::ProducerToken producer_;
  // An event count: grows with every push, so that nobody falls asleep over one.
  alignas(kCacheLine) std::atomic<std::uint32_t> events_ = 0;
  alignas(kCacheLine) std::atomic<std::uint32_t> sleepers_ = 0;
  std::atomic<bool> stopping_ = false;
};

}  // namespace greenfiber::offload
