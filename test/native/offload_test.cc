// Unit tests of src-native/offload without V8: queue, batches, completions, pool, libraries.
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <set>
#include <thread>

#include "check.h"
#include "offload/library.h"
#include "offload/pool.h"

using namespace greenfiber::offload;
using std::chrono::milliseconds;

namespace {

std::int32_t add_one(greenfiber_call* call, greenfiber_message* /*message*/) {
  ++*static_cast<std::int32_t*>(call->data);
  return 0;
}

std::int32_t fail(greenfiber_call* call, greenfiber_message* message) {
  return greenfiber_fail(message, static_cast<std::int32_t>(call->integers[0]), "asked to");
}

std::int32_t until_told(greenfiber_call* call, greenfiber_message* /*message*/) {
  while (!static_cast<std::atomic<bool>*>(call->data)->load()) usleep(500);
  return 0;
}

const Target kAddOne{add_one, "add_one", "b", "test"};
const Target kFail{fail, "fail", "i", "test"};
const Target kUntilTold{until_told, "until_told", "b", "test"};

std::unique_ptr<Batch> make_batch(std::int32_t id, std::uint32_t count, const Target& target,
                                  std::int32_t* numbers = nullptr) {
  const std::uint32_t capacity = (count + 15) / 16 * 16;
  const std::size_t bytes = (Batch::bytes(capacity) + 63) / 64 * 64;
  std::shared_ptr<void> memory(std::aligned_alloc(64, bytes), std::free);
  std::memset(memory.get(), 0, bytes);
  auto batch = std::make_unique<Batch>(id, memory, static_cast<std::byte*>(memory.get()), capacity);
  batch->count = count;
  for (std::uint32_t i = 0; i < count; ++i) {
    batch->targets[i] = &target;
    batch->call(i).data = numbers != nullptr ? numbers + i : nullptr;
    batch->call(i).length = sizeof *numbers;
  }
  return batch;
}

// An event loop: counts how often it is woken.
struct Loop {
  std::atomic<int> wakes = 0;
  std::shared_ptr<Completions> completions =
      std::make_shared<Completions>([](void* self) { ++static_cast<Loop*>(self)->wakes; }, this);

  ~Loop() { completions->close(); }  // a thread may still be about to wake it

  // The next batch that was run.
  Batch* next() {
    for (;;) {
      completions->begin();
      if (Batch* batch = completions->take()) return batch;
      usleep(50);
    }
  }
};

std::unique_ptr<Pool> start(Loop& loop, std::uint32_t threads, bool pin = false) {
  std::string failure;
  auto pool = Pool::start(threads, pin, loop.completions, failure);
  CHECK(pool != nullptr);
  return pool;
}

}  // namespace

