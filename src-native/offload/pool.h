// Threads that run batches. Knows nothing of V8.
#pragma once

#include <pthread.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "offload/completions.h"
#include "offload/work_queue.h"

namespace greenfiber::offload {

class Pool {
 public:
  // Null: `failure` says why. `pin`: each thread stays on one processor of those that the process may use.
  static std::unique_ptr<Pool> start(std::uint32_t threads, bool pin,
                                     std::shared_ptr<Completions> completions,
                                     std::string& failure);
  // Must have stopped, or be abandoned.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // The batch belongs to the pool until it is among the completions. False, and it does not: memory is out.
  bool submit(Batch* batch) { return shared_->work.push(batch); }

  // Nothing more is submitted. Waits until the threads have run what was, and have ended; false: the time ran out.
  bool stop(std::chrono::milliseconds patience);
  // Leaves the threads to themselves. They may use their batches for ever.
  void abandon();
  // The functions that run now.
  std::vector<const Target*> running() const;

 private:
  struct Thread {
    alignas(kCacheLine) std::atomic<const Target*> running = nullptr;
    pthread_t handle;
  };
  // Kept by the threads too, so that it outlives an abandoned pool.
  struct Shared {
    Shared(std::uint32_t count, std::shared_ptr<Completions> completions)
        : threads(count), completions(std::move(completions)) {}
    WorkQueue work;
    std::vector<Thread> threads;
    std::shared_ptr<Completions> completions;
    std::atomic<std::uint32_t> alive = 0;
  };

  Pool(std::uint32_t count, std::shared_ptr<Completions> completions)
      : shared_(std::make_shared<Shared>(count, std::move(completions))) {}

  bool start_thread(std::uint32_t index, bool pin, std::string& failure);
  static void* thread_main(void* argument);
  static void run(Batch& batch, Thread& thread);

  std::shared_ptr<Shared> shared_;
  std::uint32_t started_ = 0;
};

}  // namespace greenfiber::offload
