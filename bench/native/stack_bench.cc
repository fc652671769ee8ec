// What memory for stacks costs. Each benchmark names what one iteration does.

#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <cstddef>
#include <vector>

#include "../../src-native/stack/pool.h"

namespace greenfiber::stack {
namespace {

constexpr std::size_t kKiB = 1024;

Slot take(Pool& pool, std::size_t size) { return pool.acquire(size).slot; }

void touch(std::byte* address) { *static_cast<volatile std::byte*>(address) = std::byte{1}; }

void read(std::byte* address) {
  benchmark::DoNotOptimize(*static_cast<volatile std::byte*>(address));
}

Options with_guard_pages(std::size_t pages, bool markers) {
  Options options;
  options.guard_pages = pages;
  options.allow_guard_markers = markers;
  return options;
}

// One warm slot, taken and put back.
void pooled_acquire_release(benchmark::State& state) {
  Pool pool;
  pool.release(take(pool, 256 * kKiB));
  std::size_t size = 256 * kKiB;
  for (auto _ : state) {
    benchmark::DoNotOptimize(size);
    const Slot slot = take(pool, size);
    benchmark::DoNotOptimize(slot.high);
    pool.release(slot);
  }
}
BENCHMARK(pooled_acquire_release);

// Half of it: 256 slots taken, then 256 put back; per slot.
void pooled_burst(benchmark::State& state) {
  Pool pool;
  std::vector<Slot> slots(256);
  for (auto _ : state) {
    for (Slot& slot : slots) slot = take(pool, 256 * kKiB);
    benchmark::ClobberMemory();
    for (const Slot& slot : slots) pool.release(slot);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(slots.size()));
}
BENCHMARK(pooled_burst);

// A slot that was never used, with its share of cutting the slab and making the guard. Arguments:
// stride in KiB, guard pages, guard markers allowed, first touch of the top page.
void fresh_acquire(benchmark::State& state) {
  constexpr int kSlots = 8192;
  const auto size = static_cast<std::size_t>(state.range(0)) * kKiB;
  const Options options =
      with_guard_pages(static_cast<std::size_t>(state.range(1)), state.range(2) != 0);
  for (auto _ : state) {
    state.PauseTiming();
    {
      Pool pool(options);
      state.ResumeTiming();
      for (int i = 0; i < kSlots; ++i) {
        const Slot slot = take(pool, size);
        if (state.range(3) != 0) touch(slot.high - 1);
      }
      state.PauseTiming();
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kSlots);
}
BENCHMARK(fresh_acquire)
    ->ArgNames({"KiB", "guard", "marker", "touch"})
    ->Args({16, 0, 0, 0})
    ->Args({16, 1, 1, 0})
    ->Args({16, 1, 0, 0})
    ->Args({256, 0, 0, 0})
    ->Args({256, 1, 1, 0})
    ->Args({256, 1, 0, 0})
    ->Args({16, 1, 1, 1})
    ->Args({256, 1, 1, 1})
    ->Unit(benchmark::kMillisecond);

// What one mmap, guard and munmap per stack would cost instead.
void mmap_per_stack(benchmark::State& state) {
  constexpr std::size_t kSize = 256 * kKiB;
  for (auto _ : state) {
    void* const mapped = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    auto* const low = static_cast<std::byte*>(mapped);
    mprotect(low, kPageSize, PROT_NONE);
    touch(low + kSize - 1);
    munmap(mapped, kSize);
  }
}
BENCHMARK(mmap_per_stack);

// 4,096 slots taken, top page touched, all released into a pool of `pool_size`; per slot.
void burst_beyond_pool_size(benchmark::State& state) {
  constexpr std::size_t kSlots = 4096;
  Options options;
  options.pool_size = static_cast<std::size_t>(state.range(0));
  Pool pool(options);
  std::vector<Slot> slots(kSlots);
  for (auto _ : state) {
    for (Slot& slot : slots) {
      slot = take(pool, 256 * kKiB);
      touch(slot.high - 1);
    }
    for (const Slot& slot : slots) pool.release(slot);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kSlots));
}
BENCHMARK(burst_beyond_pool_size)->Arg(0)->Arg(256)->Arg(8192);

// The release alone, of a slot with `pages` touched pages, everything beyond the pool; per slot.
void release_and_give_back(benchmark::State& state) {
  constexpr std::size_t kSlots = 4096;
  const auto pages = static_cast<std::size_t>(state.range(0));
  Pool pool;
  std::vector<Slot> slots(kSlots);
  for (auto _ : state) {
    state.PauseTiming();
    for (Slot& slot : slots) {
      slot = take(pool, 256 * kKiB);
      for (std::size_t page = 0; page < pages; ++page) touch(slot.high - 1 - page * kPageSize);
    }
    state.ResumeTiming();
    for (const Slot& slot : slots) pool.release(slot);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kSlots));
}
BENCHMARK(release_and_give_back)->ArgName("pages")->Arg(0)->Arg(1)->Arg(8);

// trim() of a live slot that has `pages` touched pages below its live part.
void trim_live(benchmark::State& state) {
  const auto pages = static_cast<std::size_t>(state.range(0));
  Pool pool;
  const Slot slot = take(pool, 256 * kKiB);
  std::byte* const live_low = slot.high - kPageSize;
  touch(live_low);
  for (auto _ : state) {
    for (std::size_t page = 1; page <= pages; ++page) touch(live_low - page * kPageSize);
    pool.trim(slot, live_low);
  }
}
BENCHMARK(trim_live)->ArgName("pages_retouched")->Arg(0)->Arg(1)->Arg(8)->Arg(32);

// The timer's call when there is nothing to do.
void trim_idle_with_nothing_to_do(benchmark::State& state) {
  Pool pool;
  for (auto _ : state) benchmark::DoNotOptimize(pool.trim_idle());
}
BENCHMARK(trim_idle_with_nothing_to_do);

// What getting at stacks that no cache holds costs: `lines` cache lines of each of 500,000, one stack after the other, as
// when all of them are continued once. The fence keeps the processor from beginning with the next stack before, which a
// switch keeps it from as well, unless it predicts where the switch goes.
void read_cold_stacks(benchmark::State& state) {
  constexpr std::size_t kStacks = 500'000;
  constexpr std::size_t kLine = 64;
  static Pool pool;
  static const std::vector<Slot> slots = [] {
    std::vector<Slot> all(kStacks);
    for (Slot& slot : all) {
      slot = take(pool, 128 * kKiB);
      touch(slot.high - 1);
    }
    return all;
  }();
  const auto lines = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    for (const Slot& slot : slots) {
      for (std::size_t line = 0; line < lines; ++line) read(slot.high - 1 - line * kLine);
      __builtin_ia32_lfence();
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kStacks));
}
BENCHMARK(read_cold_stacks)->ArgName("lines")->Arg(1)->Arg(8)->Arg(25);

// An environment that makes one fiber: reserve, cut, guard, unmap.
void pool_lifetime(benchmark::State& state) {
  for (auto _ : state) {
    Pool pool;
    touch(take(pool, 256 * kKiB).high - 1);
  }
}
BENCHMARK(pool_lifetime);

}  // namespace
}  // namespace greenfiber::stack

BENCHMARK_MAIN();
