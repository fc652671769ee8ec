// The programs of bench/js/programs over coroutines without V8, statement for statement:
//
//   programs NAME SIZE WARM_UP_SIZE
//
// runs one after a run at the other size and prints { nanoseconds, result } as JSON.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coroutine.h"

namespace {

using greenfiber::bench::Coroutine;
using greenfiber::bench::Word;
using greenfiber::stack::Pool;

constexpr std::size_t kStackSize = 16 * 1024;

Pool make_pool(std::size_t stack_size = kStackSize) {
  greenfiber::stack::Options options;
  options.default_stack_size = stack_size;
  return Pool(options);
}

// ---- suspend-resume, two-resumes ----

Word suspend_often(Coroutine& self, Word size) {
  for (Word i = 0; i < size; ++i) self.yield();
  return 0;
}

std::string suspend_resume(Word size) {
  Pool pool = make_pool();
  Coroutine coroutine(pool, suspend_often);
  Word suspensions = 0;
  for (coroutine.resume(size); !coroutine.done(); coroutine.resume()) ++suspensions;
  return std::to_string(suspensions);
}

std::string two_resumes(Word size) {
  Pool pool = make_pool();
  Coroutine coroutine(pool, suspend_often);
  Word suspensions = 0;
  for (;;) {
    coroutine.resume(size);
    if (coroutine.done()) break;
    ++suspensions;
    coroutine.resume(size);
    if (coroutine.done()) break;
    ++suspensions;
  }
  return std::to_string(suspensions);
}

// ---- state ----

constexpr Word kGet = ~Word{0};

Word count_to(Coroutine& self, Word limit) {
  while (self.yield(kGet) < limit) self.yield(self.yield(kGet) + 1);
  return self.yield(kGet);
}

std::string state(Word limit) {
  Pool pool = make_pool();
  Coroutine coroutine(pool, count_to);
  Word value = 0;
  Word request = coroutine.resume(limit);
  while (!coroutine.done()) {
    if (request == kGet) {
      request = coroutine.resume(value);
    } else {
      value = request;
      request = coroutine.resume();
    }
  }
  return std::to_string(request);
}

// ---- sieve ----

Word filter(Coroutine& self, Word prime) {
  Word candidate = self.yield();
  while (candidate != 0) candidate = self.yield(candidate % prime == 0);
  return 0;
}

std::string sieve(Word size) {
  Pool pool = make_pool();
  std::vector<Word> primes;
  std::deque<Coroutine> filters;
  for (Word candidate = 2; primes.size() < size; ++candidate) {
    bool divisible = false;
    for (Coroutine& each : filters) {
      divisible = each.resume(candidate) != 0;
      if (divisible) break;
    }
    if (divisible) continue;
    primes.push_back(candidate);
    filters.emplace_back(pool, filter).resume(candidate);
  }
  for (Coroutine& each : filters) each.resume(0);

  std::string list;
  for (const Word prime : primes) list += (list.empty() ? "[" : ",") + std::to_string(prime);
  return list + "]";
}

// ---- skynet-nested ----

struct Node {
  Pool& pool;
  Word level;
  Word number;
};

Word run_node(Coroutine& self, Word node);

Word sum_of_children(const Node& node) {
  Word sum = 0;
  for (Word i = 10 * node.number; i < 10 * node.number + 10; ++i) {
    Node child{node.pool, node.level - 1, i};
    Coroutine coroutine(node.pool, run_node);
    sum += coroutine.resume(reinterpret_cast<Word>(&child));
    if (!coroutine.done()) coroutine.resume();
  }
  return sum;
}

Word run_node(Coroutine& self, Word argument) {
  const Node& node = *reinterpret_cast<const Node*>(argument);
  if (node.level > 0) return sum_of_children(node);
  self.yield(node.number);
  return 0;
}

std::string skynet_nested(Word levels) {
  Pool pool = make_pool();
  return std::to_string(sum_of_children({pool, levels, 0}));
}

// ---- c10m ----

[[gnu::noinline]] void touch_stack(Word kilobytes) {
  auto* const bytes = static_cast<volatile char*>(__builtin_alloca(kilobytes * 1024));
  for (Word at = 0; at < kilobytes * 1024; at += 4096) bytes[at] = 1;
}

Word worker(Coroutine& self, Word argument) {
  touch_stack(self.yield(argument));
  return 1;
}

std::string c10m(Word size) {
  constexpr std::size_t kWorkers = 10'000;
  Pool pool = make_pool(64 * 1024);
  std::vector<std::optional<Coroutine>> workers(kWorkers);
  for (auto& each : workers) each.emplace(pool, worker);
  Word sum = 0;
  const auto finish = [](Coroutine& coroutine) {
    coroutine.resume(32);
    return coroutine.resume(32);
  };
  for (Word i = 0; i < size; ++i) {
    auto& slot = workers[i % kWorkers];
    sum += finish(*slot);
    slot.emplace(pool, worker);
  }
  for (auto& each : workers) sum += finish(*each);
  return std::to_string(sum);
}

// ---- create-finish ----

Word answer(Coroutine&, Word value) { return value; }

std::string create_finish(Word size) {
  Pool pool = make_pool();
  Word sum = 0;
  for (Word i = 0; i < size; ++i) sum += Coroutine(pool, answer).resume(i);
  return std::to_string(sum);
}

constexpr struct {
  const char* name;
  std::string (*run)(Word size);
} kPrograms[] = {
    {"suspend-resume", suspend_resume},
    {"two-resumes", two_resumes},
    {"state", state},
    {"sieve", sieve},
    {"skynet-nested", skynet_nested},
    {"c10m", c10m},
    {"create-finish", create_finish},
};

}  // namespace

int main(int argc, char** argv) {
  for (const auto& [name, run] : kPrograms) {
    if (argc != 4 || std::strcmp(argv[1], name) != 0) continue;
    run(std::strtoull(argv[3], nullptr, 10));
    const auto start = std::chrono::steady_clock::now();
    const std::string result = run(std::strtoull(argv[2], nullptr, 10));
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;
    std::printf("{\"nanoseconds\":%lld,\"result\":%s}\n", static_cast<long long>(took.count()),
                result.c_str());
    return 0;
  }
  std::fputs("usage: programs NAME SIZE WARM_UP_SIZE\n", stderr);
  return 2;
}