TEST(every_call_of_many_batches_is_run_once) {
  Loop loop;
  auto pool = start(loop, 4);
  constexpr int kBatches = 200;
  constexpr int kCalls = 100;
  std::vector<std::int32_t> numbers(kBatches * kCalls);
  std::vector<std::unique_ptr<Batch>> batches;
  for (int i = 0; i < kBatches; ++i) {
    batches.push_back(make_batch(i, kCalls, kAddOne, numbers.data() + i * kCalls));
    CHECK(pool->submit(batches.back().get()));
  }
  std::set<std::int32_t> seen;
  for (int i = 0; i < kBatches; ++i) seen.insert(loop.next()->id);
  CHECK(seen.size() == kBatches);
  for (const std::int32_t number : numbers) CHECK(number == 1);
  CHECK(pool->stop(milliseconds(60'000)));
}

TEST(a_batch_is_used_again_and_again) {
  Loop loop;
  auto pool = start(loop, 2);
  std::vector<std::int32_t> numbers(10);
  auto batch = make_batch(7, 10, kAddOne, numbers.data());
  for (int round = 0; round < 500; ++round) {
    for (std::uint32_t i = 0; i < 10; ++i) batch->state(i).store(kWaiting);
    CHECK(pool->submit(batch.get()));
    CHECK(loop.next() == batch.get());
  }
  for (const std::int32_t number : numbers) CHECK(number == 500);
  CHECK(pool->stop(milliseconds(60'000)));
}

TEST(a_thread_that_sleeps_is_woken) {
  Loop loop;
  auto pool = start(loop, 1);
  std::int32_t number = 0;
  auto batch = make_batch(0, 1, kAddOne, &number);
  for (int round = 0; round < 20; ++round) {
    usleep(3000);  // longer than it spins
    batch->state(0).store(kWaiting);
    CHECK(pool->submit(batch.get()));
    CHECK(loop.next() == batch.get());
  }
  CHECK(number == 20);
  CHECK(pool->stop(milliseconds(60'000)));
}

TEST(a_call_is_either_run_or_taken_back_never_both) {
  Loop loop;
  auto pool = start(loop, 2);
  constexpr std::uint32_t kCalls = 64;
  for (int round = 0; round < 300; ++round) {
    std::vector<std::int32_t> numbers(kCalls);
    auto batch = make_batch(0, kCalls, kAddOne, numbers.data());
    CHECK(pool->submit(batch.get()));
    std::set<std::uint32_t> taken_back;
    for (std::uint32_t i = kCalls; i-- > 0;) {
      if (batch->claim(i, kCancelled)) taken_back.insert(i);
    }
    CHECK(loop.next() == batch.get());
    for (std::uint32_t i = 0; i < kCalls; ++i) {
      CHECK(numbers[i] == (taken_back.count(i) != 0 ? 0 : 1));
    }
  }
  CHECK(pool->stop(milliseconds(60'000)));
}

TEST(failures_are_counted_and_told_with_their_messages) {
  Loop loop;
  auto pool = start(loop, 1);
  auto batch = make_batch(0, 5, kFail);
  for (std::uint32_t i = 0; i < 5; ++i) batch->call(i).integers[0] = i % 2;
  batch->call(4).integers[0] = INT32_MIN;  // ours, so the pool makes something else of it
  CHECK(pool->submit(batch.get()));
  loop.next();
  CHECK(batch->failures() == 3);
  CHECK(batch->status(0) == 0 && batch->status(1) == 1 && batch->status(3) == 1);
  CHECK(batch->status(4) > kBufferResizable);
  CHECK(batch->messages.size() == 3);
  CHECK(batch->messages[0].first == 1 && batch->messages[0].second == "asked to");
  CHECK(batch->state(0).load() == kDone);
  CHECK(pool->stop(milliseconds(60'000)));
}

TEST(one_wake_up_serves_all_that_have_been_run) {
  Loop loop;
  auto pool = start(loop, 2);
  std::int32_t numbers[50] = {};
  std::vector<std::unique_ptr<Batch>> batches;
  for (int i = 0; i < 50; ++i) {
    batches.push_back(make_batch(i, 1, kAddOne, numbers + i));
    CHECK(pool->submit(batches.back().get()));
  }
  CHECK(pool->stop(milliseconds(60'000)));
  CHECK(loop.wakes == 1);
  loop.completions->begin();
  int count = 0;
  while (loop.completions->take() != nullptr) ++count;
  CHECK(count == 50);
}

TEST(nobody_is_woken_while_the_loop_holds) {
  Loop loop;
  auto pool = start(loop, 1);
  std::int32_t number = 0;
  auto batch = make_batch(0, 1, kAddOne, &number);
  loop.completions->hold();
  CHECK(pool->submit(batch.get()));
  while (loop.completions->is_empty()) usleep(50);
  CHECK(loop.completions->take() == batch.get());
  CHECK(pool->stop(milliseconds(60'000)));
  CHECK(loop.wakes == 0);
}

TEST(a_closed_loop_is_not_woken_and_nothing_is_lost) {
  Loop loop;
  auto pool = start(loop, 1);
  loop.completions->close();
  std::int32_t number = 0;
  auto batch = make_batch(0, 1, kAddOne, &number);
  CHECK(pool->submit(batch.get()));
  CHECK(pool->stop(milliseconds(60'000)));
  CHECK(loop.wakes == 0);
  CHECK(loop.completions->take() == batch.get());
}

TEST(a_pool_that_stops_runs_what_was_submitted) {
  Loop loop;
  auto pool = start(loop, 3);
  std::vector<std::int32_t> numbers(300);
  std::vector<std::unique_ptr<Batch>> batches;
  for (int i = 0; i < 300; ++i) {
    batches.push_back(make_batch(i, 1, kAddOne, numbers.data() + i));
    CHECK(pool->submit(batches.back().get()));
  }
  CHECK(pool->stop(milliseconds(60'000)));
  for (const std::int32_t number : numbers) CHECK(number == 1);
}

TEST(stopping_gives_up_on_a_function_that_hangs_and_names_it) {
  Loop loop;
  std::atomic<bool> told = false;
  auto batch = make_batch(0, 2, kUntilTold);
  batch->call(0).data = batch->call(1).data = &told;
  {
    auto pool = start(loop, 2);
    CHECK(pool->submit(batch.get()));
    while (pool->running().empty()) usleep(100);
    batch->cancel_waiting();
    CHECK(!pool->stop(milliseconds(5)));
    CHECK(pool->running().size() == 1 && pool->running()[0] == &kUntilTold);
    pool->abandon();
  }
  // The thread outlives the pool, and its batch comes back after all.
  told = true;
  CHECK(loop.next() == batch.get());
  CHECK(batch->state(1).load() == kCancelled);
  usleep(20'000);  // it ends by itself
}

TEST(pinned_threads_stay_on_one_processor) {
  Loop loop;
  auto pool = start(loop, 2, true);
  const Target where{[](greenfiber_call* call, greenfiber_message*) -> std::int32_t {
                       cpu_set_t set;
                       sched_getaffinity(0, sizeof set, &set);
                       call->result.integer = CPU_COUNT(&set);
                       return 0;
                     },
                     "where", "", "test"};
  auto batch = make_batch(0, 4, where);
  CHECK(pool->submit(batch.get()));
  loop.next();
  for (std::uint32_t i = 0; i < 4; ++i) CHECK(batch->call(i).result.integer == 1);
  CHECK(pool->stop(milliseconds(60'000)));
}

TEST(several_pools_share_one_way_back) {
  Loop loop;
  std::vector<std::unique_ptr<Pool>> pools;
  std::vector<std::unique_ptr<Batch>> batches;
  std::int32_t numbers[3] = {};
  for (int i = 0; i < 3; ++i) {
    pools.push_back(start(loop, 1));
    batches.push_back(make_batch(i, 1, kAddOne, numbers + i));
    CHECK(pools.back()->submit(batches.back().get()));
  }
  std::set<std::int32_t> seen;
  for (int i = 0; i < 3; ++i) seen.insert(loop.next()->id);
  CHECK(seen.size() == 3);
  for (const auto& pool : pools) CHECK(pool->stop(milliseconds(60'000)));
}

TEST(a_table_that_is_none_is_refused) {
  const auto code = [](const greenfiber_library& table) {
    const Library library = read_table(table, "test");
    return std::string(library.code == nullptr ? "" : library.code);
  };
  CHECK(code({GREENFIBER_ABI_VERSION + 1, 0, nullptr}) == "ERR_OFFLOAD_ABI");
  CHECK(code({0, 0, nullptr}) == "ERR_OFFLOAD_ABI");
  CHECK(code({GREENFIBER_ABI_VERSION, 0, nullptr}).empty());
  for (const char* signature : {"", "b", "iii", "dd", "bid:d", "i:i", ":d"}) {
    const greenfiber_export entry = {"f", signature, add_one};
    CHECK(code({GREENFIBER_ABI_VERSION, 1, &entry}).empty());
  }
  for (const char* signature : {"bb", "iiii", "ddd", "x", "i:", "i:b", "i:ii", "::i", "I"}) {
    const greenfiber_export entry = {"f", signature, add_one};
    CHECK(code({GREENFIBER_ABI_VERSION, 1, &entry}) == "ERR_OFFLOAD_LIBRARY");
  }
  const greenfiber_export incomplete = {"f", "b", nullptr};
  CHECK(code({GREENFIBER_ABI_VERSION, 1, &incomplete}) == "ERR_OFFLOAD_LIBRARY");
}

TEST(a_library_that_cannot_be_loaded_says_why) {
  const Library library = load_library("/no/such/library.so");
  CHECK(library.code == std::string("ERR_OFFLOAD_LIBRARY"));
  CHECK(library.reason.find("/no/such/library.so") != std::string::npos);
}

TEST_MAIN()
