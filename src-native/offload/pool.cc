#include "offload/pool.h"

#include <sched.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <ctime>

#include "offload/crash_report.h"

namespace greenfiber::offload {

namespace {

// Of those that the process may use, the one for thread `index`.
cpu_set_t one_processor(std::uint32_t index) {
  cpu_set_t allowed;
  cpu_set_t one;
  CPU_ZERO(&one);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) CPU_ZERO(&allowed);
  const int count = CPU_COUNT(&allowed);
  if (count == 0) return one;
  int skip = static_cast<int>(index % static_cast<std::uint32_t>(count));
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(processor, &allowed) && skip-- == 0) CPU_SET(processor, &one);
  }
  return one;
}

// Signals of the process are the business of Node's own threads; those of a fault stay with who makes it.
void block_signals(sigset_t* before) {
  sigset_t all;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) {
    sigdelset(&all, fault);
  }
  pthread_sigmask(SIG_SETMASK, &all, before);
}

// What glibc gives a thread by default; elsewhere the default is 128 KiB, or what somebody has set.
constexpr std::size_t kStackBytes = std::size_t{8} << 20;

struct Start {
  std::shared_ptr<void> shared;
  std::uint32_t index;
  cpu_set_t processor;  // empty: any
};

}  // namespace

std::unique_ptr<Pool> Pool::start(std::uint32_t threads, bool pin,
                                  std::shared_ptr<Completions> completions, std::string& failure) {
  std::unique_ptr<Pool> pool(new Pool(threads, std::move(completions)));
  for (std::uint32_t index = 0; index < threads; ++index) {
    if (pool->start_thread(index, pin, failure)) continue;
    pool->stop(std::chrono::hours(1));
    return nullptr;
  }
  return pool;
}

Pool::~Pool() = default;

bool Pool::start_thread(std::uint32_t index, bool pin, std::string& failure) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  auto start = std::make_unique<Start>(Start{shared_, index, {}});
  if (pin) start->processor = one_processor(index);
  sigset_t before;
  block_signals(&before);
  shared_->alive.fetch_add(1, std::memory_order_relaxed);
  const int error =
      pthread_create(&shared_->threads[index].handle, &attributes, &Pool::thread_main, start.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    shared_->alive.fetch_sub(1, std::memory_order_relaxed);
    failure = std::strerror(error);
    return false;
  }
  (void)start.release();  // the thread's
  ++started_;
  return true;
}

void* Pool::thread_main(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  const auto shared = std::static_pointer_cast<Shared>(std::move(start->shared));
  Thread& thread = shared->threads[start->index];
  // By itself, since the attribute for it is glibc's alone. Where the kernel refuses, it runs anywhere.
  if (CPU_COUNT(&start->processor) > 0) {
    sched_setaffinity(0, sizeof start->processor, &start->processor);
  }
  pthread_setname_np(pthread_self(), "greenfiber-pool");
  const SignalStack signal_stack;
  {
    moodycamel::ConsumerToken consumer(shared->work.batches());
    moodycamel::ProducerToken producer(shared->completions->batches());
    while (Batch* batch = shared->work.take(consumer)) {
      run(*batch, thread);
      shared->completions->add(producer, batch);
    }
  }
  shared->alive.fetch_sub(1, std::memory_order_release);
  return nullptr;
}

void Pool::run(Batch& batch, Thread& thread) {
  greenfiber_message message;
  message.text[0] = '\0';
  for (std::uint32_t index = 0; index < batch.count; ++index) {
    if (!batch.claim(index, kStarted)) continue;
    const Target& target = *batch.targets[index];
    thread.running.store(&target, std::memory_order_relaxed);
    note_running(&target);
    const std::int32_t status = target.function(&batch.call(index), &message);
    if (status != 0) [[unlikely]] {
      // Our own statuses are not the function's to answer.
      batch.fail(index, std::max(status, kBufferResizable + 1));
      message.text[sizeof message.text - 1] = '\0';
      batch.messages.emplace_back(index, message.text);
      message.text[0] = '\0';
    }
    batch.state(index).store(kDone, std::memory_order_release);
  }
  thread.running.store(nullptr, std::memory_order_relaxed);
  note_running(nullptr);
}

bool Pool::stop(std::chrono::milliseconds patience) {
  shared_->work.stop();
  const auto end = std::chrono::steady_clock::now() + patience;
  while (shared_->alive.load(std::memory_order_acquire) > 0) {
    if (std::chrono::steady_clock::now() >= end) return false;
    const timespec pause{0, 200'000};
    nanosleep(&pause, nullptr);
  }
  for (std::uint32_t index = 0; index < started_; ++index) {
    pthread_join(shared_->threads[index].handle, nullptr);
  }
  started_ = 0;
  return true;
}

void Pool::abandon() {
  for (std::uint32_t index = 0; index < started_; ++index) {
    pthread_detach(shared_->threads[index].handle);
  }
  started_ = 0;
}

std::vector<const Target*> Pool::running() const {
  std::vector<const Target*> running;
  for (const Thread& thread : shared_->threads) {
    const Target* target = thread.running.load(std::memory_order_relaxed);
    if (target != nullptr) running.push_back(target);
  }
  return running;
}

}  // namespace greenfiber::offload
