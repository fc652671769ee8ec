#include "offload/work_queue.h"

#include <sched.h>

#include <chrono>

#include "offload/pause.h"

namespace greenfiber::offload {

namespace {

// A thread that ran out of work looks for more for about as long as waking it would take: so one call after the
// other does not pay for a sleep, and an idle pool costs nothing.
constexpr std::chrono::microseconds kSpinning{40};
constexpr int kPausesPerLook = 32;

}  // namespace

int spare_processors() {
  static const int spare = [] {
    cpu_set_t allowed;
    return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) - 1 : 0;
  }();
  return spare;
}

bool WorkQueue::push(Batch* batch) {
  batch->hand_over();
  if (!batches_.enqueue(producer_, batch)) return false;
  events_.fetch_add(1, std::memory_order_seq_cst);
  wake_one();
  return true;
}

void WorkQueue::stop() {
  stopping_.store(true, std::memory_order_seq_cst);
  events_.fetch_add(1, std::memory_order_seq_cst);
  events_.notify_all();
}

Batch* WorkQueue::take(moodycamel::ConsumerToken& consumer) {
  for (;;) {
    const std::uint32_t seen = events_.load(std::memory_order_seq_cst);
    const bool stopping = stopping_.load(std::memory_order_seq_cst);
    if (Batch* batch = try_take(consumer)) {
      // Pushes that came while somebody spun woke nobody.
      if (batches_.size_approx() > 0) wake_one();
      return batch;
    }
    if (stopping) return nullptr;
    if (spin(seen)) continue;
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    events_.wait(seen, std::memory_order_seq_cst);
    sleepers_.fetch_sub(1, std::memory_order_seq_cst);
  }
}

Batch* WorkQueue::try_take(moodycamel::ConsumerToken& consumer) {
  Batch* batch = nullptr;
  if (!batches_.try_dequeue(consumer, batch)) return nullptr;
  batch->take_over();
  return batch;
}

// Who spins sees the push by himself, or, if he had just given up, when he compares `seen` before he sleeps.
void WorkQueue::wake_one() {
  if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
  if (spinners_.load(std::memory_order_seq_cst) == 0) events_.notify_one();
}

// Whether something has happened since `seen`. Only as many threads look for it as leave a processor to whoever pushes.
bool WorkQueue::spin(std::uint32_t seen) {
  const bool may = spinners_.fetch_add(1, std::memory_order_seq_cst) < spare_processors();
  const bool happened = may && spin_while(seen);
  spinners_.fetch_sub(1, std::memory_order_seq_cst);
  return happened;
}

bool WorkQueue::spin_while(std::uint32_t seen) const {
  const auto end = std::chrono::steady_clock::now() + kSpinning;
  do {
    for (int i = 0; i < kPausesPerLook; ++i) {
      if (events_.load(std::memory_order_acquire) != seen) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace greenfiber::offload
